"""The ledger as CSV: every entry once, balances that add up, nothing that a spreadsheet runs."""

import csv
import io
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.context import Context
from billing.service import journal
from billing.service.journal import BATCH, COLUMNS, decimal, harmless
from billing.service.reports import Span
from billing.store.tables import Class, LedgerEntry, User
from tests.billing import seller
from tests.billing.support import NOW, make_context

HOSTILE = [
    '=HYPERLINK("http://x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "|x",
    "\uff1d1",
]


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path, **seller.SELLER) as made:
        await seller.furnish(made)
        yield made


def entry(number: int, amount: int, **values: object) -> LedgerEntry:
    fields: dict[str, object] = {
        "key": f"captured:{number}",
        "at": NOW + number,
        "kind": "captured" if amount >= 0 else "refunded",
        "amount": amount,
        "currency": "INR",
        "source": "webhook",
        "note": "",
        **values,
    }
    return LedgerEntry(**fields)


async def add(context: Context, *entries: LedgerEntry) -> None:
    async with context.db.writing() as session:
        session.add_all(entries)


async def export(context: Context, span: Span | None = None) -> list[dict[str, str]]:
    text = "".join([lines async for lines in journal.lines(context, span or Span())])
    return list(csv.DictReader(io.StringIO(text, newline="")))


async def test_an_empty_ledger_has_its_header(context: Context) -> None:
    text = "".join([lines async for lines in journal.lines(context, Span())])
    assert text == ",".join(COLUMNS) + "\r\n"


async def test_a_line_says_who_what_and_when(context: Context) -> None:
    await add(
        context,
        entry(
            *(1, 1_499_00),
            user_id="u-asha",
            class_id="maths",
            order_id="o-1",
            payment_id="pay_1",
            note="usual",
        ),
    )
    assert await export(context) == [
        {
            "number": "1",
            "time": "2025-11-24T21:30:00.001+05:30",
            "kind": "captured",
            "amount": "1499.00",
            "currency": "INR",
            "balance": "1499.00",
            "student": "u-asha",
            "student_name": "Asha",
            "class": "maths",
            "class_title": "Maths",
            "order": "o-1",
            "payment": "pay_1",
            "refund": "",
            "source": "webhook",
            "event": "",
            "note": "usual",
        }
    ]


async def test_every_entry_comes_once_and_in_order(context: Context) -> None:
    count = 2 * BATCH + 1
    await add(context, *(entry(number, number) for number in range(count)))
    rows = await export(context)
    assert [row["amount"] for row in rows] == [decimal(number) for number in range(count)]
    assert Decimal(rows[-1]["balance"]) == sum(Decimal(row["amount"]) for row in rows)


async def test_balances_are_of_a_currency_and_know_what_came_before(context: Context) -> None:
    await add(
        context,
        entry(1, 100_00),
        entry(2, 7_00, currency="USD"),
        entry(3, 50_00),
        entry(4, -30_00),
        entry(5, 1_00, currency="USD"),
        entry(6, 5_00),
    )
    rows = await export(context, Span(NOW + 3, NOW + 6))
    assert [(row["amount"], row["balance"]) for row in rows] == [
        ("50.00", "150.00"),
        ("-30.00", "120.00"),
        ("1.00", "8.00"),
    ]


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_is_a_formula(context: Context, text: str) -> None:
    async with context.db.writing() as session:
        (await session.get_one(User, "u-asha")).name = text
        (await session.get_one(Class, "maths")).title = text
    await add(context, entry(1, 100, user_id="u-asha", class_id="maths", note=text, source=text))
    (row,) = await export(context)
    for column in ("student_name", "class_title", "note", "source"):
        assert row[column] == f"'{text}"


async def test_quotes_commas_and_scripts_survive(context: Context) -> None:
    note = 'He said "no", twice;\nगणित'
    await add(context, entry(1, 100, note=note))
    assert (await export(context))[0]["note"] == note


@given(st.integers(-(10**13), 10**13))
def test_decimals_are_exact(paise: int) -> None:
    assert Decimal(decimal(paise)) * 100 == paise


@given(st.text(max_size=20))
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    kept = harmless(text)
    assert kept in (text, "'" + text)
    assert not kept.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
