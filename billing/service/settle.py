"""A payment as the gateway has it now, taken into the books: captured first if it is only held."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from billing.context import Context
from billing.gateway.events import payment_fact
from billing.gateway.protocol import GatewayPayment, GatewayRefund
from billing.orders.facts import Fact, PaymentFailed, RefundMoved
from billing.orders.states import Action, Outcome
from billing.service.payment_facts import Event, apply


async def settle(context: Context, payment: GatewayPayment, source: str) -> list[Outcome]:
    """What the gateway has just answered; with its refunds, if any. Raises GatewayError, with all
    done that could be: the next call does the rest."""
    refunds = await context.gateway.refunds_of(payment.id) if payment.amount_refunded else []
    outcomes = await apply(context, facts_of(payment, refunds), _event(payment, source))
    if any(outcome.action == Action.CAPTURE for outcome in outcomes):
        outcomes = await capture(context, payment.id, payment.amount, payment.currency, source)
    return outcomes


async def capture(
    context: Context, payment_id: str, amount: int, currency: str, source: str
) -> list[Outcome]:
    """Takes an authorized payment; raises GatewayError."""
    payment = await context.gateway.capture(payment_id, amount, currency)
    return await apply(context, facts_of(payment, ()), _event(payment, source))


def facts_of(payment: GatewayPayment, refunds: Sequence[GatewayRefund]) -> list[Fact]:
    """The payment's fact, then those of its refunds."""
    one = payment
    told = payment_fact(one.status, one.id, one.order_id or "", one.amount, one.currency, one.error)
    facts: list[Fact] = [_asked(fact) for fact in told]
    return [*facts, *(refund_fact(refund) for refund in refunds)]


def refund_fact(refund: GatewayRefund) -> RefundMoved:
    """A refund as the gateway answered it."""
    key = refund.notes.get("key")
    return RefundMoved(refund.id, refund.payment_id, refund.amount, refund.status, key)


def _asked(fact: Fact) -> Fact:
    if not isinstance(fact, PaymentFailed):
        return fact
    return PaymentFailed(
        fact.payment_id, fact.order_id, fact.amount, fact.currency, fact.reason, asked=True
    )


def _event(payment: GatewayPayment, source: str) -> Event:
    body = {name: value for name, value in asdict(payment).items() if name != "notes"}
    return Event(source, f"payment.{payment.status}"[:60], json.dumps(body))
