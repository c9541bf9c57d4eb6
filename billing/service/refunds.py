"""Sending money back: written down first, asked for by a worker, as often as it takes."""

import json
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.errors import BillingError, ConflictError, GatewayError, NotFoundError
from billing.gateway.protocol import GatewayRefund
from billing.orders.states import PaymentState, RefundState
from billing.service.effects import add_refund, pause_after, settle_order
from billing.service.payment_facts import Event, apply
from billing.service.purchase import Change, Purchase, lock_purchase
from billing.service.settle import refund_fact, settle
from billing.store.retry import transact
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
    woken: set[str] = set()

    async def work(session: AsyncSession) -> Refund:
        change = Change(session, context, SOURCE, context.now())
        purchase = await _lock_purchase(session, payment_id)
        wanted = _checked(purchase, amount)
        refund = add_refund(change, purchase, reason, wanted, note[:200], by)
        settle_order(change, purchase)
        await session.flush()
        await change.write_entries(None)
        woken.update(change.woken)
        return refund

    refund = await transact(context.db, work)
    for name in sorted(woken):
        context.wake(name)
    return refund


async def _lock_purchase(session: AsyncSession, payment_id: str) -> Purchase:
    payment = await session.get(Payment, payment_id)
    if payment is None:
        raise NotFoundError("not_found", "There is no such payment.")
    return await lock_purchase(session, payment.order_id, payment_id)


def _checked(purchase: Purchase, amount: int | None) -> int:
    """What may be sent back; refunds that are due count as sent, and so does what a bank took."""
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
        raise BillingError("invalid", "An amount is more than nothing.", "amount")
    if amount > left:
        raise ConflictError("refund_too_large", "That is more than is left.", "amount")
    return amount


async def run_refunds(context: Context) -> int:
    """Asks the gateway for refunds that are due; how many were asked for. What fails comes again,
    ever later."""
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
    """Takes refunds for this worker: until their next try nobody else asks for them."""
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
    """A promised payment is confirmed first: it may have been of another amount."""
    async with context.db.reading() as session:
        payment = await session.get_one(Payment, refund.payment_id)
    if not payment.confirmed:
        await settle(context, await context.gateway.payment(payment.id), SOURCE)
        fresh = await _due_again(context, refund.id)
        if fresh is None:
            return
        refund = fresh
    answer = await context.gateway.refund(refund.payment_id, refund.amount, refund.id)
    await apply(context, [refund_fact(answer)], event_of(answer, SOURCE))


async def _due_again(context: Context, refund_id: str) -> Refund | None:
    async with context.db.reading() as session:
        refund = await session.get_one(Refund, refund_id)
        payment = await session.get_one(Payment, refund.payment_id)
    due = refund.state in _DUE and payment.state == PaymentState.CAPTURED
    return refund if due else None


def event_of(refund: GatewayRefund, source: str) -> Event:
    """The gateway's answer about a refund, as an event."""
    body = {name: value for name, value in asdict(refund).items() if name != "notes"}
    return Event(source, f"refund.{refund.status}"[:60], json.dumps(body))
