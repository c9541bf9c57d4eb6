"""Tax that is contained in a price: parts add up, halves are equal, the place decides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.receipts import tax

KARNATAKA = "29AAGCB7383J1Z4"
TOTALS = st.integers(0, 10**11)
RATES = st.sampled_from((0, 250, 3_000, 5_000, 12_000, 18_000, 28_000, 40_000))
STATES = st.sampled_from(sorted(tax.STATES))


def supply(
    buyer: str | None = None, seller: str | None = "29", rate: int = 18_000, gstin: str | None = ""
) -> tax.Supply:
    return tax.Supply(KARNATAKA if gstin == "" else gstin, rate, seller, buyer)


def shown(found: tax.Tax) -> dict[str, int]:
    return {"taxable": found.taxable} | {part.name: part.amount for part in found.parts}


@pytest.mark.parametrize(
    ("total", "supply", "expected"),
    [
        (118_00, supply("29"), {"taxable": 100_00, "CGST": 9_00, "SGST": 9_00}),
        (118_00, supply("27"), {"taxable": 100_00, "IGST": 18_00}),
        (118_00, supply(None), {"taxable": 100_00, "CGST": 9_00, "SGST": 9_00}),
        (118_00, supply("29", seller=None), {"taxable": 100_00, "CGST": 9_00, "SGST": 9_00}),
        (118_00, supply("38", "38"), {"taxable": 100_00, "CGST": 9_00, "UTGST": 9_00}),
        (118_00, supply("29", gstin=None), {"taxable": 118_00}),
        (118_00, supply("27", rate=0), {"taxable": 118_00}),
        (1_499_00, supply("29"), {"taxable": 1_270_34, "CGST": 114_33, "SGST": 114_33}),
        (1_499_00, supply("07"), {"taxable": 1_270_34, "IGST": 228_66}),
        (1_00, supply("07"), {"taxable": 85, "IGST": 15}),
        (105_00, supply("29", rate=5_000), {"taxable": 100_00, "CGST": 2_50, "SGST": 2_50}),
    ],
)
def test_tax_of_known_totals(total: int, supply: tax.Supply, expected: dict[str, int]) -> None:
    assert shown(tax.included(total, supply)) == expected


def test_place_of_supply_is_the_buyers_state_else_the_sellers() -> None:
    assert supply("27").place == "27"
    assert supply(None).place == "29"
    assert tax.Supply(None, 18_000, None, None).place is None


@given(TOTALS, RATES, STATES, STATES)
def test_parts_add_up_to_the_paise(total: int, rate: int, seller: str, buyer: str) -> None:
    found = tax.included(total, supply(buyer, seller, rate))
    assert found.taxable + sum(part.amount for part in found.parts) == total
    assert sum(part.rate for part in found.parts) == rate
    assert found.taxable >= 0
    assert all(part.amount >= 0 for part in found.parts)


@given(TOTALS, RATES, STATES, STATES)
def test_each_part_is_its_rate_of_the_taxable_value(
    total: int, rate: int, seller: str, buyer: str
) -> None:
    found = tax.included(total, supply(buyer, seller, rate))
    for part in found.parts:
        exact = total * part.rate / (100_000 + rate)
        assert abs(part.amount - exact) <= 0.5 + 1e-3


@given(TOTALS, RATES, STATES)
def test_halves_within_a_state_are_equal(total: int, rate: int, state: str) -> None:
    amounts = {part.amount for part in tax.included(total, supply(state, state, rate)).parts}
    assert len(amounts) <= 1


@given(st.lists(st.integers(1_00, 10**9), min_size=1, max_size=6), RATES, STATES, STATES)
def test_credit_notes_of_an_invoice_add_up_to_its_tax(
    refunds: list[int], rate: int, seller: str, buyer: str
) -> None:
    of = supply(buyer, seller, rate)
    invoice = tax.included(sum(refunds), of)
    notes, before = [], 0
    for amount in refunds:
        note = tax.credited(before, amount, of)
        assert note.taxable + note.amount == amount
        assert note.taxable > 0
        notes.append(shown(note))
        before += amount
    assert shown(invoice) == {name: sum(note[name] for note in notes) for name in shown(invoice)}


@pytest.mark.parametrize("gstin", [KARNATAKA, "27AAPFU0939F1ZV"])
def test_gstins_with_their_check_character(gstin: str) -> None:
    assert tax.is_gstin(gstin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "27AAPFU0939F1ZA",
        "27aapfu0939f1zv",
        "99AAPFU0939F1ZV",
        "27AAPFU0939F1Z",
        "27AAPFU-939F1ZV",
    ],
)
def test_other_texts_are_no_gstin(text: str) -> None:
    assert not tax.is_gstin(text)
