"""The money core from order to refund, one fact after another, each way it can come."""

import json

import pytest
from sqlalchemy import func, select

from billing.context import Shop
from billing.errors import ConflictError
from billing.orders.ledger import balance
from billing.service import checkout, webhook
from billing.service.reconcile import reconcile
from billing.service.refunds import request_refund, run_refunds
from billing.service.verify import Proof, status, verify
from billing.store.tables import (
    Class,
    Coupon,
    Enrolment,
    GatewayEvent,
    LedgerEntry,
    Notice,
    Order,
    Payment,
    Receipt,
    Refund,
)
from tests.billing.money.gateway import HookingGateway
from tests.billing.support import MINUTE, Clock


async def buy(shop: Shop, who: str = "asha", class_id: str = "maths") -> str:
    """The gateway's id of the student's order."""
    made = await checkout.order(shop, f"u-{who}", class_id, None)
    assert made.order.gateway_order_id is not None
    return made.order.gateway_order_id


def proof(gateway: HookingGateway, order_id: str, payment_id: str) -> Proof:
    return Proof(order_id, payment_id, gateway.sign(order_id, payment_id))


async def deliver(shop: Shop, gateway: HookingGateway, *kinds: str) -> None:
    """Webhooks of these kinds, all of them when none is named."""
    for hook in list(gateway.hooks):
        if not kinds or json.loads(hook.body)["event"] in kinds:
            await webhook.receive(shop, hook.body, gateway.sign_body(hook.body), hook.id)


async def enrolled(shop: Shop, who: str = "asha", class_id: str = "maths") -> bool:
    query = select(func.count()).where(
        Enrolment.user_id == f"u-{who}",
        Enrolment.class_id == class_id,
        Enrolment.ended_at.is_(None),
    )
    async with shop.db.reading() as session:
        return bool(await session.scalar(query))


async def refunds(shop: Shop) -> list[tuple[str, str, int]]:
    async with shop.db.reading() as session:
        rows = await session.scalars(select(Refund).order_by(Refund.id))
        return [(row.reason, row.state, row.amount) for row in rows]


async def kept(shop: Shop) -> int:
    async with shop.db.reading() as session:
        rows = await session.execute(select(LedgerEntry.kind, LedgerEntry.amount))
        return balance((kind, amount) for kind, amount in rows).kept


async def count(shop: Shop, table: type) -> int:
    async with shop.db.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def change(shop: Shop, **values: object) -> None:
    async with shop.db.writing() as session:
        found = await session.get_one(Class, "maths")
        for name, value in values.items():
            setattr(found, name, value)


async def test_paid_and_verified_is_enrolled_with_a_receipt(
    shop: Shop, gateway: HookingGateway
) -> None:
    order_id = await buy(shop)
    payment = gateway.pay(order_id)
    assert await verify(shop, "u-asha", proof(gateway, order_id, payment.id)) == "maths"
    assert await enrolled(shop)
    assert await kept(shop) == 50_000
    assert await count(shop, Receipt) == 1
    assert await count(shop, Notice) == 1


async def test_webhook_without_verify_enrols(shop: Shop, gateway: HookingGateway) -> None:
    gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    assert await enrolled(shop)


async def test_the_same_told_by_all_ways_changes_nothing_twice(
    shop: Shop, gateway: HookingGateway
) -> None:
    order_id = await buy(shop)
    payment = gateway.pay(order_id)
    for _ in range(2):
        await deliver(shop, gateway)
        await verify(shop, "u-asha", proof(gateway, order_id, payment.id))
        await reconcile(shop)
    assert await kept(shop) == 50_000
    assert (await count(shop, Receipt), await count(shop, Notice)) == (1, 1)
    assert await count(shop, GatewayEvent) == len(gateway.hooks)


async def test_two_tabs_get_the_same_order(shop: Shop) -> None:
    assert await buy(shop) == await buy(shop)


async def test_a_changed_price_makes_another_order(shop: Shop) -> None:
    first = await buy(shop)
    await change(shop, price=60_000)
    assert await buy(shop) != first


async def test_order_made_at_the_gateway_but_not_kept_is_found_again(
    shop: Shop, gateway: HookingGateway
) -> None:
    order_id = await buy(shop)
    async with shop.db.writing() as session:
        order = await session.scalar(select(Order))
        assert order is not None
        order.gateway_order_id = None
    assert await buy(shop) == order_id
    assert len(gateway.orders) == 1


