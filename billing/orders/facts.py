"""The gateway's messages and answers as facts of one form. Pure: no I/O, no clock.

Amounts are paise; `order_id`, `payment_id`, `refund_id` and `dispute_id` are the gateway's ids.
"""

from dataclasses import dataclass
from enum import StrEnum


class FactKind(StrEnum):
    """The kinds of facts: the first column of the state table."""

    CAPTURED = "payment captured"
    AUTHORIZED = "payment authorized"
    FAILED = "payment failed"
    REFUND_PENDING = "refund pending"
    REFUND_PROCESSED = "refund processed"
    REFUND_FAILED = "refund failed"
    DISPUTE_OPEN = "dispute open"
    DISPUTE_WON = "dispute won"
    DISPUTE_LOST = "dispute lost"


@dataclass(frozen=True, slots=True)
class PaymentCaptured:
    """The money is taken. Not `confirmed`: only the checkout's signature says so, the amount is
    the order's own."""

    payment_id: str
    order_id: str
    amount: int
    currency: str
    confirmed: bool = True

    @property
    def kind(self) -> FactKind:
        return FactKind.CAPTURED


@dataclass(frozen=True, slots=True)
class PaymentAuthorized:
    """The bank holds the money; it is taken by a capture, or goes back by itself."""

    payment_id: str
    order_id: str
    amount: int
    currency: str

    @property
    def kind(self) -> FactKind:
        return FactKind.AUTHORIZED


@dataclass(frozen=True, slots=True)
class PaymentFailed:
    """A try to pay that took no money. `asked`: the gateway was asked just now, so this is no late
    message."""

    payment_id: str
    order_id: str
    amount: int
    currency: str
    reason: str
    asked: bool = False

    @property
    def kind(self) -> FactKind:
        return FactKind.FAILED


_REFUND_KINDS = {
    "pending": FactKind.REFUND_PENDING,
    "processed": FactKind.REFUND_PROCESSED,
    "failed": FactKind.REFUND_FAILED,
}


@dataclass(frozen=True, slots=True)
class RefundMoved:
    """A refund at the gateway; `status` pending, processed or failed; `key`: our refund's id."""

    refund_id: str
    payment_id: str
    amount: int
    status: str
    key: str | None = None

    @property
    def kind(self) -> FactKind:
        return _REFUND_KINDS[self.status]


_DISPUTE_KINDS = {
    "won": FactKind.DISPUTE_WON,
    "closed": FactKind.DISPUTE_WON,
    "lost": FactKind.DISPUTE_LOST,
}


@dataclass(frozen=True, slots=True)
class DisputeMoved:
    """The payer's bank questions a payment; `amount` is what a lost dispute takes."""

    dispute_id: str
    payment_id: str
    amount: int
    status: str

    @property
    def kind(self) -> FactKind:
        return _DISPUTE_KINDS.get(self.status, FactKind.DISPUTE_OPEN)


PaymentFact = PaymentCaptured | PaymentAuthorized | PaymentFailed
Fact = PaymentFact | RefundMoved | DisputeMoved
