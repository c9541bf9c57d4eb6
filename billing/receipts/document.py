"""An invoice or a credit note: what it says, its number, and the text that is printed, which the
page and the PDF only lay out. Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from billing.receipts import tax
from billing.receipts.tax import STATES
from billing.text.amounts import in_words, money, percent
from billing.text.days import local_time

ReceiptKind = Literal["invoice", "credit_note"]
PREFIXES: dict[ReceiptKind, str] = {"invoice": "INV", "credit_note": "CN"}
MAX_NUMBER = 16  # characters (CGST Rules, 46 (b) and 53 (1A) (c))


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seller(_Record):
    """The seller. `state` and `gstin` are None for one that is not registered."""

    name: str
    address: str
    gstin: str | None
    state: str | None


class Buyer(_Record):
    """The buyer, as they were called on that day."""

    name: str
    email: str
    state: str | None


class Item(_Record):
    """The class that was bought: `total` is `list_price` less `discount`, tax included; paise."""

    class_id: str
    title: str
    hsn_sac: str
    list_price: int
    discount: int
    coupon: str | None
    total: int
    currency: str


class TaxLine(_Record):
    """One tax; `rate` in thousandths of a percent."""

    name: str
    rate: int
    amount: int


class Split(_Record):
    """The total taken apart. `rate` of all taxes together; `place`: the place of supply."""

    taxable: int
    rate: int
    lines: list[TaxLine]
    place: str | None


class Against(_Record):
    """The invoice that a credit note takes back, and why."""

    number: str
    issued_at: int
    reason: str


class Document(_Record):
    """All that is printed. Later changes of names, prices or settings do not touch it."""

    kind: ReceiptKind
    number: str
    issued_at: int
    zone: str
    seller: Seller
    buyer: Buyer
    item: Item
    split: Split
    order_id: str
    payment_id: str
    refund_id: str | None = None
    against: Against | None = None

    @property
    def title(self) -> str:
        """Only a registered seller issues tax invoices, bills of supply and credit notes."""
        if not self.seller.gstin:
            return "Receipt" if self.kind == "invoice" else "Refund receipt"
        if self.kind == "credit_note":
            return "Credit note"
        return "Tax invoice" if self.split.lines else "Bill of supply"


def financial_year(at: int, zone: str) -> str:
    """The financial year, April to March, as "26-27"."""
    day = local_time(at, zone)
    first = day.year if day.month >= 4 else day.year - 1
    return f"{first % 100:02}-{(first + 1) % 100:02}"


def series_of(kind: ReceiptKind, at: int, zone: str) -> str:
    """The series that the numbers of that day belong to, as "INV/26-27"."""
    return f"{PREFIXES[kind]}/{financial_year(at, zone)}"


def number_of(series: str, sequence: int) -> str:
    """A number as "INV/26-27/000123": 16 characters at most. After 999,999 the dash makes room."""
    number = f"{series}/{sequence:06}"
    if len(number) > MAX_NUMBER:
        number = number.replace("-", "")
    if len(number) > MAX_NUMBER:
        raise ValueError(f"the series {series} is full")
    return number


def split_of(total: tax.Tax, supply: tax.Supply) -> Split:
    """The total taken apart as it is printed."""
    lines = [TaxLine(name=p.name, rate=p.rate, amount=p.amount) for p in total.parts]
    rate = sum(line.rate for line in lines)
    return Split(taxable=total.taxable, rate=rate, lines=lines, place=supply.place)


def supply_of(invoice: Document) -> tax.Supply:
    """The supply an invoice was issued for: its credit notes follow it, not today's settings."""
    seller = invoice.seller
    return tax.Supply(seller.gstin, invoice.split.rate, seller.state, invoice.split.place)


@dataclass(frozen=True, slots=True)
class Returned:
    """A refund of invoiced money, and how much of the invoice went back `before` it; paise."""

    refund_id: str
    amount: int
    before: int
    reason: str


def credit_note(invoice: Document, number: str, returned: Returned, now: int) -> Document:
    """The note that takes `returned` of the invoice back; `now` in ms."""
    supply = supply_of(invoice)
    credited = tax.credited(returned.before, returned.amount, supply)
    return invoice.model_copy(
        update={
            "kind": "credit_note",
            "number": number,
            "issued_at": now,
            "item": invoice.item.model_copy(update={"total": returned.amount}),
            "split": split_of(credited, supply),
            "refund_id": returned.refund_id,
            "against": Against(
                number=invoice.number, issued_at=invoice.issued_at, reason=returned.reason
            ),
        }
    )


