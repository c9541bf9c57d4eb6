"""The state table: each row by an example, and an answer for everything."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.orders.facts import FactKind
from billing.orders.states import (
    EnrolledThrough,
    OrderState,
    PaymentStanding,
    RefundState,
    RowAction,
    Situation,
)
from billing.orders.table import ROWS, decide

CAPTURED = Situation(FactKind.CAPTURED, OrderState.OPEN)
AUTHORIZED = Situation(FactKind.AUTHORIZED, OrderState.OPEN)
FAILED = Situation(FactKind.FAILED, OrderState.OPEN)
PAID = Situation(FactKind.REFUND_PENDING, OrderState.PAID, PaymentStanding.CAPTURED)
PROMISED = replace(CAPTURED, order=OrderState.PAID, payment=PaymentStanding.PROMISED)


def refund(kind: FactKind, state: RefundState | None, same: bool = True) -> Situation:
    return replace(PAID, kind=kind, refund=state, same=same)


def dispute(kind: FactKind, state: str | None) -> Situation:
    return replace(PAID, kind=kind, dispute=state)


EXAMPLES = {
    "unknown_order": Situation(FactKind.CAPTURED),
    "captured_twice": replace(CAPTURED, payment=PaymentStanding.CAPTURED),
    "promised_twice": replace(PROMISED, confirmed=False),
    "confirmed": PROMISED,
    "confirmed_while_refunding": replace(PROMISED, right_amount=False, refunding=True),
    "confirmed_wrong_amount": replace(PROMISED, right_amount=False),
    "wrong_amount": replace(CAPTURED, right_amount=False),
    "second_payment": replace(CAPTURED, order=OrderState.PAID),
    "enrolled_already": replace(CAPTURED, enrolled=EnrolledThrough.OTHER),
    "class_gone": replace(CAPTURED, on_sale=False),
    "order_closed": replace(CAPTURED, order=OrderState.REFUNDED),
    "class_full": replace(CAPTURED, seat=False),
    "price_changed": replace(CAPTURED, offer=False),
    "paid": CAPTURED,
    "paid_late": replace(CAPTURED, order=OrderState.EXPIRED),
    "authorized_unknown_order": Situation(FactKind.AUTHORIZED),
    "authorized_late": replace(AUTHORIZED, payment=PaymentStanding.CAPTURED),
    "authorized": AUTHORIZED,
    "failed_unknown_order": Situation(FactKind.FAILED),
    "withdrawn": replace(FAILED, payment=PaymentStanding.PROMISED, asked=True),
    "failed_after_captured": replace(FAILED, payment=PaymentStanding.CAPTURED),
    "failed_twice": replace(FAILED, payment=PaymentStanding.FAILED),
    "failed": FAILED,
    "refund_pending_unknown": Situation(FactKind.REFUND_PENDING),
    "refund_processed_unknown": Situation(FactKind.REFUND_PROCESSED),
    "refund_failed_unknown": Situation(FactKind.REFUND_FAILED),
    "refund_begun_elsewhere": refund(FactKind.REFUND_PENDING, None),
    "refund_asked": refund(FactKind.REFUND_PENDING, RefundState.DUE),
    "refund_asked_again": refund(FactKind.REFUND_PENDING, RefundState.FAILED, same=False),
    "refund_pending_late": refund(FactKind.REFUND_PENDING, RefundState.PROCESSED),
    "refund_made_elsewhere": refund(FactKind.REFUND_PROCESSED, None),
    "refund_made_twice": refund(FactKind.REFUND_PROCESSED, RefundState.PROCESSED, same=False),
    "refund_processed_twice": refund(FactKind.REFUND_PROCESSED, RefundState.PROCESSED),
    "refund_processed": refund(FactKind.REFUND_PROCESSED, RefundState.ASKED),
    "refund_failed_elsewhere": refund(FactKind.REFUND_FAILED, None),
    "refund_failed_at_last": refund(FactKind.REFUND_FAILED, RefundState.PROCESSED),
    "refund_failed_old_try": refund(FactKind.REFUND_FAILED, RefundState.ASKED, same=False),
    "refund_failed_twice": refund(FactKind.REFUND_FAILED, RefundState.FAILED),
    "refund_failed": refund(FactKind.REFUND_FAILED, RefundState.ASKED),
    "dispute_unknown": Situation(FactKind.DISPUTE_OPEN),
    "dispute_late": dispute(FactKind.DISPUTE_OPEN, "lost"),
    "dispute_open": dispute(FactKind.DISPUTE_OPEN, None),
    "dispute_won_unknown": Situation(FactKind.DISPUTE_WON),
    "dispute_won_late": dispute(FactKind.DISPUTE_WON, "lost"),
    "dispute_won": dispute(FactKind.DISPUTE_WON, "open"),
    "dispute_lost_unknown": Situation(FactKind.DISPUTE_LOST),
    "dispute_lost_twice": dispute(FactKind.DISPUTE_LOST, "lost"),
    "dispute_lost_in_part": replace(dispute(FactKind.DISPUTE_LOST, "open"), whole=False),
    "dispute_lost": dispute(FactKind.DISPUTE_LOST, "open"),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_row_decides_its_example(row: object) -> None:
    name = getattr(row, "name")  # noqa: B009
    assert decide(EXAMPLES[name]).row == name


def test_rows_have_names_of_their_own() -> None:
    assert [row.name for row in ROWS] == list(EXAMPLES)


situations = st.builds(Situation, dispute=st.sampled_from([None, "open", "won", "lost"]))


@given(situations)
def test_everything_has_an_answer_and_sends_money_back_with_a_reason(situation: Situation) -> None:
    outcome = decide(situation)
    sends_back = outcome.action in (RowAction.REFUND, RowAction.END_AND_REFUND)
    assert (outcome.reason is not None) == sends_back


@given(situations)
def test_nobody_is_enrolled_for_the_wrong_amount_or_without_a_seat(situation: Situation) -> None:
    if decide(situation).action == RowAction.ENROL:
        assert situation.right_amount
        assert situation.seat
        assert situation.on_sale
        assert situation.offer
        assert situation.enrolled == EnrolledThrough.NOTHING
