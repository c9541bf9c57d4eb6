"""The ledger as CSV, a batch at a time; and whether it agrees with payments and refunds."""

import csv
import io
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, select

from billing.context import Context
from billing.service.reports import Span
from billing.store.tables import Class, LedgerEntry, User

BATCH = 500
COLUMNS = (
    *("number", "time", "kind", "amount", "currency", "balance", "student", "student_name"),
    *("class", "class_title", "order", "payment", "refund", "source", "event", "note"),
)
# What spreadsheets take for the begin of a formula; at last the wide forms of = + - @.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", *"\uff1d\uff0b\uff0d\uff20")

_Row = Row[LedgerEntry, str, str]  # name and title are None where nobody is named


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
        datetime.fromtimestamp(entry.at / 1000, ZoneInfo(zone)).isoformat(timespec="milliseconds"),
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
    """As "-1499.00": a number for every program."""
    whole, part = divmod(abs(paise), 100)
    return f"{'-' if paise < 0 else ''}{whole}.{part:02}"


def harmless(text: str) -> str:
    """A text that a spreadsheet does not run: a class may be titled "=HYPERLINK(…)"."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(rows: Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows(rows)
    return written.getvalue()
