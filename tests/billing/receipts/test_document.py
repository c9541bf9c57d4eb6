"""Numbers of a series, financial years, what a credit note takes over from its invoice."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.receipts import document as receipts
from tests.billing.receipts.samples import document

INDIA = "Asia/Kolkata"


def at(text: str, zone: str = INDIA) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        ("2026-03-31T23:59:59", "25-26"),
        ("2026-04-01T00:00:00", "26-27"),
        ("2026-12-31T12:00:00", "26-27"),
        ("2027-01-01T00:00:00", "26-27"),
        ("2099-04-01T00:00:00", "99-00"),
    ],
)
def test_the_year_begins_in_april_on_the_sellers_clock(moment: str, year: str) -> None:
    assert receipts.financial_year(at(moment), INDIA) == year


def test_midnight_is_the_sellers() -> None:
    moment = at("2026-04-01T02:00:00")
    assert receipts.financial_year(moment, INDIA) == "26-27"
    assert receipts.financial_year(moment, "UTC") == "25-26"


def test_numbers_name_their_kind_and_year() -> None:
    now = at("2026-12-01T10:00:00")
    assert receipts.number_of(receipts.series_of("invoice", now, INDIA), 123) == "INV/26-27/000123"
    assert receipts.number_of(receipts.series_of("credit_note", now, INDIA), 1) == "CN/26-27/000001"


@given(st.sampled_from(("INV/26-27", "CN/26-27")), st.integers(1, 9_999_999))
def test_numbers_fit_the_rule_and_differ(series: str, sequence: int) -> None:
    number = receipts.number_of(series, sequence)
    assert len(number) <= 16
    assert set(number) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/")
    assert number != receipts.number_of(series, sequence + 1 if sequence < 9_999_999 else 1)
    assert int(number.rpartition("/")[2]) == sequence


def test_a_full_series_is_said() -> None:
    with pytest.raises(ValueError, match="full"):
        receipts.number_of("INV/26-27", 10_000_000)


def test_titles_say_who_may_charge_tax() -> None:
    note = receipts.Returned("r-1", 100, 0, "requested")
    for gstin, titles in (
        ("29AAGCB7383J1Z4", ("Tax invoice", "Credit note")),
        (None, ("Receipt", "Refund receipt")),
    ):
        invoice = document(gstin=gstin)
        assert (invoice.title, receipts.credit_note(invoice, "CN/1", note, 1).title) == titles


def test_a_credit_note_follows_its_invoice() -> None:
    invoice = document(total=118_00, buyer_state="27")
    note = receipts.credit_note(
        invoice, "CN/26-27/000001", receipts.Returned("r-1", 59_00, 0, "requested"), 1_800_000
    )
    assert note.against == receipts.Against(
        number=invoice.number, issued_at=invoice.issued_at, reason="requested"
    )
    assert (note.number, note.issued_at, note.refund_id) == ("CN/26-27/000001", 1_800_000, "r-1")
    assert note.item.total == 59_00
    assert note.split.taxable == 50_00
    assert [(line.name, line.amount) for line in note.split.lines] == [("IGST", 9_00)]
    assert note.buyer == invoice.buyer


@given(st.lists(st.integers(100, 50_000_00), min_size=1, max_size=5), st.sampled_from(("29", "27")))
def test_credit_notes_take_back_what_was_invoiced(amounts: list[int], state: str) -> None:
    invoice = document(total=sum(amounts), buyer_state=state)
    before, taxable, taxes = 0, 0, 0
    for amount in amounts:
        returned = receipts.Returned("r-1", amount, before, "requested")
        note = receipts.credit_note(invoice, "CN/26-27/000001", returned, 0)
        before += amount
        taxable += note.split.taxable
        taxes += sum(line.amount for line in note.split.lines)
    assert taxable == invoice.split.taxable
    assert taxes == sum(line.amount for line in invoice.split.lines)


def test_documents_survive_being_kept() -> None:
    invoice = document()
    assert receipts.Document.model_validate(invoice.model_dump()) == invoice