async def test_second_payment_of_an_order_goes_back(shop: Shop, gateway: HookingGateway) -> None:
    order_id = await buy(shop)
    first, second = gateway.pay(order_id), gateway.pay(order_id)
    await verify(shop, "u-asha", proof(gateway, order_id, first.id))
    with pytest.raises(ConflictError, match="paid for Maths already") as refused:
        await verify(shop, "u-asha", proof(gateway, order_id, second.id))
    assert refused.value.code == "duplicate"
    await run_refunds(shop)
    assert await enrolled(shop)
    assert await kept(shop) == 50_000
    assert gateway.payments[second.id].status == "refunded"


async def test_paid_after_the_last_seat_went_goes_back(shop: Shop, gateway: HookingGateway) -> None:
    slow, fast = await buy(shop), await buy(shop, "bela")
    gateway.pay(fast)
    await deliver(shop, gateway)
    payment = gateway.pay(slow)
    with pytest.raises(ConflictError, match="last seat"):
        await verify(shop, "u-asha", proof(gateway, slow, payment.id))
    assert (await status(shop, "u-asha", slow)).state == "refunded"
    await run_refunds(shop)
    assert await refunds(shop) == [("class_full", "processed", 50_000)]
    assert not await enrolled(shop)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"price": 60_000}, "price_changed"),
        ({"state": "cancelled"}, "class_gone"),
        ({"state": "ended"}, "class_gone"),
    ],
)
async def test_what_changed_before_the_payment_sends_it_back(
    shop: Shop, gateway: HookingGateway, values: dict[str, object], reason: str
) -> None:
    gateway.pay(await buy(shop))
    await change(shop, **values)
    await deliver(shop, gateway)
    assert await refunds(shop) == [(reason, "due", 50_000)]
    assert not await enrolled(shop)


@pytest.mark.parametrize(("amount", "currency"), [(100, "INR"), (50_000, "USD"), (50_001, "INR")])
async def test_wrong_amount_or_currency_is_not_enrolled(
    shop: Shop, gateway: HookingGateway, amount: int, currency: str
) -> None:
    gateway.pay(await buy(shop), amount, currency)
    await deliver(shop, gateway)
    assert await refunds(shop) == [("wrong_amount", "due", amount)]
    assert not await enrolled(shop)


async def test_expired_order_paid_late_is_honoured(shop: Shop, gateway: HookingGateway) -> None:
    order_id = await buy(shop)
    clock = shop.now
    assert isinstance(clock, Clock)
    clock.advance(31 * MINUTE)
    assert (await reconcile(shop)).expired == 1
    gateway.pay(order_id)
    await deliver(shop, gateway)
    assert await enrolled(shop)


async def test_authorized_payment_is_captured(shop: Shop, gateway: HookingGateway) -> None:
    payment = gateway.pay(await buy(shop), status="authorized")
    await deliver(shop, gateway)
    assert gateway.payments[payment.id].status == "captured"
    assert await enrolled(shop)


async def test_failed_payment_leaves_the_order_open_and_a_late_failure_changes_nothing(
    shop: Shop, gateway: HookingGateway
) -> None:
    order_id = await buy(shop)
    gateway.pay(order_id, status="failed")
    await deliver(shop, gateway)
    assert (await status(shop, "u-asha", order_id)).state == "open"
    gateway.pay(order_id)
    await deliver(shop, gateway, "order.paid")
    await deliver(shop, gateway, "payment.failed")
    assert await enrolled(shop)


async def test_verify_while_the_gateway_is_away_enrols_and_is_confirmed_later(
    shop: Shop, gateway: HookingGateway
) -> None:
    order_id = await buy(shop)
    payment = gateway.pay(order_id)
    gateway.broken = True
    await verify(shop, "u-asha", proof(gateway, order_id, payment.id))
    assert await enrolled(shop)
    assert (await kept(shop), await count(shop, Receipt)) == (0, 0)
    gateway.broken = False
    assert (await reconcile(shop)).repaired == {"confirmed": 1}
    assert (await kept(shop), await count(shop, Receipt)) == (50_000, 1)


