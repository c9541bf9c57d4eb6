"""The states of an order, a payment and a refund, and the record of one decision. The state table
is in `billing.orders.table`. Pure: no I/O, no clock."""

from dataclasses import dataclass, field
from enum import StrEnum

from billing.orders.facts import FactKind


class OrderState(StrEnum):
    """`superseded`: another order of the same student took its place."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class PaymentState(StrEnum):
    """`refunded`: all of it went back."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    REFUNDED = "refunded"


class RefundState(StrEnum):
    """`due`: the gateway is still to be asked; `failed`: it tried and will be asked again;
    `elsewhere`: nothing is left to send, it went another way."""

    DUE = "due"
    ASKED = "asked"
    PROCESSED = "processed"
    FAILED = "failed"
    ELSEWHERE = "elsewhere"


class PaymentStanding(StrEnum):
    """A payment as it was known before the fact. `promised`: captured by the checkout's signature
    alone, amount not yet confirmed."""

    UNKNOWN = "unknown"
    AUTHORIZED = "authorized"
    FAILED = "failed"
    PROMISED = "promised"
    CAPTURED = "captured"
    REFUNDED = "refunded"


class EnrolledThrough(StrEnum):
    """Whether the student is in the class already, and through which order. `this`: this very
    one."""

    NOTHING = "no"
    THIS = "this"
    OTHER = "other"


class RowAction(StrEnum):
    """The action of a row."""

    NOTHING = "change nothing"
    RECORD = "record the event alone"
    CAPTURE = "ask the gateway to capture"
    ENROL = "enrol"
    CONFIRM = "confirm the amount"
    REFUND = "send the money back"
    END_AND_REFUND = "end the enrolment, send the money back"
    NOTE_FAILURE = "note the failure"
    WITHDRAW = "end the enrolment, cancel the order"
    ADOPT = "add the gateway's refund"
    ASKED = "refund under way"
    PROCESSED = "refund done"
    RETRY = "refund due again"
    FLAG = "flag the payment"
    UNFLAG = "clear the flag"
    BOOK_LOSS = "book the loss"
    CHARGE_BACK = "end the enrolment, book the loss"


class Reason(StrEnum):
    """The reason for which money goes back."""

    DUPLICATE = "duplicate"
    WRONG_AMOUNT = "wrong_amount"
    CLASS_FULL = "class_full"
    CLASS_GONE = "class_gone"
    PRICE_CHANGED = "price_changed"
    ORDER_CLOSED = "order_closed"
    REQUESTED = "requested"
    CLASS_CANCELLED = "class_cancelled"
    GATEWAY = "gateway"


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision rests on. `order` None: it is unknown. `offer`: price and discount are
    still those of the order. `refunding`: a refund of the payment is written down. `refund`: the
    state of the refund in question, `same`: the fact speaks of its latest try at the gateway.
    `whole`: with what a lost dispute takes, nothing of the payment is left."""

    kind: FactKind
    order: OrderState | None = None
    payment: PaymentStanding = PaymentStanding.UNKNOWN
    confirmed: bool = True
    right_amount: bool = True
    enrolled: EnrolledThrough = EnrolledThrough.NOTHING
    seat: bool = True
    on_sale: bool = True
    offer: bool = True
    refunding: bool = False
    asked: bool = False
    refund: RefundState | None = None
    same: bool = True
    dispute: str | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the state table: it fits when each named part of the situation is one of the
    values. `why` is for the table in docs/payments.md."""

    name: str
    kind: FactKind
    action: RowAction
    why: str
    reason: Reason | None = None
    when: dict[str, frozenset[object]] = field(default_factory=dict)

    def fits(self, situation: Situation) -> bool:
        """Whether this row speaks of the situation."""
        return self.kind == situation.kind and all(
            getattr(situation, part) in values for part, values in self.when.items()
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision about a fact: the row's name, its action, and the reason if money goes back."""

    row: str
    action: RowAction
    reason: Reason | None = None
    order_id: str | None = None
    payment_id: str | None = None
