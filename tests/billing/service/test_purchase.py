"""The rest of a payment is the same in Python and in a query."""

from sqlalchemy import select

from billing.context import Context
from billing.service.purchase import lock_purchase, payments_left
from billing.service.refunds import request_refund, run_refunds
from billing.store.tables import Payment
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.service.test_payment_facts import buy, deliver


async def left(context: Context, payment_id: str) -> int:
    """Paise, told alike by the locked purchase and by a query."""
    async with context.db.writing() as session:
        payment = await session.get_one(Payment, payment_id)
        purchase = await lock_purchase(session, payment.order_id, payment_id)
        asked = await session.scalar(select(payments_left()).where(Payment.id == payment_id))
    assert asked == purchase.left
    return purchase.left


async def test_refunds_and_lost_disputes_lessen_what_is_left(
    context: Context, gateway: HookingGateway
) -> None:
    payment = gateway.pay(await buy(context))
    await deliver(context, gateway)
    assert await left(context, payment.id) == 50_000
    await request_refund(context, payment.id, 20_000, "requested", "", None)
    assert await left(context, payment.id) == 30_000, "a refund that is due counts"
    await run_refunds(context)
    assert await left(context, payment.id) == 30_000
    gateway.dispute(payment.id, "lost", 10_000)
    await deliver(context, gateway)
    assert await left(context, payment.id) == 20_000
