"""Reports of orders, payments and refunds: admins see all, teachers those of their own classes."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.errors import NotFoundError
from billing.orders.states import RefundState
from billing.store.queries import behind, containing
from billing.store.tables import Class, LedgerEntry, Order, Payment, Receipt, Refund, User
from billing.text.days import day_of

_BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Span:
    """The time from `begin` to `end` (not included), in ms; None is open. `teacher_id`: whose
    classes, None: of all."""

    begin: int | None = None
    end: int | None = None
    teacher_id: str | None = None


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """A choice of orders; empty fields choose all."""

    span: Span = Span()
    search: str = ""
    class_id: str = ""
    state: str = ""


@dataclass(slots=True)
class OrderReport:
    """An order with its student, class, payments, refunds and receipts."""

    order: Order
    student: User
    offer: Class
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)


@dataclass(slots=True)
class Total:
    """The money of a class on a day or in all days; paise. `count`: payments."""

    class_id: str | None
    title: str
    currency: str
    day: str = ""
    paid: int = 0
    refunded: int = 0
    count: int = 0

    def add(self, amount: int) -> None:
        """Counts an entry of the ledger: money that came is positive."""
        if amount > 0:
            self.paid += amount
            self.count += 1
        else:
            self.refunded -= amount


async def orders(
    context: Context, wanted: OrderFilter, limit: int, cursor: str
) -> list[OrderReport]:
    """The orders, the newest first, behind the cursor."""
    query = (
        select(Order, User, Class)
        .join(User, User.id == Order.user_id)
        .join(Class, Class.id == Order.class_id)
        .where(*_conditions(wanted))
        .order_by(Order.created_at.desc(), Order.id.desc())
        .limit(limit)
    )
    if cursor:
        query = query.where(behind(cursor, Order.created_at, Order.id))
    async with context.db.reading() as session:
        found = {row[0].id: OrderReport(*row) for row in await session.execute(query)}
        await _attach(session, found)
    return list(found.values())


def _conditions(wanted: OrderFilter) -> Iterable[ColumnElement[bool]]:
    span = wanted.span
    if span.begin is not None:
        yield Order.created_at >= span.begin
    if span.end is not None:
        yield Order.created_at < span.end
    if span.teacher_id is not None:
        yield Class.teacher_id == span.teacher_id
    if wanted.class_id:
        yield Order.class_id == wanted.class_id
    if wanted.state:
        yield Order.state == wanted.state
    if wanted.search:
        yield _matches(wanted.search)


def _matches(text: str) -> ColumnElement[bool]:
    """Orders with this text in a name, an address, a class, an id or a receipt's number."""
    paid = select(Payment.id).where(Payment.order_id == Order.id, containing(Payment.id, text))
    receipt = select(Receipt.id).where(
        Receipt.order_id == Order.id, containing(Receipt.number, text)
    )
    columns = (User.name, User.email, Class.title, Order.id)
    return or_(
        *(containing(column, text) for column in columns),
        Order.gateway_order_id.icontains(text, autoescape=True),
        paid.exists(),
        receipt.exists(),
    )


async def _attach(session: AsyncSession, found: dict[str, OrderReport]) -> None:
    """Adds payments, refunds and receipts with three queries, however many the orders are."""
    payments = await session.scalars(
        select(Payment).where(Payment.order_id.in_(found)).order_by(Payment.created_at, Payment.id)
    )
    owners = {}
    for payment in payments:
        owners[payment.id] = found[payment.order_id]
        owners[payment.id].payments.append(payment)
    refunds = await session.scalars(
        select(Refund).where(Refund.payment_id.in_(owners)).order_by(Refund.created_at, Refund.id)
    )
    for refund in refunds:
        owners[refund.payment_id].refunds.append(refund)
    receipts = await session.scalars(
        select(Receipt).where(Receipt.order_id.in_(found)).order_by(Receipt.issued_at, Receipt.id)
    )
    for receipt in receipts:
        found[receipt.order_id].receipts.append(receipt)


async def totals(context: Context, span: Span) -> tuple[list[Total], list[Total]]:
    """The totals by day and class, and by class alone, from the ledger; the seller's days in
    order."""
    days: dict[tuple[str, str | None, str], Total] = {}
    classes: dict[tuple[str | None, str], Total] = {}
    zone = context.settings.seller_zone
    async with context.db.reading() as session:
        async for rows in (await session.stream(_money(span))).partitions(_BATCH):
            for at, amount, currency, class_id, title in rows:
                day = day_of(at, zone)
                named = Total(class_id, title or "No class", currency)
                classes.setdefault((class_id, currency), named).add(amount)
                dated = Total(class_id, title or "No class", currency, day)
                days.setdefault((day, class_id, currency), dated).add(amount)
    by_day = sorted(days.values(), key=lambda total: (total.day, total.title, total.currency))
    return by_day, sorted(classes.values(), key=lambda total: (total.title, total.currency))


def _money(span: Span) -> Select[int, int, str, str | None, str]:
    entry = LedgerEntry
    query = (
        select(entry.at, entry.amount, entry.currency, entry.class_id, Class.title)
        .outerjoin(Class, Class.id == entry.class_id)
        .where(entry.amount != 0)
        .order_by(entry.number)
    )
    if span.begin is not None:
        query = query.where(entry.at >= span.begin)
    if span.end is not None:
        query = query.where(entry.at < span.end)
    if span.teacher_id is not None:
        query = query.where(Class.teacher_id == span.teacher_id)
    return query


async def check_seller(context: Context, payment_id: str, teacher_id: str | None) -> None:
    """Raises NotFoundError unless the payment is there, and of a class of this teacher."""
    query = (
        select(Class.teacher_id)
        .join(Order, Order.class_id == Class.id)
        .join(Payment, Payment.order_id == Order.id)
        .where(Payment.id == payment_id)
    )
    async with context.db.reading() as session:
        owner = await session.scalar(query)
    if owner is None or teacher_id not in (None, owner):
        raise NotFoundError("no_payment", "There is no such payment in your classes.")


def refunded(report: OrderReport, payment: Payment) -> int:
    """The part of a payment that has gone back or is on its way; paise."""
    return sum(
        refund.amount
        for refund in report.refunds
        if refund.payment_id == payment.id and refund.state != RefundState.ELSEWHERE
    )
