"""Refunds: written down first, then asked for by a worker as often as it takes."""

from sqlalchemy import select

from billing.context import Context
from billing.errors import BillingError, ConflictError, GatewayError, NotFoundError
from billing.gateway.records import refund_fact
from billing.orders.states import PaymentState, RefundState
from billing.service.change import Change, in_one_change
from billing.service.effects import add_refund, close_if_returned, pause_after
from billing.service.payment_facts import answer_of, apply, settle
from billing.service.purchase import Purchase, lock_purchase
from billing.store.tables import Payment, Refund
from common.logs import get_logger

BATCH = 20
SOURCE = "refunds"
_DUE = (RefundState.DUE, RefundState.FAILED)

log = get_logger(__name__)


async def request_refund(
    context: Context, payment_id: str, amount: int | None, reason: str, note: str, by: str | None
) -> Refund:
    """A refund that is due; no amount: all that is left. One that leaves nothing ends the
    enrolment at once. Raises NotFoundError, ConflictError, BillingError."""

    async def work(change: Change) -> Refund:
        payment = await change.session.get(Payment, payment_id)
        if payment is None:
            raise NotFoundError("not_found", "There is no such payment.")
        purchase = await lock_purchase(change.session, payment.order_id, payment_id)
        wanted = _checked(purchase, amount)
        refund = add_refund(change, purchase, reason, wanted, note[:200], by)
        close_if_returned(change, purchase)
        await change.session.flush()
        await change.write_entries(None)
        return refund

    return await in_one_change(context, SOURCE, work)


def _checked(purchase: Purchase, amount: int | None) -> int:
    """The amount that may be sent back; refunds that are due count as sent, and so does money that
    a bank took."""
    payment = purchase.paid
    if payment.state == PaymentState.REFUNDED:
        raise ConflictError("already_refunded", "All of this payment has been sent back.")
    if payment.state != PaymentState.CAPTURED:
        raise ConflictError("not_captured", "No money was taken by this payment.")
    if payment.dispute == "open":  # lost, it would go back a second time
        message = "The payer's bank has not decided the dispute about this payment yet."
        raise ConflictError("dispute_open", message)
    left = purchase.left
    if left <= 0:
        raise ConflictError("already_refunded", "All of this payment is being sent back.")
    if amount is None:
        return left
    if amount <= 0:
        raise BillingError("invalid", "The amount must be more than zero.", "amount")
    if amount > left:
        raise ConflictError("refund_too_large", "Less than that is left of the payment.", "amount")
    return amount


async def run_refunds(context: Context) -> int:
    """Asks the gateway for refunds that are due; returns how many it asked for. A refund that fails
    comes again, ever later."""
    asked = 0
    while claimed := await _claim(context):
        for refund in claimed:
            try:
                await _ask(context, refund)
                asked += 1
            except GatewayError as error:
                context.counts["refund_try_failed"] += 1
                log.warning("refund.failed", refund=refund.id, error=error.code)
    return asked


async def _claim(context: Context) -> list[Refund]:
    """Takes refunds for this worker: no other worker asks for them until their next try."""
    now = context.now()
    query = (
        select(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(
            Refund.state.in_(_DUE),
            Refund.next_try_at <= now,
            Payment.state == PaymentState.CAPTURED,
        )
        .order_by(Refund.next_try_at)
        .limit(BATCH)
        .with_for_update(of=Refund, skip_locked=True)
    )
    async with context.db.writing() as session:
        found = list(await session.scalars(query))
        for refund in found:
            refund.attempts += 1
            refund.next_try_at = now + pause_after(refund.attempts)
        return found


async def _ask(context: Context, refund: Refund) -> None:
    """Asks for one refund. A promised payment is confirmed first, as it may have been of another
    amount."""
    async with context.db.reading() as session:
        payment = await session.get_one(Payment, refund.payment_id)
    if not payment.confirmed:
        await settle(context, await context.gateway.payment(payment.id), SOURCE)
        fresh = await _due_again(context, refund.id)
        if fresh is None:
            return
        refund = fresh
    answer = await context.gateway.refund(refund.payment_id, refund.amount, refund.id)
    await apply(context, [refund_fact(answer)], answer_of(answer, SOURCE))


async def _due_again(context: Context, refund_id: str) -> Refund | None:
    async with context.db.reading() as session:
        refund = await session.get_one(Refund, refund_id)
        payment = await session.get_one(Payment, refund.payment_id)
    due = refund.state in _DUE and payment.state == PaymentState.CAPTURED
    return refund if due else None