# As text

_REASONS = {
    "class_cancelled": "The class was cancelled",
    "class_changed": "The class was changed or missed",
    "class_full": "The class was full",
    "class_gone": "The class was over",
    "duplicate": "Paid twice",
    "mistake": "Paid by mistake",
    "price_changed": "The price had changed",
    "requested": "Asked for by the student",
    "technical": "Technical trouble",
    "wrong_amount": "Another amount than asked",
}
_UNSIGNED = "Made by a computer; it needs no signature."


@dataclass(frozen=True, slots=True)
class PrintedReceipt:
    """A receipt as text. `facts` and `sums` are pairs of a label and its value."""

    title: str
    number: str
    issued: datetime
    date: str
    seller: tuple[str, ...]
    buyer: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    item: str
    hsn_sac: str
    price: str
    sums: tuple[tuple[str, str], ...]
    total_label: str
    total: str
    words: str
    notes: tuple[str, ...]


def printed_of(document: Document) -> PrintedReceipt:
    """The text of a document."""
    item = document.item
    is_refund = document.against is not None
    return PrintedReceipt(
        title=document.title,
        number=document.number,
        issued=local_time(document.issued_at, document.zone),
        date=day(document.issued_at, document.zone),
        seller=_seller(document),
        buyer=(document.buyer.name, document.buyer.email, *_state(document.buyer.state)),
        facts=tuple(_facts(document)),
        item=f"Refund of {item.title}" if is_refund else item.title,
        hsn_sac=item.hsn_sac,
        price=money(item.total if is_refund else item.list_price, item.currency),
        sums=tuple(_sums(document)),
        total_label="Total returned" if is_refund else "Total paid",
        total=money(item.total, item.currency),
        words=in_words(item.total) if item.currency == "INR" else "",
        notes=_notes(document),
    )


def day(at: int, zone: str) -> str:
    """A day as "24 November 2026"; `at` in ms."""
    return f"{local_time(at, zone):%-d %B %Y}"


def state_name(code: str) -> str:
    """A state as "Karnataka (29)"."""
    return f"{STATES.get(code, 'State')} ({code})"


def _seller(document: Document) -> tuple[str, ...]:
    seller = document.seller
    address = [line.strip() for line in seller.address.splitlines() if line.strip()]
    gstin = (f"GSTIN {seller.gstin}",) if seller.gstin else ()
    return (seller.name, *address, *_state(seller.state), *gstin)


def _state(code: str | None) -> tuple[str, ...]:
    return (state_name(code),) if code else ()


def _facts(document: Document) -> list[tuple[str, str]]:
    facts = []
    if document.against is not None:
        against = document.against
        facts.append(("Invoice", against.number))
        facts.append(("Invoice date", day(against.issued_at, document.zone)))
        facts.append(("Reason", reason(against.reason)))
        facts.append(("Refund", document.refund_id or ""))
    if document.seller.gstin and document.split.place:
        facts.append(("Place of supply", state_name(document.split.place)))
    return [*facts, ("Order", document.order_id), ("Payment", document.payment_id)]


def reason(code: str) -> str:
    """The reason for a refund, as a person reads it."""
    return _REASONS.get(code, code.replace("_", " ").capitalize())


def _sums(document: Document) -> list[tuple[str, str]]:
    item, sums = document.item, []
    if item.discount and document.against is None:
        coupon = f" ({item.coupon})" if item.coupon else ""
        sums.append((f"Discount{coupon}", money(-item.discount, item.currency)))
    if document.split.lines:
        sums.append(("Taxable value", money(document.split.taxable, item.currency)))
    for line in document.split.lines:
        sums.append((f"{line.name} {percent(line.rate)}", money(line.amount, item.currency)))
    return sums


def _notes(document: Document) -> tuple[str, ...]:
    if not document.seller.gstin:
        return ("The seller is not registered for GST; no tax is charged.", _UNSIGNED)
    if not document.split.lines:
        return ("This supply is exempt: no tax is charged.", _UNSIGNED)
    return ("The price includes tax. Tax payable on reverse charge: no.", _UNSIGNED)
