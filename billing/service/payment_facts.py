"""The gateway's facts change the books here: by whichever way a fact comes, `apply` is the one
transition. `settle` and `capture` bring facts of what the gateway has just answered."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.gateway.protocol import GatewayPayment, GatewayRefund
from billing.gateway.records import payment_facts, refund_fact
from billing.orders.facts import Fact, PaymentFact, RefundMoved
from billing.orders.states import Outcome, RowAction, Situation
from billing.orders.table import decide
from billing.service.change import Change, in_one_change
from billing.service.effects import act
from billing.service.purchase import Purchase, lock_purchase, situation
from billing.store.tables import GatewayEvent, Order, Payment, Refund

MAX_OUTCOME = 60
WEBHOOK = "webhook"
_QUIET = (RowAction.NOTHING, RowAction.RECORD)


@dataclass(frozen=True, slots=True)
class Event:
    """The origin of facts: `source` is webhook, verify, reconcile or refunds; `body` as it came.
    The same `event_id` is taken once."""

    source: str
    kind: str
    body: str
    event_id: str | None = None


async def settle(context: Context, payment: GatewayPayment, source: str) -> list[Outcome]:
    """Applies a payment that the gateway has just answered, with its refunds if any, and captures
    one that is only held. Raises GatewayError, with all done that could be: the next call does the
    rest."""
    refunds = await context.gateway.refunds_of(payment.id) if payment.amount_refunded else []
    facts = [*payment_facts(payment, asked=True), *(refund_fact(refund) for refund in refunds)]
    outcomes = await apply(context, facts, answer_of(payment, source))
    if any(outcome.action == RowAction.CAPTURE for outcome in outcomes):
        outcomes = await capture(context, payment.id, payment.amount, payment.currency, source)
    return outcomes


async def capture(
    context: Context, payment_id: str, amount: int, currency: str, source: str
) -> list[Outcome]:
    """Takes an authorized payment; raises GatewayError."""
    payment = await context.gateway.capture(payment_id, amount, currency)
    return await apply(context, payment_facts(payment, asked=True), answer_of(payment, source))


def answer_of(record: GatewayPayment | GatewayRefund, source: str) -> Event:
    """The gateway's answer about a payment or a refund, as an event."""
    about = "payment" if isinstance(record, GatewayPayment) else "refund"
    body = {name: value for name, value in asdict(record).items() if name != "notes"}
    return Event(source, f"{about}.{record.status}"[:60], json.dumps(body))


async def apply(context: Context, facts: Sequence[Fact], event: Event) -> list[Outcome]:
    """Makes all changes that the facts of one event lead to, in one transaction: payment, order,
    enrolment, receipt, refund, notice, ledger and the event itself."""
    outcomes = await in_one_change(
        context, event.source, lambda change: _apply_all(change, facts, event)
    )
    for outcome in outcomes:
        context.counts[f"fact:{outcome.row}"] += 1
    return outcomes


async def _apply_all(change: Change, facts: Sequence[Fact], event: Event) -> list[Outcome]:
    if event.event_id is not None and await _is_known(change.session, event.event_id):
        return [Outcome("event_twice", RowAction.NOTHING)]
    outcomes = [await apply_one(change, fact) for fact in facts]
    if event.source != WEBHOOK and all(outcome.action in _QUIET for outcome in outcomes):
        return outcomes
    row = GatewayEvent(
        event_id=event.event_id,
        kind=event.kind,
        source=event.source,
        body=event.body,
        outcome=(",".join(one.row for one in outcomes) or "not_ours")[:MAX_OUTCOME],
        received_at=change.now,
    )
    change.session.add(row)
    await change.session.flush()
    await change.write_entries(row.number)
    return outcomes


async def _is_known(session: AsyncSession, event_id: str) -> bool:
    query = select(GatewayEvent.number).where(GatewayEvent.event_id == event_id)
    return await session.scalar(query) is not None


async def apply_one(change: Change, fact: Fact) -> Outcome:
    """Locks the purchase, asks the state table, carries out its row."""
    order_id = await _order_of(change.session, fact)
    if order_id is None:
        return decide(Situation(kind=fact.kind))
    purchase = await lock_purchase(change.session, order_id, fact.payment_id)
    if isinstance(fact, RefundMoved):
        purchase.refund = _refund_of(purchase, fact)
    outcome = decide(await situation(change.session, purchase, fact, change.now))
    await act(change, purchase, fact, outcome)
    return replace(outcome, order_id=order_id, payment_id=fact.payment_id)


async def _order_of(session: AsyncSession, fact: Fact) -> str | None:
    """The fact's order; a payment that is known keeps its own."""
    payment = await session.get(Payment, fact.payment_id)
    if payment is not None:
        return payment.order_id
    if not isinstance(fact, PaymentFact):
        return None
    return await session.scalar(select(Order.id).where(Order.gateway_order_id == fact.order_id))


def _refund_of(purchase: Purchase, fact: RefundMoved) -> Refund | None:
    by_id = [one for one in purchase.refunds if one.gateway_refund_id == fact.refund_id]
    by_key = [one for one in purchase.refunds if one.id == fact.key]
    return next(iter((*by_id, *by_key)), None)
