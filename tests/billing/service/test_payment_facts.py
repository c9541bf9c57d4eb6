"""The money core from order to refund, one fact after another, each way it can come."""

import json

import pytest
from sqlalchemy import func, select

from billing.context import Context
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
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.support import MINUTE, Clock


async def buy(context: Context, who: str = "asha", class_id: str = "maths") -> str:
    """The gateway's id of the student's order."""
    made = await checkout.order(context, f"u-{who}", class_id, None)
    assert made.order.gateway_order_id is not None
    return made.order.gateway_order_id


def proof(gateway: HookingGateway, order_id: str, payment_id: str) -> Proof:
    return Proof(order_id, payment_id, gateway.sign(order_id, payment_id))


async def deliver(context: Context, gateway: HookingGateway, *kinds: str) -> None:
    """Webhooks of these kinds, all of them when none is named."""
    for hook in list(gateway.hooks):
        if not kinds or json.loads(hook.body)["event"] in kinds:
            await webhook.receive(context, hook.body, gateway.sign_body(hook.body), hook.id)


async def enrolled(context: Context, who: str = "asha", class_id: str = "maths") -> bool:
    query = select(func.count()).where(
        Enrolment.user_id == f"u-{who}",
        Enrolment.class_id == class_id,
        Enrolment.ended_at.is_(None),
    )
    async with context.db.reading() as session:
        return bool(await session.scalar(query))


async def refunds(context: Context) -> list[tuple[str, str, int]]:
    async with context.db.reading() as session:
        rows = await session.scalars(select(Refund).order_by(Refund.id))
        return [(row.reason, row.state, row.amount) for row in rows]


async def kept(context: Context) -> int:
    async with context.db.reading() as session:
        rows = await session.execute(select(LedgerEntry.kind, LedgerEntry.amount))
        return balance((kind, amount) for kind, amount in rows).kept


async def count(context: Context, table: type) -> int:
    async with context.db.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


async def change(context: Context, **values: object) -> None:
    async with context.db.writing() as session:
        found = await session.get_one(Class, "maths")
        for name, value in values.items():
            setattr(found, name, value)


async def test_paid_and_verified_is_enrolled_with_a_receipt(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    payment = gateway.pay(order_id)
    assert await verify(context, "u-asha", proof(gateway, order_id, payment.id)) == "maths"
    assert await enrolled(context)
    assert await kept(context) == 50_000
    assert await count(context, Receipt) == 1
    assert await count(context, Notice) == 1


async def test_webhook_without_verify_enrols(context: Context, gateway: HookingGateway) -> None:
    gateway.pay(await buy(context))
    await deliver(context, gateway)
    assert await enrolled(context)


async def test_the_same_told_by_all_ways_changes_nothing_twice(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    payment = gateway.pay(order_id)
    for _ in range(2):
        await deliver(context, gateway)
        await verify(context, "u-asha", proof(gateway, order_id, payment.id))
        await reconcile(context)
    assert await kept(context) == 50_000
    assert (await count(context, Receipt), await count(context, Notice)) == (1, 1)
    assert await count(context, GatewayEvent) == len(gateway.hooks)


async def test_two_tabs_get_the_same_order(context: Context) -> None:
    assert await buy(context) == await buy(context)


async def test_a_changed_price_makes_another_order(context: Context) -> None:
    first = await buy(context)
    await change(context, price=60_000)
    assert await buy(context) != first


async def test_order_made_at_the_gateway_but_not_kept_is_found_again(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    async with context.db.writing() as session:
        order = await session.scalar(select(Order))
        assert order is not None
        order.gateway_order_id = None
    assert await buy(context) == order_id
    assert len(gateway.orders) == 1


async def test_second_payment_of_an_order_goes_back(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    first, second = gateway.pay(order_id), gateway.pay(order_id)
    await verify(context, "u-asha", proof(gateway, order_id, first.id))
    with pytest.raises(ConflictError, match="paid for Maths already") as refused:
        await verify(context, "u-asha", proof(gateway, order_id, second.id))
    assert refused.value.code == "duplicate"
    await run_refunds(context)
    assert await enrolled(context)
    assert await kept(context) == 50_000
    assert gateway.payments[second.id].status == "refunded"


async def test_paid_after_the_last_seat_went_goes_back(
    context: Context, gateway: HookingGateway
) -> None:
    slow, fast = await buy(context), await buy(context, "bela")
    gateway.pay(fast)
    await deliver(context, gateway)
    payment = gateway.pay(slow)
    with pytest.raises(ConflictError, match="last seat"):
        await verify(context, "u-asha", proof(gateway, slow, payment.id))
    assert (await status(context, "u-asha", slow)).state == "refunded"
    await run_refunds(context)
    assert await refunds(context) == [("class_full", "processed", 50_000)]
    assert not await enrolled(context)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"price": 60_000}, "price_changed"),
        ({"state": "cancelled"}, "class_gone"),
        ({"state": "ended"}, "class_gone"),
    ],
)
async def test_what_changed_before_the_payment_sends_it_back(
    context: Context, gateway: HookingGateway, values: dict[str, object], reason: str
) -> None:
    gateway.pay(await buy(context))
    await change(context, **values)
    await deliver(context, gateway)
    assert await refunds(context) == [(reason, "due", 50_000)]
    assert not await enrolled(context)


