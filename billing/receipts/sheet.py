"""What stands on a printed receipt, as text: the page and the PDF only place it.
Pure: no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime

from billing.receipts.document import Document, local_day
from billing.receipts.tax import STATES
from billing.text.amounts import in_words, money, percent

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
    """A receipt in words. `facts` and `sums` are pairs of a label and its value."""

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
    """The words of a document."""
    item = document.item
    is_refund = document.against is not None
    return PrintedReceipt(
        title=document.title,
        number=document.number,
        issued=local_day(document.issued_at, document.zone),
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
    """As "24 November 2026"; `at` in ms."""
    return f"{local_day(at, zone):%-d %B %Y}"


def state_name(code: str) -> str:
    """As "Karnataka (29)"."""
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
    """Why money went back, as a person reads it."""
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
