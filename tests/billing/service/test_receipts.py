"""Issuing: one number after the other, no gap, once an order and once a refund."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from billing.context import Context
from billing.receipts.document import Document
from billing.service.receipts import issue_credit_note, issue_invoice
from billing.store.tables import Order, Payment, Receipt, ReceiptCounter
from tests.billing import seller
from tests.billing.support import NOW, make_context

PARALLEL = 12


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path, **seller.SELLER) as made:
        await seller.furnish(made)
        yield made


async def numbers(context: Context) -> list[str]:
    async with context.db.reading() as session:
        return list(await session.scalars(select(Receipt.number).order_by(Receipt.number)))


async def test_an_invoice_keeps_what_it_says(context: Context) -> None:
    async with context.db.writing() as session:
        receipt = await seller.pay(session, context, 1, list_price=199_900, coupon_code=None)
    document = Document.model_validate(receipt.data)
    assert receipt.number == document.number == "INV/25-26/000001"
    assert (document.buyer.name, document.buyer.state) == ("Asha", "27")
    assert (document.seller.name, document.seller.state) == ("Bright Lessons", "29")
    assert (document.item.list_price, document.item.discount, document.item.total) == (
        199_900,
        50_000,
        149_900,
    )
    assert [(line.name, line.rate, line.amount) for line in document.split.lines] == [
        ("IGST", 18_000, 22_866)
    ]


async def test_an_order_is_invoiced_once(context: Context) -> None:
    async with context.db.writing() as session:
        first = await seller.pay(session, context, 1)
    async with context.db.writing() as session:
        order = await session.get_one(Order, first.order_id)
        payment = await session.get_one(Payment, first.data["payment_id"])
        again = await issue_invoice(session, context.settings, order, payment, NOW + 1)
    assert again.id == first.id
    assert await numbers(context) == ["INV/25-26/000001"]


async def test_a_rollback_gives_the_number_back(context: Context) -> None:
    async def buy_and_fail() -> None:
        async with context.db.writing() as session:
            lost = await seller.pay(session, context, 2)
            assert lost.sequence == 2
            raise ArithmeticError("the transaction fails after its number was given")

    async with context.db.writing() as session:
        await seller.pay(session, context, 1)
    with pytest.raises(ArithmeticError):
        await buy_and_fail()
    async with context.db.writing() as session:
        await seller.pay(session, context, 3, student="ben")
    assert await numbers(context) == ["INV/25-26/000001", "INV/25-26/000002"]


async def crowd(context: Context) -> None:
    """Many buy at the same time, and every third transaction fails after it had its number."""

    async def buy(number: int) -> None:
        async with context.db.writing() as session:
            await seller.pay(session, context, number)
            if number % 3 == 0:
                raise ArithmeticError

    results = await asyncio.gather(*map(buy, range(PARALLEL)), return_exceptions=True)
    kept = sum(result is None for result in results)
    assert kept == PARALLEL - sum(isinstance(result, ArithmeticError) for result in results) == 8
    assert await numbers(context) == [f"INV/25-26/{n:06}" for n in range(1, kept + 1)]
    async with context.db.reading() as session:
        counter = await session.get_one(ReceiptCounter, "INV/25-26")
    assert counter.last == kept


async def test_numbers_given_at_the_same_time_have_no_gap(context: Context) -> None:
    await crowd(context)


async def test_numbers_of_postgresql_have_no_gap(tmp_path: Path, postgres_url: str) -> None:
    async with make_context(tmp_path, database_url=postgres_url, **seller.SELLER) as context:
        await seller.furnish(context)
        await crowd(context)


async def test_series_do_not_share_numbers(context: Context) -> None:
    async with context.db.writing() as session:
        await seller.pay(session, context, 1)
        await seller.give_back(session, context, 1, 149_900)
        context.now.advance(365 * 86_400_000)  # type: ignore[attr-defined]
        await seller.pay(session, context, 2, student="ben")
    assert await numbers(context) == ["CN/25-26/000001", "INV/25-26/000001", "INV/26-27/000001"]


async def test_parts_sent_back_add_up_to_the_invoice(context: Context) -> None:
    async with context.db.writing() as session:
        invoice = Document.model_validate((await seller.pay(session, context, 1)).data)
        rows = [
            await seller.give_back(session, context, 1, part) for part in (33_333, 66_666, 49_901)
        ]
    notes = [Document.model_validate(row.data) for row in rows if row is not None]
    assert [note.number for note in notes] == [f"CN/25-26/{n:06}" for n in (1, 2, 3)]
    assert {note.against.number for note in notes if note.against} == {invoice.number}
    assert sum(note.split.taxable for note in notes) == invoice.split.taxable
    assert sum(line.amount for note in notes for line in note.split.lines) == 22_866


async def test_a_refund_is_credited_once(context: Context) -> None:
    async with context.db.writing() as session:
        await seller.pay(session, context, 1)
        paid = await session.get_one(Payment, "pay_00000000000001")
        sent = seller.refund(1, paid, 100)
        session.add(sent)
        await session.flush()
        first = await issue_credit_note(session, context.settings, sent, NOW)
        second = await issue_credit_note(session, context.settings, sent, NOW + 1)
    assert first is not None
    assert second is not None
    assert first.id == second.id


async def test_money_that_was_never_invoiced_has_no_note(context: Context) -> None:
    async with context.db.writing() as session:
        await seller.pay(session, context, 1)
        twice = seller.payment(9, await session.get_one(Order, "o-0000000000000001"))
        session.add(twice)
        await session.flush()
        assert await seller.give_back(session, context, 9, 149_900) is None
    assert await numbers(context) == ["INV/25-26/000001"]


async def test_a_note_follows_its_invoice_when_settings_changed(context: Context) -> None:
    later = context.settings.model_copy(update={"gst_percent": 5, "seller_state": "27"})
    async with context.db.writing() as session:
        await seller.pay(session, context, 1)
        paid = await session.get_one(Payment, "pay_00000000000001")
        sent = seller.refund(1, paid, 118_00)
        session.add(sent)
        await session.flush()
        row = await issue_credit_note(session, later, sent, NOW)
    assert row is not None
    note = Document.model_validate(row.data)
    assert note.split.taxable == 100_00
    assert [(line.name, line.amount) for line in note.split.lines] == [("IGST", 18_00)]
