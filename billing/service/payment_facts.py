"""The one transition: whatever the gateway tells, by whichever way, changes the books here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.orders.facts import Fact, PaymentFact, RefundMoved
from billing.orders.states import Action, Outcome, Situation
from billing.orders.table import decide
from billing.service.effects import act
from billing.service.purchase import Change, Purchase, lock_purchase, situation
from billing.store.retry import transact
from billing.store.tables import GatewayEvent, Order, Payment, Refund

MAX_OUTCOME = 60
WEBHOOK = "webhook"
_QUIET = (Action.NOTHING, Action.RECORD)


@dataclass(frozen=True, slots=True)
class Event:
    """Where facts come from: `source` webhook, verify, reconcile or refunds; `body` as it came.
    The same `event_id` is taken once."""

    source: str
    kind: str
    body: str
    event_id: str | None = None


async def apply(context: Context, facts: Sequence[Fact], event: Event) -> list[Outcome]:
    """All changes that the facts of one event lead to, in one transaction: payment, order,
    enrolment, receipt, refund, notice, ledger and the event itself."""
    woken: set[str] = set()

    async def work(session: AsyncSession) -> list[Outcome]:
        change = Change(session, context, event.source, context.now())
        outcomes = await _apply(change, facts, event)
        woken.update(change.woken)
        return outcomes

    outcomes = await transact(context.db, work)
    for name in sorted(woken):
        context.wake(name)
    for outcome in outcomes:
        context.counts[f"fact:{outcome.row}"] += 1
    return outcomes


async def _apply(change: Change, facts: Sequence[Fact], event: Event) -> list[Outcome]:
    if event.event_id is not None and await _is_known(change.session, event.event_id):
        return [Outcome("event_twice", Action.NOTHING)]
    outcomes = [await _one(change, fact) for fact in facts]
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


async def _one(change: Change, fact: Fact) -> Outcome:
    order_id = await _order_of(change.session, fact)
    if order_id is None:
        return decide(Situation(kind=fact.kind))
    purchase = await lock_purchase(change.session, order_id, fact.payment_id)
    if isinstance(fact, RefundMoved):
        purchase.refund = _refund_of(purchase, fact)
    outcome = decide(await situation(change, purchase, fact))
    await act(change, purchase, fact, outcome)
    return replace(outcome, order_id=order_id, payment_id=fact.payment_id)


async def _order_of(session: AsyncSession, fact: Fact) -> str | None:
    """A payment that is known keeps its order."""
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
