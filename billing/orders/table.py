"""The state table: the first row that fits decides. Pure: no I/O, no clock."""

from billing.orders.facts import FactKind
from billing.orders.states import (
    EnrolledThrough,
    OrderState,
    Outcome,
    PaymentStanding,
    Reason,
    RefundState,
    Row,
    RowAction,
    Situation,
)

_KNOWN = (PaymentStanding.PROMISED, PaymentStanding.CAPTURED, PaymentStanding.REFUNDED)


def _row(
    name: str,
    kind: FactKind,
    action: RowAction,
    why: str,
    reason: Reason | None = None,
    **when: object,
) -> Row:
    parts = {
        part: frozenset(value) if isinstance(value, tuple) else frozenset((value,))
        for part, value in when.items()
    }
    return Row(name, kind, action, why, reason, parts)


_CAPTURED = (
    _row(
        *("unknown_order", FactKind.CAPTURED, RowAction.RECORD),
        "A payment of an order that is not ours: kept for the admin to look at.",
        order=None,
    ),
    _row(
        *("captured_twice", FactKind.CAPTURED, RowAction.NOTHING),
        "The same payment told again, by another way or a repeated webhook.",
        payment=(PaymentStanding.CAPTURED, PaymentStanding.REFUNDED),
    ),
    _row(
        *("promised_twice", FactKind.CAPTURED, RowAction.NOTHING),
        "The checkout's signature shown again while the gateway cannot be reached.",
        payment=PaymentStanding.PROMISED,
        confirmed=False,
    ),
    _row(
        *("confirmed", FactKind.CAPTURED, RowAction.CONFIRM),
        "The gateway confirms what the checkout's signature promised: ledger and receipt follow.",
        payment=PaymentStanding.PROMISED,
        right_amount=True,
    ),
    _row(
        *("confirmed_while_refunding", FactKind.CAPTURED, RowAction.CONFIRM),
        "A promised payment on its way back had another amount: that amount goes back.",
        payment=PaymentStanding.PROMISED,
        refunding=True,
    ),
    _row(
        *("confirmed_wrong_amount", FactKind.CAPTURED, RowAction.END_AND_REFUND),
        "The gateway took another amount than the signature let us believe.",
        Reason.WRONG_AMOUNT,
        payment=PaymentStanding.PROMISED,
    ),
    _row(
        *("wrong_amount", FactKind.CAPTURED, RowAction.REFUND),
        "Amount or currency is not the order's: the student is not enrolled for it.",
        Reason.WRONG_AMOUNT,
        right_amount=False,
    ),
    _row(
        *("second_payment", FactKind.CAPTURED, RowAction.REFUND),
        "Another payment of an order that is paid (two tabs, two devices).",
        Reason.DUPLICATE,
        order=OrderState.PAID,
    ),
    _row(
        *("enrolled_already", FactKind.CAPTURED, RowAction.REFUND),
        "The student is in the class already, through another order or without one.",
        Reason.DUPLICATE,
        enrolled=(EnrolledThrough.THIS, EnrolledThrough.OTHER),
    ),
    _row(
        *("class_gone", FactKind.CAPTURED, RowAction.REFUND),
        "The class was cancelled or has ended.",
        Reason.CLASS_GONE,
        on_sale=False,
    ),
    _row(
        *("order_closed", FactKind.CAPTURED, RowAction.REFUND),
        "The order was cancelled, or its money sent back, before this payment came.",
        Reason.ORDER_CLOSED,
        order=(OrderState.CANCELLED, OrderState.REFUNDED),
    ),
    _row(
        *("class_full", FactKind.CAPTURED, RowAction.REFUND),
        "The last seat went while the student paid.",
        Reason.CLASS_FULL,
        seat=False,
    ),
    _row(
        *("price_changed", FactKind.CAPTURED, RowAction.REFUND),
        "The price, or the coupon's last use, went before the payment came.",
        Reason.PRICE_CHANGED,
        offer=False,
    ),
    _row(
        *("paid", FactKind.CAPTURED, RowAction.ENROL),
        "The usual way.",
        order=OrderState.OPEN,
    ),
    _row(
        *("paid_late", FactKind.CAPTURED, RowAction.ENROL),
        "The order had run out or was replaced, but price and seat are still there.",
        order=(OrderState.EXPIRED, OrderState.SUPERSEDED),
    ),
)

