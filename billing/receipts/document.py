"""What an invoice or a credit note says, and how it is numbered. Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from billing.receipts import tax

ReceiptKind = Literal["invoice", "credit_note"]
PREFIXES: dict[ReceiptKind, str] = {"invoice": "INV", "credit_note": "CN"}
MAX_NUMBER = 16  # characters (CGST Rules, 46 (b) and 53 (1A) (c))


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Seller(_Record):
    """Who sells. `state` and `gstin` are None for who is not registered."""

    name: str
    address: str
    gstin: str | None
    state: str | None


class Buyer(_Record):
    """Who buys, as they were called on that day."""

    name: str
    email: str
    state: str | None


class Item(_Record):
    """What was bought: `total` is `list_price` less `discount`, tax included; paise."""

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


def local_day(at: int, zone: str) -> datetime:
    """The moment on the clock of the zone; `at` in ms."""
    return datetime.fromtimestamp(at / 1000, ZoneInfo(zone))


def financial_year(at: int, zone: str) -> str:
    """April to March, as "26-27"."""
    day = local_day(at, zone)
    first = day.year if day.month >= 4 else day.year - 1
    return f"{first % 100:02}-{(first + 1) % 100:02}"


def series_of(kind: ReceiptKind, at: int, zone: str) -> str:
    """The line of numbers that a document of that day belongs to, as "INV/26-27"."""
    return f"{PREFIXES[kind]}/{financial_year(at, zone)}"


def number_of(series: str, sequence: int) -> str:
    """As "INV/26-27/000123": 16 characters at most. After 999,999 the dash makes room."""
    number = f"{series}/{sequence:06}"
    if len(number) > MAX_NUMBER:
        number = number.replace("-", "")
    if len(number) > MAX_NUMBER:
        raise ValueError(f"the series {series} is full")
    return number


def split_of(total: tax.Tax, supply: tax.Supply) -> Split:
    """The tax as it is printed."""
    lines = [TaxLine(name=p.name, rate=p.rate, amount=p.amount) for p in total.parts]
    rate = sum(line.rate for line in lines)
    return Split(taxable=total.taxable, rate=rate, lines=lines, place=supply.place)


def supply_of(invoice: Document) -> tax.Supply:
    """The supply an invoice was issued for: what is credited follows it, not today's settings."""
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
