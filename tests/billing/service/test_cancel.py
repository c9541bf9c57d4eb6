"""A cancelled class: everybody leaves, all who paid get their money back, whatever fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from billing.context import Context
from billing.errors import ConflictError, NotAllowedError
from billing.service import cancel, checkout
from billing.service.catalogue import of_person
from billing.service.live_classes import LiveWatch
from billing.service.refunds import request_refund, run_refunds
from billing.service.rights import Asker
from billing.service.verify import Proof, verify
from billing.store.tables import Notice, Payment, Refund
from common.roles import Role
from tests.billing.school import (
    Rooms,
    end,
    enrolled,
    enrolments_of,
    fill,
    identity,
    set_class,
    state_of,
)
from tests.billing.support import MemoryGateway, make_context

ASHA = Asker("u-asha", "teacher")
PRICE = 149_900


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        await fill(context)
        yield context


async def buy(context: Context, name: str) -> str:
    """Somebody pays for `maths`; the payment's id."""
    assert isinstance(context.gateway, MemoryGateway)
    made = await checkout.order(context, f"u-{name}", "maths", None)
    assert made.order.gateway_order_id is not None
    payment = context.gateway.pay(made.order.gateway_order_id)
    signature = context.gateway.sign(made.order.gateway_order_id, payment.id)
    await verify(context, f"u-{name}", Proof(made.order.gateway_order_id, payment.id, signature))
    return payment.id


async def refunds(context: Context) -> list[tuple[str, int, str]]:
    query = select(Refund.payment_id, Refund.amount, Refund.reason).order_by(Refund.payment_id)
    async with context.db.reading() as session:
        return [
            (payment, amount, reason) for payment, amount, reason in await session.execute(query)
        ]


async def test_all_who_paid_are_refunded_once_and_all_leave(context: Context) -> None:
    paid = [await buy(context, "ravi"), await buy(context, "bala")]
    await enrolled(context, "tara", kind="free")
    rooms = Rooms()
    rooms.people["maths"] = [identity(name) for name in ("ravi", "bala")]
    rooms.people["maths"].append(identity("asha", Role.TEACHER))
    watch = LiveWatch(rooms)
    await watch.turn(context)
    await cancel.cancel(context, ASHA, "maths")
    assert await refunds(context) == []  # whoever cancels does not wait for them
    await cancel.refund_cancelled(context)
    assert await state_of(context) == ("cancelled", None)
    assert await refunds(context) == [(one, PRICE, "class_cancelled") for one in paid]
    assert [row.ended_reason for row in await enrolments_of(context, "tara")] == ["cancelled"]
    await watch.turn(context)
    out = [("u-asha", "cancelled"), ("u-bala", "refunded"), ("u-ravi", "refunded")]
    assert sorted(rooms.out) == out
    assert await run_refunds(context) == 2
    async with context.db.reading() as session:
        states = list(await session.scalars(select(Payment.state)))
        told = await session.scalar(select(func.count()).where(Notice.user_id == "u-tara"))
    assert (states, told) == (["refunded", "refunded"], 1)


async def test_refunds_that_a_crash_left_out_are_asked_for_by_the_job(context: Context) -> None:
    payment = await buy(context, "ravi")
    await set_class(context, state="cancelled")
    await cancel.refund_cancelled(context)
    assert await refunds(context) == [(payment, PRICE, "class_cancelled")]
    assert [row.ended_reason for row in await enrolments_of(context, "ravi")] == ["refunded"]


async def test_rest_of_a_payment_goes_back(context: Context) -> None:
    payment = await buy(context, "ravi")
    await request_refund(context, payment, 50_000, "requested", "", None)
    await cancel.cancel(context, ASHA, "maths")
    await cancel.refund_cancelled(context)
    assert sum(amount for _, amount, _ in await refunds(context)) == PRICE


async def test_classes_that_go_on_are_left_alone(context: Context) -> None:
    await buy(context, "ravi")
    await cancel.refund_cancelled(context)
    assert await refunds(context) == []


async def test_only_its_teacher_cancels_and_only_once(context: Context) -> None:
    with pytest.raises(NotAllowedError):
        await cancel.cancel(context, Asker("u-tara", "teacher"), "maths")
    await cancel.cancel(context, ASHA, "maths")
    with pytest.raises(ConflictError):
        await cancel.cancel(context, ASHA, "maths")


async def test_class_that_was_paid_back_is_ones_own_no_more_but_a_cancelled_one_is(
    context: Context,
) -> None:
    ravi = Asker("u-ravi", "student")
    await enrolled(context, "ravi")
    await end(context, "ravi", "refunded")
    assert await of_person(context, ravi) == []
    await set_class(context, state="cancelled")
    assert [one.class_.id for one in await of_person(context, ravi)] == ["maths"]
