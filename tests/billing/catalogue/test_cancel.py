"""A cancelled class: everybody leaves, all who paid get their money back, whatever fails."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from billing.context import Shop
from billing.errors import ConflictError, NotAllowedError
from billing.service import cancel, checkout
from billing.service.catalogue import of_person
from billing.service.join_tokens import Asker
from billing.service.live_classes import LiveWatch
from billing.service.refunds import request_refund, run_refunds
from billing.service.verify import Proof, verify
from billing.store.tables import Notice, Payment, Refund
from signalling.classroom.permissions import Role
from tests.billing.catalogue.school import (
    Rooms,
    end,
    enrolled,
    enrolments,
    fill,
    identity,
    set_class,
    state_of,
)
from tests.billing.support import MemoryGateway, make_shop

ASHA = Asker("u-asha", "teacher")
PRICE = 149_900


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with make_shop(tmp_path) as shop:
        await fill(shop)
        yield shop


async def buy(shop: Shop, name: str) -> str:
    """Somebody pays for `maths`; the payment's id."""
    assert isinstance(shop.gateway, MemoryGateway)
    made = await checkout.order(shop, f"u-{name}", "maths", None)
    assert made.order.gateway_order_id is not None
    payment = shop.gateway.pay(made.order.gateway_order_id)
    signature = shop.gateway.sign(made.order.gateway_order_id, payment.id)
    await verify(shop, f"u-{name}", Proof(made.order.gateway_order_id, payment.id, signature))
    return payment.id


async def refunds(shop: Shop) -> list[tuple[str, int, str]]:
    query = select(Refund.payment_id, Refund.amount, Refund.reason).order_by(Refund.payment_id)
    async with shop.db.reading() as session:
        return [
            (payment, amount, reason) for payment, amount, reason in await session.execute(query)
        ]


async def test_all_who_paid_are_refunded_once_and_all_leave(shop: Shop) -> None:
    paid = [await buy(shop, "ravi"), await buy(shop, "bala")]
    await enrolled(shop, "tara", kind="free")
    rooms = Rooms()
    rooms.people["maths"] = [identity(name) for name in ("ravi", "bala")]
    rooms.people["maths"].append(identity("asha", Role.TEACHER))
    watch = LiveWatch(rooms)
    await watch.turn(shop)
    await cancel.cancel(shop, ASHA, "maths")
    assert await refunds(shop) == []  # whoever cancels does not wait for them
    await cancel.refund_cancelled(shop)
    assert await state_of(shop) == ("cancelled", None)
    assert await refunds(shop) == [(one, PRICE, "class_cancelled") for one in paid]
    assert [row.ended_reason for row in await enrolments(shop, "tara")] == ["cancelled"]
    await watch.turn(shop)
    out = [("u-asha", "cancelled"), ("u-bala", "refunded"), ("u-ravi", "refunded")]
    assert sorted(rooms.out) == out
    assert await run_refunds(shop) == 2
    async with shop.db.reading() as session:
        states = list(await session.scalars(select(Payment.state)))
        told = await session.scalar(select(func.count()).where(Notice.user_id == "u-tara"))
    assert (states, told) == (["refunded", "refunded"], 1)


async def test_refunds_that_a_crash_left_out_are_asked_for_by_the_job(shop: Shop) -> None:
    payment = await buy(shop, "ravi")
    await set_class(shop, state="cancelled")
    await cancel.refund_cancelled(shop)
    assert await refunds(shop) == [(payment, PRICE, "class_cancelled")]
    assert [row.ended_reason for row in await enrolments(shop, "ravi")] == ["refunded"]


async def test_rest_of_a_payment_goes_back(shop: Shop) -> None:
    payment = await buy(shop, "ravi")
    await request_refund(shop, payment, 50_000, "requested", "", None)
    await cancel.cancel(shop, ASHA, "maths")
    await cancel.refund_cancelled(shop)
    assert sum(amount for _, amount, _ in await refunds(shop)) == PRICE


async def test_classes_that_go_on_are_left_alone(shop: Shop) -> None:
    await buy(shop, "ravi")
    await cancel.refund_cancelled(shop)
    assert await refunds(shop) == []


async def test_only_its_teacher_cancels_and_only_once(shop: Shop) -> None:
    with pytest.raises(NotAllowedError):
        await cancel.cancel(shop, Asker("u-tara", "teacher"), "maths")
    await cancel.cancel(shop, ASHA, "maths")
    with pytest.raises(ConflictError):
        await cancel.cancel(shop, ASHA, "maths")


async def test_class_that_was_paid_back_is_ones_own_no_more_but_a_cancelled_one_is(
    shop: Shop,
) -> None:
    ravi = Asker("u-ravi", "student")
    await enrolled(shop, "ravi")
    await end(shop, "ravi", "refunded")
    assert await of_person(shop, ravi) == []
    await set_class(shop, state="cancelled")
    assert [one.course.id for one in await of_person(shop, ravi)] == ["maths"]
