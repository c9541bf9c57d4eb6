"""Money that goes back another way than by our refunds: the rest is kept, or sent back once."""

import pytest
from sqlalchemy import select

from billing.context import Context
from billing.errors import ConflictError
from billing.service.cancel import cancel, refund_cancelled
from billing.service.refunds import request_refund, run_refunds
from billing.service.reports import OrderFilter, orders, refunded
from billing.service.rights import Asker
from billing.store.tables import Payment
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.service.test_payment_facts import buy, deliver, enrolled, kept, refunds

RAO = Asker("u-rao", "teacher")


async def lose(context: Context, gateway: HookingGateway, payment_id: str, amount: int) -> None:
    gateway.dispute(payment_id, "lost", amount)
    await deliver(context, gateway)


async def bought(context: Context, gateway: HookingGateway) -> str:
    """The id of asha's payment of 50 000 paise."""
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    return payment.id


async def state(context: Context, payment_id: str) -> str:
    async with context.db.reading() as session:
        return await session.scalar(select(Payment.state).where(Payment.id == payment_id)) or ""


async def test_a_part_that_is_lost_keeps_the_student_in(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await lose(context, gateway, payment_id, 20_000)
    assert await enrolled(context)
    assert (await kept(context), await state(context, payment_id)) == (30_000, "captured")


async def test_a_refund_after_it_sends_the_rest_and_ends_the_enrolment(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await lose(context, gateway, payment_id, 20_000)
    with pytest.raises(ConflictError, match="left of the payment"):
        await request_refund(context, payment_id, 30_001, "requested", "", None)
    await request_refund(context, payment_id, None, "requested", "", None)
    assert not await enrolled(context)
    await run_refunds(context)
    assert await refunds(context) == [("requested", "processed", 30_000)]
    assert (await kept(context), await state(context, payment_id)) == (0, "refunded")


async def test_a_cancelled_class_sends_the_rest_once(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await lose(context, gateway, payment_id, 20_000)
    await cancel(context, RAO, "maths")
    for _ in range(2):
        await refund_cancelled(context)
        await run_refunds(context)
    assert await refunds(context) == [("class_cancelled", "processed", 30_000)]
    assert await kept(context) == 0


async def test_a_refund_that_is_due_shrinks_to_what_is_left(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await request_refund(context, payment_id, None, "requested", "", None)
    await lose(context, gateway, payment_id, 20_000)
    await run_refunds(context)
    assert await refunds(context) == [("requested", "processed", 30_000)]
    assert await kept(context) == 0


async def test_losing_all_that_a_refund_left_ends_the_enrolment(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await request_refund(context, payment_id, 10_000, "requested", "", None)
    await run_refunds(context)
    await lose(context, gateway, payment_id, 40_000)
    assert not await enrolled(context)
    assert (await kept(context), await state(context, payment_id)) == (0, "refunded")


async def test_a_refund_that_was_made_in_the_dashboard_too_is_due_no_more(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await request_refund(context, payment_id, None, "requested", "", None)
    gateway.refund_by_hand(payment_id)
    await deliver(context, gateway)
    await run_refunds(context)
    found = sorted(await refunds(context))
    assert found == [("gateway", "processed", 50_000), ("requested", "elsewhere", 50_000)]
    report = (await orders(context, OrderFilter(), 1, ""))[0]
    assert refunded(report, report.payments[0]) == 50_000
    assert (await kept(context), await state(context, payment_id)) == (0, "refunded")


async def test_a_part_sent_back_in_the_dashboard_leaves_the_rest_to_us(
    context: Context, gateway: HookingGateway
) -> None:
    payment_id = await bought(context, gateway)
    await request_refund(context, payment_id, None, "requested", "", None)
    gateway.refund_by_hand(payment_id, 10_000)
    await deliver(context, gateway)
    await run_refunds(context)
    assert sorted(await refunds(context)) == [
        ("gateway", "processed", 10_000),
        ("requested", "processed", 40_000),
    ]
    assert (await kept(context), await state(context, payment_id)) == (0, "refunded")


@pytest.mark.parametrize(("end", "back"), [("won", 50_000), ("lost", 0)])
async def test_money_in_dispute_goes_back_once_whatever_the_bank_decides(
    context: Context, gateway: HookingGateway, end: str, back: int
) -> None:
    payment_id = await bought(context, gateway)
    gateway.dispute(payment_id, "created")
    await deliver(context, gateway)
    with pytest.raises(ConflictError, match="dispute"):
        await request_refund(context, payment_id, None, "requested", "", None)
    await cancel(context, RAO, "maths")
    await refund_cancelled(context)
    assert await refunds(context) == []
    gateway.dispute(payment_id, end)
    await deliver(context, gateway)
    await refund_cancelled(context)
    await run_refunds(context)
    assert sum(amount for _, _, amount in await refunds(context)) == back
    assert (await kept(context), await state(context, payment_id)) == (0, "refunded")