_AUTHORIZED = (
    _row(
        *("authorized_unknown_order", FactKind.AUTHORIZED, RowAction.RECORD),
        "An authorization of an order that is not ours.",
        order=None,
    ),
    _row(
        *("authorized_late", FactKind.AUTHORIZED, RowAction.NOTHING),
        "Told after the capture (reordered).",
        payment=(PaymentStanding.CAPTURED, PaymentStanding.REFUNDED),
    ),
    _row(
        *("authorized", FactKind.AUTHORIZED, RowAction.CAPTURE),
        "Money held but not taken: it is captured, then decided as a captured payment.",
    ),
)

_FAILED = (
    _row(
        *("failed_unknown_order", FactKind.FAILED, RowAction.RECORD),
        "A failure of an order that is not ours.",
        order=None,
    ),
    _row(
        *("withdrawn", FactKind.FAILED, RowAction.WITHDRAW),
        "Asked, the gateway says that a promised payment failed after all: no money was taken.",
        payment=PaymentStanding.PROMISED,
        asked=True,
    ),
    _row(
        *("failed_after_captured", FactKind.FAILED, RowAction.NOTHING),
        "Told after the capture (reordered): a payment that was taken cannot fail.",
        payment=_KNOWN,
    ),
    _row(
        *("failed_twice", FactKind.FAILED, RowAction.NOTHING),
        "The same failure told again.",
        payment=PaymentStanding.FAILED,
    ),
    _row(
        *("failed", FactKind.FAILED, RowAction.NOTE_FAILURE),
        "The order stays as it is: the student may try again.",
    ),
)

_REFUNDS = (
    _row(
        *("refund_pending_unknown", FactKind.REFUND_PENDING, RowAction.RECORD),
        "A refund of a payment that is not ours.",
        payment=PaymentStanding.UNKNOWN,
    ),
    _row(
        *("refund_processed_unknown", FactKind.REFUND_PROCESSED, RowAction.RECORD),
        "A refund of a payment that is not ours.",
        payment=PaymentStanding.UNKNOWN,
    ),
    _row(
        *("refund_failed_unknown", FactKind.REFUND_FAILED, RowAction.RECORD),
        "A refund of a payment that is not ours.",
        payment=PaymentStanding.UNKNOWN,
    ),
    _row(
        *("refund_begun_elsewhere", FactKind.REFUND_PENDING, RowAction.ADOPT),
        "Begun in the gateway's dashboard: added here, a full one ends the enrolment.",
        refund=None,
    ),
    _row(
        *("refund_asked", FactKind.REFUND_PENDING, RowAction.ASKED),
        "The gateway has our refund.",
        refund=RefundState.DUE,
    ),
    _row(
        *("refund_asked_again", FactKind.REFUND_PENDING, RowAction.ASKED),
        "The gateway has our refund, after an earlier try failed.",
        refund=RefundState.FAILED,
        same=False,
    ),
    _row(
        *("refund_pending_late", FactKind.REFUND_PENDING, RowAction.NOTHING),
        "Known, or told after its end (reordered).",
    ),
    _row(
        *("refund_made_elsewhere", FactKind.REFUND_PROCESSED, RowAction.ADOPT),
        "Made in the gateway's dashboard: added here with its ledger entry.",
        refund=None,
    ),
    _row(
        *("refund_made_twice", FactKind.REFUND_PROCESSED, RowAction.ADOPT),
        "A second refund at the gateway for one of ours: the ledger tells it.",
        refund=(RefundState.ASKED, RefundState.PROCESSED),
        same=False,
    ),
    _row(
        *("refund_processed_twice", FactKind.REFUND_PROCESSED, RowAction.NOTHING),
        "The same end told again.",
        refund=RefundState.PROCESSED,
    ),
    _row(
        *("refund_processed", FactKind.REFUND_PROCESSED, RowAction.PROCESSED),
        "The money is on its way to the student: ledger, credit note.",
    ),
    _row(
        *("refund_failed_elsewhere", FactKind.REFUND_FAILED, RowAction.RECORD),
        "A refund that was begun elsewhere came to nothing.",
        refund=None,
    ),
    _row(
        *("refund_failed_at_last", FactKind.REFUND_FAILED, RowAction.NOTHING),
        "Told after the money went (reordered).",
        refund=(RefundState.PROCESSED, RefundState.ELSEWHERE),
    ),
    _row(
        *("refund_failed_old_try", FactKind.REFUND_FAILED, RowAction.NOTHING),
        "The failure of an earlier try, told after the next one.",
        refund=RefundState.ASKED,
        same=False,
    ),
    _row(
        *("refund_failed_twice", FactKind.REFUND_FAILED, RowAction.NOTHING),
        "The same failure told again.",
        refund=RefundState.FAILED,
        same=True,
    ),
    _row(
        *("refund_failed", FactKind.REFUND_FAILED, RowAction.RETRY),
        "The money is still owed: asked for again, ever later; admins see it.",
    ),
)

