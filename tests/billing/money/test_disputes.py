"""Money that goes back another way than by our refunds: the rest is kept, or sent back once."""

import pytest
from sqlalchemy import select

from billing.context import Shop
from billing.errors import ConflictError
from billing.service.cancel import cancel, refund_cancelled
from billing.service.join_tokens import Asker
from billing.service.refunds import request_refund, run_refunds
from billing.service.reports import OrderFilter, orders, refunded
from billing.store.tables import Payment
from tests.billing.money.gateway import HookingGateway
from tests.billing.money.test_flow import buy, deliver, enrolled, kept, refunds

RAO = Asker("u-rao", "teacher")


async def lose(shop: Shop, gateway: HookingGateway, payment_id: str, amount: int) -> None:
    gateway.dispute(payment_id, "lost", amount)
    await deliver(shop, gateway)


async def bought(shop: Shop, gateway: HookingGateway) -> str:
    """The id of asha's payment of 50 000 paise."""
    payment = gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    return payment.id


async def state(shop: Shop, payment_id: str) -> str:
    async with shop.db.reading() as session:
        return await session.scalar(select(Payment.state).where(Payment.id == payment_id)) or ""


async def test_a_part_that_is_lost_keeps_the_student_in(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment_id = await bought(shop, gateway)
    await lose(shop, gateway, payment_id, 20_000)
    assert await enrolled(shop)
    assert (await kept(shop), await state(shop, payment_id)) == (30_000, "captured")


async def test_a_refund_after_it_sends_the_rest_and_ends_the_enrolment(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment_id = await bought(shop, gateway)
    await lose(shop, gateway, payment_id, 20_000)
    with pytest.raises(ConflictError, match="more than is left"):
        await request_refund(shop, payment_id, 30_001, "requested", "", None)
    await request_refund(shop, payment_id, None, "requested", "", None)
    assert not await enrolled(shop)
    await run_refunds(shop)
    assert await refunds(shop) == [("requested", "processed", 30_000)]
    assert (await kept(shop), await state(shop, payment_id)) == (0, "refunded")


async def test_a_cancelled_class_sends_the_rest_once(shop: Shop, gateway: HookingGateway) -> None:
    payment_id = await bought(shop, gateway)
    await lose(shop, gateway, payment_id, 20_000)
    await cancel(shop, RAO, "maths")
    for _ in range(2):
        await refund_cancelled(shop)
        await run_refunds(shop)
    assert await refunds(shop) == [("class_cancelled", "processed", 30_000)]
    assert await kept(shop) == 0


async def test_a_refund_that_is_due_shrinks_to_what_is_left(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment_id = await bought(shop, gateway)
    await request_refund(shop, payment_id, None, "requested", "", None)
    await lose(shop, gateway, payment_id, 20_000)
    await run_refunds(shop)
    assert await refunds(shop) == [("requested", "processed", 30_000)]
    assert await kept(shop) == 0


async def test_losing_all_that_a_refund_left_ends_the_enrolment(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment_id = await bought(shop, gateway)
    await request_refund(shop, payment_id, 10_000, "requested", "", None)
    await run_refunds(shop)
    await lose(shop, gateway, payment_id, 40_000)
    assert not await enrolled(shop)
    assert (await kept(shop), await state(shop, payment_id)) == (0, "refunded")


async def test_a_refund_that_was_made_in_the_dashboard_too_is_due_no_more(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment_id = await bought(shop, gateway)
    await request_refund(shop, payment_id, None, "requested", "", None)
    gateway.refund_by_hand(payment_id)
    await deliver(shop, gateway)
    await run_refunds(shop)
    found = sorted(await refunds(shop))
    assert found == [("gateway", "processed", 50_000), ("requested", "elsewhere", 50_000)]
    report = (await orders(shop, OrderFilter(), 1, ""))[0]
    assert refunded(report, report.payments[0]) == 50_000
    assert (await kept(shop), await state(shop, payment_id)) == (0, "refunded")


async def test_a_part_sent_back_in_the_dashboard_leaves_the_rest_to_us(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment_id = await bought(shop, gateway)
    await request_refund(shop, payment_id, None, "requested", "", None)
    gateway.refund_by_hand(payment_id, 10_000)
    await deliver(shop, gateway)
    await run_refunds(shop)
    assert sorted(await refunds(shop)) == [
        ("gateway", "processed", 10_000),
        ("requested", "processed", 40_000),
    ]
    assert (await kept(shop), await state(shop, payment_id)) == (0, "refunded")


@pytest.mark.parametrize(("end", "back"), [("won", 50_000), ("lost", 0)])
async def test_money_in_dispute_goes_back_once_whatever_the_bank_decides(
    shop: Shop, gateway: HookingGateway, end: str, back: int
) -> None:
    payment_id = await bought(shop, gateway)
    gateway.dispute(payment_id, "created")
    await deliver(shop, gateway)
    with pytest.raises(ConflictError, match="dispute"):
        await request_refund(shop, payment_id, None, "requested", "", None)
    await cancel(shop, RAO, "maths")
    await refund_cancelled(shop)
    assert await refunds(shop) == []
    gateway.dispute(payment_id, end)
    await deliver(shop, gateway)
    await refund_cancelled(shop)
    await run_refunds(shop)
    assert sum(amount for _, _, amount in await refunds(shop)) == back
    assert (await kept(shop), await state(shop, payment_id)) == (0, "refunded")
