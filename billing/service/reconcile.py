"""Reconciling: asks the gateway about payments and refunds that may have been missed, and applies
the answers."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, or_, select, update

from billing.context import Context
from billing.errors import GatewayError
from billing.gateway.records import refund_fact
from billing.orders.states import OrderState, Outcome, PaymentState, RefundState, RowAction
from billing.service.payment_facts import answer_of, apply, settle
from billing.store.tables import Order, Payment, Refund
from common.logs import get_logger

BATCH = 50  # orders, payments and refunds of one turn
LOOK_BACK = 7 * 86_400_000  # ms after its end that an order is still asked about
SOON = 60_000  # ms between two questions about the same order, at least
PATIENCE = 3  # times in a row without an answer, after which the turn is over
SOURCE = "reconcile"
_QUIET = (RowAction.NOTHING, RowAction.RECORD)
_AWAY = ("gateway_unreachable", "gateway_busy", "gateway_keys")  # says nothing of what was asked

log = get_logger(__name__)


@dataclass(slots=True)
class TurnReport:
    """The counts of one turn. `repaired`: rows of the state table that changed something, by
    name."""

    orders: int = 0
    payments: int = 0
    refunds: int = 0
    expired: int = 0
    failures: int = 0
    repaired: dict[str, int] = field(default_factory=dict)

    def add(self, outcomes: list[Outcome]) -> None:
        """Counts the outcomes that changed something."""
        for outcome in outcomes:
            if outcome.action not in _QUIET:
                self.repaired[outcome.row] = self.repaired.get(outcome.row, 0) + 1


class _GatewayDownError(Exception):
    """The gateway failed too often in this turn."""


async def reconcile(context: Context) -> TurnReport:
    """Does one turn: orders that ran out are closed, then a bounded number of orders, promised
    payments and refunds is asked about."""
    report = TurnReport()
    report.expired = await expire_orders(context)
    turn = _Turn(context, report)
    try:
        for order in await _orders(context):
            await turn.ask(turn.order, order)
        for payment in await _promised(context):
            await turn.ask(turn.payment, payment)
        for refund in await _asked(context):
            await turn.ask(turn.refund, refund)
    except _GatewayDownError:
        pass
    return report


async def expire_orders(context: Context) -> int:
    """Closes open orders whose time is over; one that is paid late is honoured if it can be."""
    now = context.now()
    over = (
        update(Order)
        .where(Order.state == OrderState.OPEN, Order.expires_at <= now)
        .values(state=OrderState.EXPIRED, closed_at=now)
        .returning(Order.id)
    )
    async with context.db.writing() as session:
        return len(list(await session.scalars(over)))


@dataclass(slots=True)
class _Turn:
    context: Context
    report: TurnReport
    failures: int = 0

    async def ask(self, question: Callable[[str], Awaitable[None]], about: str) -> None:
        """Asks; a gateway that is away again and again is not asked any more."""
        try:
            await question(about)
            self.failures = 0
        except GatewayError:
            self.report.failures += 1
            self.failures += 1
            if self.failures >= PATIENCE:
                raise _GatewayDownError from None

    @contextmanager
    def _past_refusals(self, about: str) -> Iterator[None]:
        """Takes a refusal for an answer: the questions after it are still asked."""
        try:
            yield
        except GatewayError as error:
            if error.code in _AWAY:
                raise
            self.report.failures += 1
            log.warning("reconcile.refused", about=about, error=error.code)

    async def order(self, gateway_order_id: str) -> None:
        """Asks about all payments of an order, then marks it: without an answer it comes again."""
        self.report.orders += 1
        with self._past_refusals(gateway_order_id):
            for payment in await self.context.gateway.payments_of(gateway_order_id):
                self.report.payments += 1
                with self._past_refusals(payment.id):
                    self.report.add(await settle(self.context, payment, SOURCE))
        checked = update(Order).where(Order.gateway_order_id == gateway_order_id)
        async with self.context.db.writing() as session:
            await session.execute(checked.values(checked_at=self.context.now()))

    async def payment(self, payment_id: str) -> None:
        """Asks about a payment that only a signature has promised, or that is held and not
        taken."""
        self.report.payments += 1
        with self._past_refusals(payment_id):
            payment = await self.context.gateway.payment(payment_id)
            self.report.add(await settle(self.context, payment, SOURCE))
        await self._mark(payment_id)

    async def refund(self, payment_id: str) -> None:
        """Asks about the refunds of a payment."""
        self.report.refunds += 1
        with self._past_refusals(payment_id):
            for refund in await self.context.gateway.refunds_of(payment_id):
                outcomes = await apply(
                    self.context, [refund_fact(refund)], answer_of(refund, SOURCE)
                )
                self.report.add(outcomes)
        await self._mark(payment_id)

    async def _mark(self, payment_id: str) -> None:
        """Notes the time, so that others are asked about before this one is again."""
        checked = update(Payment).where(Payment.id == payment_id)
        async with self.context.db.writing() as session:
            await session.execute(checked.values(checked_at=self.context.now()))


def _is_worth_asking(now: int) -> ColumnElement[bool]:
    """Young orders often, old ones ever less: a quarter of their age must have passed."""
    since = now - Order.checked_at
    is_due = or_(
        Order.checked_at.is_(None), and_(since >= SOON, since * 4 >= now - Order.created_at)
    )
    recent = or_(Order.state == OrderState.OPEN, Order.closed_at >= now - LOOK_BACK)
    return and_(Order.gateway_order_id.is_not(None), is_due, recent)


async def _orders(context: Context) -> list[str]:
    query = (
        select(Order.gateway_order_id)
        .where(_is_worth_asking(context.now()))
        .order_by(Order.checked_at.nulls_first(), Order.created_at)
        .limit(BATCH)
    )
    async with context.db.reading() as session:
        return [one for one in await session.scalars(query) if one is not None]


async def _promised(context: Context) -> list[str]:
    promised = and_(Payment.state == PaymentState.CAPTURED, Payment.confirmed.is_(False))
    return await _payments(context, or_(promised, Payment.state == PaymentState.AUTHORIZED))


async def _asked(context: Context) -> list[str]:
    under_way = select(Refund.payment_id).where(Refund.state == RefundState.ASKED)
    return await _payments(context, Payment.id.in_(under_way))


async def _payments(context: Context, which: ColumnElement[bool]) -> list[str]:
    """Those that have waited longest for a question."""
    query = (
        select(Payment.id)
        .where(which)
        .order_by(Payment.checked_at.nulls_first(), Payment.created_at)
        .limit(BATCH)
    )
    async with context.db.reading() as session:
        return list(await session.scalars(query))
