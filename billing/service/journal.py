"""The journal as people read it: the ledger as CSV, whether it agrees with payments and refunds,
and the gateway's messages as they are kept."""

import csv
import io
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.orders.ledger import EntryKind
from billing.orders.states import PaymentState, RefundState
from billing.service.reports import Span
from billing.store.tables import Class, GatewayEvent, LedgerEntry, Payment, Refund, User
from billing.text.days import local_time

BATCH = 500
COLUMNS = (
    *("number", "time", "kind", "amount", "currency", "balance", "student", "student_name"),
    *("class", "class_title", "order", "payment", "refund", "source", "event", "note"),
)
# Characters that begin a formula in spreadsheets; at last the wide forms of = + - @.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", *"\uff1d\uff0b\uff0d\uff20")

_Row = Row[LedgerEntry, str, str]  # name and title are None without a student


async def lines(context: Context, span: Span) -> AsyncIterator[str]:
    """The header, then batches of lines. `balance`: everything up to and with the line, in its
    currency, also what lies before the span.

    Each batch is a question of its own, so that a slow reader holds no transaction open.
    """
    yield _csv([COLUMNS])
    balances = await _balances_before(context, span)
    last = 0
    while rows := await _batch(context, span, last):
        yield _csv([_line(row, balances, context.settings.seller_zone) for row in rows])
        last = rows[-1][0].number


async def _balances_before(context: Context, span: Span) -> defaultdict[str, int]:
    balances: defaultdict[str, int] = defaultdict(int)
    if span.begin is None:
        return balances
    entry = LedgerEntry
    query = (
        select(entry.currency, func.sum(entry.amount))
        .where(entry.at < span.begin)
        .group_by(entry.currency)
    )
    async with context.db.reading() as session:
        for currency, amount in await session.execute(query):
            balances[currency] = int(amount)
    return balances


async def _batch(context: Context, span: Span, last: int) -> Sequence[_Row]:
    async with context.db.reading() as session:
        return (await session.execute(_entries(span, last))).all()


def _entries(span: Span, last: int) -> Select[LedgerEntry, str, str]:
    entry = LedgerEntry
    query = (
        select(entry, User.name, Class.title)
        .outerjoin(User, User.id == entry.user_id)
        .outerjoin(Class, Class.id == entry.class_id)
        .where(entry.number > last)
        .order_by(entry.number)
        .limit(BATCH)
    )
    if span.begin is not None:
        query = query.where(entry.at >= span.begin)
    if span.end is not None:
        query = query.where(entry.at < span.end)
    return query


def _line(row: _Row, balances: defaultdict[str, int], zone: str) -> tuple[str, ...]:
    entry, name, title = row
    balances[entry.currency] += entry.amount
    return (
        str(entry.number),
        local_time(entry.at, zone).isoformat(timespec="milliseconds"),
        harmless(entry.kind),
        decimal(entry.amount),
        harmless(entry.currency),
        decimal(balances[entry.currency]),
        *(harmless(text or "") for text in (entry.user_id, name, entry.class_id, title)),
        *(harmless(text or "") for text in (entry.order_id, entry.payment_id, entry.refund_id)),
        harmless(entry.source),
        str(entry.event or ""),
        harmless(entry.note),
    )


def decimal(paise: int) -> str:
    """An amount as "-1499.00": a number for every program."""
    whole, part = divmod(abs(paise), 100)
    return f"{'-' if paise < 0 else ''}{whole}.{part:02}"


def harmless(text: str) -> str:
    """A text that a spreadsheet does not run: a class may be titled "=HYPERLINK(…)"."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()


# Does it agree?

_TAKEN = (PaymentState.CAPTURED, PaymentState.REFUNDED)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A payment of which the ledger tells something else; paise that came less what went back."""

    payment_id: str
    ledger: int
    expected: int


async def mismatches(context: Context) -> list[Mismatch]:
    """Empty when every payment's entries add up to what was taken less what was sent back.

    Charge-backs are the ledger's alone, and so is money of orders that are not ours.
    """
    async with context.db.reading() as session:
        ledger = await _by_ledger(session)
        expected = await _by_tables(session)
    return [
        Mismatch(payment_id, ledger.get(payment_id, 0), amount)
        for payment_id, amount in sorted(expected.items())
        if ledger.get(payment_id, 0) != amount
    ]


async def _by_ledger(session: AsyncSession) -> dict[str, int]:
    entry = LedgerEntry
    kinds = (EntryKind.CAPTURED, EntryKind.REFUNDED)
    query = (
        select(entry.payment_id, func.sum(entry.amount))
        .where(entry.kind.in_(kinds), entry.payment_id.is_not(None))
        .group_by(entry.payment_id)
    )
    return {payment_id or "": int(amount) for payment_id, amount in await session.execute(query)}


async def _by_tables(session: AsyncSession) -> dict[str, int]:
    returned = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .where(Refund.payment_id == Payment.id, Refund.state == RefundState.PROCESSED)
        .scalar_subquery()
    )
    is_taken = Payment.state.in_(_TAKEN) & Payment.confirmed
    query = select(Payment.id, case((is_taken, Payment.amount), else_=0) - returned)
    return {payment_id: int(amount) for payment_id, amount in await session.execute(query)}


# The gateway's messages

_STRANGE = ("%unknown%", "%not_ours%")  # rows of the state table that fit no order of ours


async def newest_events(context: Context, limit: int, *, only_strange: bool) -> list[GatewayEvent]:
    """The newest first; `only_strange`: those that fitted no order, payment or refund."""
    query = select(GatewayEvent).order_by(GatewayEvent.number.desc()).limit(limit)
    if only_strange:
        query = query.where(or_(*(GatewayEvent.outcome.like(one) for one in _STRANGE)))
    async with context.db.reading() as session:
        return list(await session.scalars(query))
