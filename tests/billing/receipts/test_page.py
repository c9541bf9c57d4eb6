"""The receipt as a page: all that the law wants is on it, and nothing of it is markup."""

from html.parser import HTMLParser

import pytest

from billing.receipts import document as receipts
from billing.receipts import page as receipt_page
from billing.receipts.document import printed_of
from tests.billing.receipts.samples import GSTIN, document

HOSTILE = "<script>alert(1)</script>\"'&$title${x}"


class Words(HTMLParser):
    """The text of a page and the names of its elements."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def shown(of: receipts.Document) -> Words:
    return Words(receipt_page.render(printed_of(of), "/receipts/x.pdf"))


def test_an_invoice_says_what_the_rule_asks_for() -> None:
    text = shown(document(total=1_499_00, discount=500_00)).text
    for expected in (
        *("Tax invoice", "INV/26-27/000123", "24 November 2026", "Bright Lessons"),
        *(f"GSTIN {GSTIN}", "Asha Rao", "Maharashtra (27)", "Karnataka (29)", "Place of supply"),
        *("Maths for class 8", "999293", "Taxable value", "₹1,270.34", "IGST 18 %", "₹228.66"),
        *("₹1,999.00", "Discount (DIWALI)", "-₹500.00", "₹1,499.00"),
        *("Rupees one thousand four hundred ninety-nine only",),
        "The price includes tax. Tax payable on reverse charge: no.",
    ):
        assert expected in text


def test_halves_stand_apart_within_the_state() -> None:
    text = shown(document(buyer_state="29")).text
    assert [text[text.index(name) + 1] for name in ("CGST 9 %", "SGST 9 %")] == ["₹114.33"] * 2
    assert "IGST 18 %" not in text


def test_who_is_not_registered_charges_no_tax() -> None:
    text = shown(document(gstin=None)).text
    assert "Receipt" in text
    assert not {"Taxable value", "Place of supply", "Tax invoice"} & set(text)
    assert "The seller is not registered for GST; no tax is charged." in text


def test_an_exempt_supply_has_a_bill_without_tax() -> None:
    text = shown(document(rate=0)).text
    assert {"Bill of supply", "This supply is exempt: no tax is charged."} <= set(text)
    assert "Taxable value" not in text


def test_a_credit_note_names_its_invoice_and_reason() -> None:
    returned = receipts.Returned("r-1", 100_00, 0, "class_full")
    text = shown(receipts.credit_note(document(), "CN/26-27/000001", returned, 0)).text
    for expected in ("Credit note", "INV/26-27/000123", "The class was full", "r-1", "₹100.00"):
        assert expected in text
    assert "Refund of Maths for class 8" in text


def test_nothing_of_a_paper_is_markup() -> None:
    plain = shown(document(address="Bengaluru"))
    hostile = shown(document(title=HOSTILE, buyer=HOSTILE, address=HOSTILE))
    assert hostile.tags == plain.tags
    assert hostile.text.count(HOSTILE) == 3


def test_the_page_needs_only_its_own_files() -> None:
    page = shown(document())
    assert "script" not in page.tags
    assert "style" not in page.tags
    assert {link.partition("/static/")[0] for link in page.links} == {
        "",
        "/me#receipts",
        "/receipts/x.pdf",
    }
    assert "default-src 'none'" in receipt_page.POLICY
    assert "script-src" not in receipt_page.POLICY


@pytest.mark.parametrize("reason", ["requested", "something_new"])
def test_reasons_are_words(reason: str) -> None:
    returned = receipts.Returned("r-1", 100_00, 0, reason)
    text = shown(receipts.credit_note(document(), "CN/26-27/000001", returned, 0)).text
    assert not [word for word in text if "_" in word and "r-1" not in word and "pay_" not in word]


def test_a_missing_receipt_is_said_on_a_page() -> None:
    page = Words(receipt_page.render_missing("There is none <b>here</b>."))
    assert "There is none <b>here</b>." in page.text
    assert "b" not in page.tags