_DISPUTES = (
    _row(
        *("dispute_unknown", FactKind.DISPUTE_OPEN, RowAction.RECORD),
        "A dispute about a payment that is not ours.",
        payment=PaymentStanding.UNKNOWN,
    ),
    _row(
        *("dispute_late", FactKind.DISPUTE_OPEN, RowAction.NOTHING),
        "Known, or told after its end (reordered).",
        dispute=("open", "won", "lost"),
    ),
    _row(
        *("dispute_open", FactKind.DISPUTE_OPEN, RowAction.FLAG),
        "The payer's bank asks: admins see the flag; the student stays.",
    ),
    _row(
        *("dispute_won_unknown", FactKind.DISPUTE_WON, RowAction.RECORD),
        "A dispute about a payment that is not ours.",
        payment=PaymentStanding.UNKNOWN,
    ),
    _row(
        *("dispute_won_late", FactKind.DISPUTE_WON, RowAction.NOTHING),
        "Known already, or lost before.",
        dispute=("won", "lost"),
    ),
    _row(
        *("dispute_won", FactKind.DISPUTE_WON, RowAction.UNFLAG),
        "The money stays: the flag goes.",
    ),
    _row(
        *("dispute_lost_unknown", FactKind.DISPUTE_LOST, RowAction.RECORD),
        "A dispute about a payment that is not ours.",
        payment=PaymentStanding.UNKNOWN,
    ),
    _row(
        *("dispute_lost_twice", FactKind.DISPUTE_LOST, RowAction.NOTHING),
        "The same end told again.",
        dispute="lost",
    ),
    _row(
        *("dispute_lost_in_part", FactKind.DISPUTE_LOST, RowAction.BOOK_LOSS),
        "The bank took a part, the rest is kept: the student stays.",
        whole=False,
    ),
    _row(
        *("dispute_lost", FactKind.DISPUTE_LOST, RowAction.CHARGE_BACK),
        "The bank took the money back: the enrolment ends.",
    ),
)

ROWS = (*_CAPTURED, *_AUTHORIZED, *_FAILED, *_REFUNDS, *_DISPUTES)


def decide(situation: Situation) -> Outcome:
    """The outcome of the first row that fits; one always does."""
    row = next(row for row in ROWS if row.fits(situation))
    return Outcome(row.name, row.action, row.reason)