@pytest.mark.parametrize(("amount", "currency"), [(100, "INR"), (50_000, "USD"), (50_001, "INR")])
async def test_wrong_amount_or_currency_is_not_enrolled(
    context: Context, gateway: HookingGateway, amount: int, currency: str
) -> None:
    gateway.pay(await buy(context), amount, currency)
    await deliver(context, gateway)
    assert await refunds(context) == [("wrong_amount", "due", amount)]
    assert not await enrolled(context)


async def test_expired_order_paid_late_is_honoured(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    clock = context.now
    assert isinstance(clock, Clock)
    clock.advance(31 * MINUTE)
    assert (await reconcile(context)).expired == 1
    gateway.pay(order_id)
    await deliver(context, gateway)
    assert await enrolled(context)


async def test_authorized_payment_is_captured(context: Context, gateway: HookingGateway) -> None:
    payment = gateway.pay(await buy(context), status="authorized")
    await deliver(context, gateway)
    assert gateway.payments[payment.id].status == "captured"
    assert await enrolled(context)


async def test_failed_payment_leaves_the_order_open_and_a_late_failure_changes_nothing(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    gateway.pay(order_id, status="failed")
    await deliver(context, gateway)
    assert (await status(context, "u-asha", order_id)).state == "open"
    gateway.pay(order_id)
    await deliver(context, gateway, "order.paid")
    await deliver(context, gateway, "payment.failed")
    assert await enrolled(context)


async def test_verify_while_the_gateway_is_away_enrols_and_is_confirmed_later(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    payment = gateway.pay(order_id)
    gateway.broken = True
    await verify(context, "u-asha", proof(gateway, order_id, payment.id))
    assert await enrolled(context)
    assert (await kept(context), await count(context, Receipt)) == (0, 0)
    gateway.broken = False
    assert (await reconcile(context)).repaired == {"confirmed": 1}
    assert (await kept(context), await count(context, Receipt)) == (50_000, 1)


async def test_promised_payment_of_another_amount_ends_the_enrolment(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    payment = gateway.pay(order_id, 100)
    gateway.broken = True
    await verify(context, "u-asha", proof(gateway, order_id, payment.id))
    gateway.broken = False
    await reconcile(context)
    assert not await enrolled(context)
    await run_refunds(context)
    assert (await refunds(context), await kept(context)) == (
        [("wrong_amount", "processed", 100)],
        0,
    )


async def test_refund_ends_the_enrolment_at_once_and_the_seat_is_free(
    context: Context, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    await request_refund(context, payment.id, None, "requested", "moved away", "u-rao")
    assert not await enrolled(context)
    await buy(context, "bela")
    with pytest.raises(ConflictError, match="being sent back"):
        await request_refund(context, payment.id, None, "requested", "", "u-rao")
    await run_refunds(context)
    assert await kept(context) == 0
    assert await count(context, Receipt) == 2


async def test_partial_refund_keeps_the_student_in(
    context: Context, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    await request_refund(context, payment.id, 10_000, "requested", "", "u-rao")
    await run_refunds(context)
    assert await enrolled(context)
    assert await kept(context) == 40_000
    with pytest.raises(ConflictError, match="left of the payment"):
        await request_refund(context, payment.id, 40_001, "requested", "", "u-rao")


async def test_refund_that_fails_is_asked_for_again(
    context: Context, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    gateway.refunds_pend = True
    await request_refund(context, payment.id, None, "requested", "", None)
    await run_refunds(context)
    gateway.fail(next(iter(gateway.refunds)))
    await deliver(context, gateway)
    assert [state for _, state, _ in await refunds(context)] == ["failed"]
    clock = context.now
    assert isinstance(clock, Clock)
    clock.advance(10 * MINUTE)
    gateway.refunds_pend = False
    assert await run_refunds(context) == 1
    await deliver(context, gateway)
    assert [state for _, state, _ in await refunds(context)] == ["processed"]
    assert await kept(context) == 0


async def test_refund_made_in_the_dashboard_ends_the_enrolment(
    context: Context, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    gateway.refund_by_hand(payment.id)
    await deliver(context, gateway, "refund.processed")
    await deliver(context, gateway, "refund.created")
    assert not await enrolled(context)
    assert (await refunds(context), await kept(context)) == ([("gateway", "processed", 50_000)], 0)


async def test_lost_dispute_ends_the_enrolment(context: Context, gateway: HookingGateway) -> None:
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    gateway.dispute(payment.id, "created")
    await deliver(context, gateway)
    assert await enrolled(context)
    gateway.dispute(payment.id, "lost")
    await deliver(context, gateway)
    assert not await enrolled(context)
    assert await kept(context) == 0
    with pytest.raises(ConflictError):
        await request_refund(context, payment.id, None, "requested", "", None)


async def test_coupon_for_all_of_it_skips_the_gateway(
    context: Context, gateway: HookingGateway
) -> None:
    await add_coupon(context, 100)
    made = await checkout.order(context, "u-asha", "maths", "GIFT")
    assert made.order.state == "paid"
    assert await enrolled(context)
    assert (gateway.calls, await count(context, Payment)) == (0, 0)


async def test_open_order_keeps_the_last_use_of_a_coupon(context: Context) -> None:
    await add_coupon(context, 50)
    made = await checkout.order(context, "u-asha", "maths", "GIFT")
    assert made.order.amount == 25_000
    with pytest.raises(ConflictError, match="used up"):
        await checkout.order(context, "u-bela", "maths", "GIFT")
    clock = context.now
    assert isinstance(clock, Clock)
    clock.advance(31 * MINUTE)
    await checkout.order(context, "u-bela", "maths", "GIFT")


async def add_coupon(context: Context, percent: int) -> None:
    async with context.db.writing() as session:
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
