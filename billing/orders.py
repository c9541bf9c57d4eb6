"""What a fact about money leads to: the state table of orders, payments and refunds.

Every message of the gateway, whichever way it came, becomes one fact; `decide` answers what it
changes. docs/payments.md shows the table. Pure: no I/O, no clock. Amounts in paise.
"""

from dataclasses import dataclass
from enum import StrEnum


class OrderState(StrEnum):
    """Where a purchase is."""

    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"  # not paid in time
    SUPERSEDED = "superseded"  # price or coupon changed, another order took its place
    CANCELLED = "cancelled"  # the class was cancelled, or sold no more
    REFUNDED = "refunded"


class PaymentState(StrEnum):
    """Where one payment is."""

    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    REFUNDED = "refunded"


class RefundState(StrEnum):
    """Where money on its way back is."""

    DUE = "due"  # decided; the gateway is to be asked
    ASKED = "asked"  # the gateway has it
    PROCESSED = "processed"
    FAILED = "failed"  # given up: somebody has to look at it


class Reason(StrEnum):
    """Why money goes back, or an enrolment has ended."""

    DUPLICATE = "duplicate"
    WRONG_AMOUNT = "wrong_amount"
    CLASS_FULL = "class_full"
    CLASS_GONE = "class_gone"
    PRICE_CHANGED = "price_changed"
    REQUESTED = "requested"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"
    DISPUTED = "disputed"


class Action(StrEnum):
    """What the shell has to do, in one transaction."""

    NOTHING = "nothing"
    NOTE_AUTHORIZED = "note_authorized"
    NOTE_FAILED = "note_failed"
    ENROL = "enrol"  # money is kept: order paid, enrolment, invoice
    SEND_BACK = "send_back"  # money came and can't be kept: a refund is due
    CONFIRM = "confirm"  # the gateway has told the amount of what was taken on a signature's word
    TAKE_BACK = "take_back"  # it told another amount: enrolment ends, a refund is due
    FLAG_DISPUTE = "flag_dispute"
    CLEAR_DISPUTE = "clear_dispute"
    LOSE_DISPUTE = "lose_dispute"  # the bank took the money: the enrolment ends


@dataclass(frozen=True, slots=True)
class Captured:
    """Money was taken. `confirmed`: the gateway told amount and currency itself."""

    payment_id: str
    amount: int
    currency: str
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Authorized:
    """Money is reserved at the bank, not taken yet."""

    payment_id: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A try to pay came to nothing."""

    payment_id: str
    amount: int
    currency: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Disputed:
    """The student's bank asks for the money; `phase`: created, won, lost, closed."""

    payment_id: str
    phase: str


Fact = Captured | Authorized | Failed | Disputed


@dataclass(frozen=True, slots=True)
class Purchase:
    """The order that a fact is about."""

    state: OrderState
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the payment already."""

    state: PaymentState
    amount: int
    currency: str
    confirmed: bool
    holds: bool
    """Whether this payment is the one that the order's enrolment rests on."""
    dispute: str | None = None


@dataclass(frozen=True, slots=True)
class World:
    """Everything else that matters at this moment, read under the class's lock."""

    seat_free: bool
    on_sale: bool
    enrolled_otherwise: bool
    """The student has an active paid enrolment that does not rest on this order."""
    price_holds: bool
    """The order's amount is what the class would cost the student now."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is to be done, and why money goes back."""

    action: Action
    reason: Reason | None = None


NOTHING = Outcome(Action.NOTHING)
_CLOSED = frozenset({OrderState.EXPIRED, OrderState.SUPERSEDED, OrderState.CANCELLED})
_TAKEN = frozenset({PaymentState.CAPTURED, PaymentState.REFUNDED})


def decide(order: Purchase, payment: Known | None, fact: Fact, world: World) -> Outcome:
    """What this fact changes; the same fact a second time changes nothing."""
    match fact:
        case Captured():
            if payment is not None and payment.state in _TAKEN:
                return _again(payment, fact)
            return _captured(order, fact, world)
        case Authorized():
            return Outcome(Action.NOTE_AUTHORIZED) if payment is None else NOTHING
        case Failed():
            return _failed(payment)
        case Disputed():
            return _disputed(payment, fact)


def _captured(order: Purchase, fact: Captured, world: World) -> Outcome:
    """The first that is heard of this money: keep it, or send it back."""
    reason = _why_not(order, fact, world)
    return Outcome(Action.ENROL) if reason is None else Outcome(Action.SEND_BACK, reason)


def _why_not(order: Purchase, fact: Captured, world: World) -> Reason | None:
    if order.state in (OrderState.PAID, OrderState.REFUNDED) or world.enrolled_otherwise:
        return Reason.DUPLICATE
    if (fact.amount, fact.currency) != (order.amount, order.currency):
        return Reason.WRONG_AMOUNT
    if not world.on_sale:
        return Reason.CLASS_GONE
    if not world.seat_free:
        return Reason.CLASS_FULL
    if order.state in _CLOSED and not world.price_holds:
        return Reason.PRICE_CHANGED
    return None


def _again(payment: Known, fact: Captured) -> Outcome:
    """Heard of before: only what the gateway itself says can still matter, and only once."""
    if payment.confirmed or not fact.confirmed:
        return NOTHING
    if (fact.amount, fact.currency) == (payment.amount, payment.currency):
        return Outcome(Action.CONFIRM)
    if payment.holds:
        return Outcome(Action.TAKE_BACK, Reason.WRONG_AMOUNT)
    return Outcome(Action.CONFIRM)


def _failed(payment: Known | None) -> Outcome:
    """A failure that comes after the money did is an old one: tries may fail, then succeed."""
    if payment is None or payment.state is PaymentState.AUTHORIZED:
        return Outcome(Action.NOTE_FAILED)
    return NOTHING


def _disputed(payment: Known | None, fact: Disputed) -> Outcome:
    if payment is None or payment.state not in _TAKEN or payment.dispute == "lost":
        return NOTHING
    if fact.phase == "lost":
        return Outcome(Action.LOSE_DISPUTE, Reason.DISPUTED)
    if fact.phase in ("won", "closed"):
        return Outcome(Action.CLEAR_DISPUTE) if payment.dispute == "created" else NOTHING
    return Outcome(Action.FLAG_DISPUTE) if payment.dispute is None else NOTHING


@dataclass(frozen=True, slots=True)
class RefundStep:
    """What the gateway tells of a refund: pending (it has it), processed, failed."""

    state: RefundState
    again_in: int | None = None
    """ms until it is tried again; None: not."""


FIRST_TRY_AGAIN = 30_000
LONGEST_WAIT = 6 * 3_600_000
MAX_TRIES = 20


def refund_moved(state: RefundState, told: str, attempts: int) -> RefundStep | None:
    """What a refund becomes by the gateway's word; None: nothing changes (late, twice)."""
    if state is RefundState.PROCESSED:
        return None
    if told == "processed":
        return RefundStep(RefundState.PROCESSED)
    if told == "failed":
        return None if state is RefundState.FAILED else try_again(attempts)
    return RefundStep(RefundState.ASKED) if state is RefundState.DUE else None


def try_again(attempts: int) -> RefundStep:
    """After a failed try: later and later, and in the end somebody has to look at it."""
    if attempts >= MAX_TRIES:
        return RefundStep(RefundState.FAILED)
    return RefundStep(RefundState.DUE, min(FIRST_TRY_AGAIN << min(attempts, 16), LONGEST_WAIT))