async def test_promised_payment_of_another_amount_ends_the_enrolment(
    shop: Shop, gateway: HookingGateway
) -> None:
    order_id = await buy(shop)
    payment = gateway.pay(order_id, 100)
    gateway.broken = True
    await verify(shop, "u-asha", proof(gateway, order_id, payment.id))
    gateway.broken = False
    await reconcile(shop)
    assert not await enrolled(shop)
    await run_refunds(shop)
    assert (await refunds(shop), await kept(shop)) == ([("wrong_amount", "processed", 100)], 0)


async def test_refund_ends_the_enrolment_at_once_and_the_seat_is_free(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    await request_refund(shop, payment.id, None, "requested", "moved away", "u-rao")
    assert not await enrolled(shop)
    await buy(shop, "bela")
    with pytest.raises(ConflictError, match="being sent back"):
        await request_refund(shop, payment.id, None, "requested", "", "u-rao")
    await run_refunds(shop)
    assert await kept(shop) == 0
    assert await count(shop, Receipt) == 2


async def test_partial_refund_keeps_the_student_in(shop: Shop, gateway: HookingGateway) -> None:
    payment = gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    await request_refund(shop, payment.id, 10_000, "requested", "", "u-rao")
    await run_refunds(shop)
    assert await enrolled(shop)
    assert await kept(shop) == 40_000
    with pytest.raises(ConflictError, match="more than is left"):
        await request_refund(shop, payment.id, 40_001, "requested", "", "u-rao")


async def test_refund_that_fails_is_asked_for_again(shop: Shop, gateway: HookingGateway) -> None:
    payment = gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    gateway.refunds_pend = True
    await request_refund(shop, payment.id, None, "requested", "", None)
    await run_refunds(shop)
    gateway.fail(next(iter(gateway.refunds)))
    await deliver(shop, gateway)
    assert [state for _, state, _ in await refunds(shop)] == ["failed"]
    clock = shop.now
    assert isinstance(clock, Clock)
    clock.advance(10 * MINUTE)
    gateway.refunds_pend = False
    assert await run_refunds(shop) == 1
    await deliver(shop, gateway)
    assert [state for _, state, _ in await refunds(shop)] == ["processed"]
    assert await kept(shop) == 0


async def test_refund_made_in_the_dashboard_ends_the_enrolment(
    shop: Shop, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    gateway.refund_by_hand(payment.id)
    await deliver(shop, gateway, "refund.processed")
    await deliver(shop, gateway, "refund.created")
    assert not await enrolled(shop)
    assert (await refunds(shop), await kept(shop)) == ([("gateway", "processed", 50_000)], 0)


async def test_lost_dispute_ends_the_enrolment(shop: Shop, gateway: HookingGateway) -> None:
    payment = gateway.pay(await buy(shop))
    await deliver(shop, gateway)
    gateway.dispute(payment.id, "created")
    await deliver(shop, gateway)
    assert await enrolled(shop)
    gateway.dispute(payment.id, "lost")
    await deliver(shop, gateway)
    assert not await enrolled(shop)
    assert await kept(shop) == 0
    with pytest.raises(ConflictError):
        await request_refund(shop, payment.id, None, "requested", "", None)


async def test_coupon_for_all_of_it_skips_the_gateway(shop: Shop, gateway: HookingGateway) -> None:
    await add_coupon(shop, 100)
    made = await checkout.order(shop, "u-asha", "maths", "GIFT")
    assert made.order.state == "paid"
    assert await enrolled(shop)
    assert (gateway.calls, await count(shop, Payment)) == (0, 0)


async def test_open_order_keeps_the_last_use_of_a_coupon(shop: Shop) -> None:
    await add_coupon(shop, 50)
    made = await checkout.order(shop, "u-asha", "maths", "GIFT")
    assert made.order.amount == 25_000
    with pytest.raises(ConflictError, match="used up"):
        await checkout.order(shop, "u-bela", "maths", "GIFT")
    clock = shop.now
    assert isinstance(clock, Clock)
    clock.advance(31 * MINUTE)
    await checkout.order(shop, "u-bela", "maths", "GIFT")


async def add_coupon(shop: Shop, percent: int) -> None:
    async with shop.db.writing() as session:
        coupon = Coupon(
            code="GIFT",
            class_id="maths",
            kind="percent",
            value=percent,
            max_uses=1,
            created_by="u-rao",
            created_at=1,
        )
        session.add(coupon)
