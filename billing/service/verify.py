"""The checkout's answer: the page brings the gateway's signature, and the student is enrolled."""

import json
from dataclasses import dataclass

from sqlalchemy import select

from billing.context import Context
from billing.errors import BillingError, ConflictError, GatewayError, NotFoundError
from billing.orders.facts import PaymentCaptured
from billing.orders.states import OrderState, PaymentState
from billing.service.payment_facts import Event, apply, settle
from billing.store.tables import Class, Order, Payment, Refund
from billing.text.payment_notices import refund_due

SOURCE = "verify"


@dataclass(frozen=True, slots=True)
class Proof:
    """The checkout's proof that it handed to the page; the gateway's ids."""

    order_id: str
    payment_id: str
    signature: str


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """The state of an order; `message` tells the student of it, `code` is for a refusal."""

    state: str
    class_id: str
    code: str | None = None
    message: str = ""


async def verify(context: Context, user_id: str, proof: Proof) -> str:
    """The id of the class the student is in now. Raises BillingError for a signature that is not
    the gateway's, NotFoundError, ConflictError when the money goes back or has not come."""
    if not context.gateway.is_payment_signature(proof.order_id, proof.payment_id, proof.signature):
        context.counts["verify_forged"] += 1
        raise BillingError("bad_signature", "This payment could not be verified.")
    order = await _own_order(context, user_id, proof.order_id)
    try:
        payment = await context.gateway.payment(proof.payment_id)
    except GatewayError:
        await _promise(context, order, proof)
    else:
        if payment.order_id != proof.order_id:
            raise ConflictError("wrong_order", "This payment belongs to another order.")
        try:
            await settle(context, payment, SOURCE)
        except GatewayError:
            context.counts["verify_unsettled"] += 1  # reconciling does the rest
    found = await status(context, user_id, proof.order_id, proof.payment_id)
    if found.code is not None:
        raise ConflictError(found.code, found.message)
    return found.class_id


async def _promise(context: Context, order: Order, proof: Proof) -> None:
    """The signature says that the payment succeeded: the student does not wait for a gateway that
    cannot be reached, and the amount is confirmed later."""
    promised = PaymentCaptured(
        proof.payment_id, proof.order_id, order.amount, order.currency, confirmed=False
    )
    body = {"razorpay_order_id": proof.order_id, "razorpay_payment_id": proof.payment_id}
    await apply(context, [promised], Event(SOURCE, "payment.promised", json.dumps(body)))


async def _own_order(context: Context, user_id: str, gateway_order_id: str) -> Order:
    query = select(Order).where(Order.gateway_order_id == gateway_order_id)
    async with context.db.reading() as session:
        order = await session.scalar(query.where(Order.user_id == user_id))
    if order is None:
        raise NotFoundError("not_found", "There is no such order.")
    return order


async def status(
    context: Context, user_id: str, gateway_order_id: str, payment_id: str | None = None
) -> OrderStatus:
    """The state of the student's order, seen from one payment if given; raises NotFoundError."""
    order = await _own_order(context, user_id, gateway_order_id)
    async with context.db.reading() as session:
        found = await session.get_one(Class, order.class_id)
        query = select(Payment).where(Payment.order_id == order.id)
        if payment_id is not None:
            query = query.where(Payment.id == payment_id)
        payments = list(await session.scalars(query.order_by(Payment.created_at)))
        ids = [payment.id for payment in payments]
        due = select(Refund).where(Refund.payment_id.in_(ids)).order_by(Refund.created_at)
        refunds = list(await session.scalars(due))
    return _status(order, found, payments, refunds, payment_id)


def _status(
    order: Order, found: Class, payments: list[Payment], refunds: list[Refund], seen: str | None
) -> OrderStatus:
    is_bought = order.state == OrderState.PAID and seen in (None, order.payment_id)
    if is_bought:
        return OrderStatus(order.state, found.id)
    if refunds:
        last = refunds[-1]
        text = refund_due(last.reason, found.title, last.amount, last.currency)
        return OrderStatus(OrderState.REFUNDED, found.id, last.reason, text)
    if any(payment.state == PaymentState.FAILED for payment in payments):
        text = "The payment failed; no money was taken. Try again."
        return OrderStatus(order.state, found.id, "payment_failed", text)
    text = "Your payment has not arrived yet. You need not pay again: we are looking for it."
    return OrderStatus(order.state, found.id, "payment_pending", text)
