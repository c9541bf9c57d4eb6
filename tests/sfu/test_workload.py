"""A transport's budgets: authentic work is paid and can end it, forged work only drops."""

import pytest

from common.work import Price
from sfu.workload import (
    KEYFRAME_BURST,
    KEYFRAME_RATE,
    REMOVED_AFTER,
    UNPROVEN_BURST,
)
from tests.support.workloads import workload


def seconds(count: float) -> list[float]:
    """Twice a second."""
    return [at / 2 for at in range(int(2 * count) + 1)]


def test_a_student_who_is_refused_without_end_must_go() -> None:
    student = workload()
    verdicts = [student.refuse(now) for now in seconds(REMOVED_AFTER)]
    assert verdicts == [False] * (len(verdicts) - 1) + [True]


def test_a_teacher_is_never_told_to_go() -> None:
    teacher = workload(is_teacher=True)
    assert not any(teacher.refuse(now) for now in seconds(10 * REMOVED_AFTER))


def test_forged_work_leaves_the_participants_own_budget_alone() -> None:
    victim = workload()
    while not victim.unproven.is_spent(0.0):
        victim.charge_failed(100)
    assert not victim.budget.is_spent(0.0)
    assert victim.unproven.is_spent(0.0)
    assert not victim.unproven.is_spent(1.0)


def test_forged_work_is_bounded() -> None:
    victim = workload()
    count = 0
    while not victim.unproven.is_spent(0.0):
        victim.charge_failed(100)
        count += 1
    assert count <= UNPROVEN_BURST / Price.FAILED_CHECK + 1


def test_a_slot_may_ask_for_a_few_key_frames_and_then_seldom() -> None:
    viewer = workload()
    asked = sum(viewer.may_ask_keyframe(7, at / 100) for at in range(1_000))
    assert asked <= KEYFRAME_BURST + 10 * KEYFRAME_RATE
    assert asked >= KEYFRAME_BURST


def test_each_slot_asks_for_itself() -> None:
    viewer = workload()
    while viewer.may_ask_keyframe(7, 0.0):
        pass
    assert viewer.may_ask_keyframe(8, 0.0)


def test_packets_are_paid_for_together_and_by_their_bytes() -> None:
    student = workload()
    before = student.budget.credit
    assert not student.settle(32, 32_000, 0.0)
    paid = before - student.budget.credit
    assert paid == 32 * Price.DATAGRAM + 32_000 * Price.DATAGRAM_BYTE
    student.settle(32, 32_000, 0.0)
    assert before - student.budget.credit == paid


def test_what_was_not_read_or_not_authentic_is_not_paid_for() -> None:
    student = workload()
    before = student.budget.credit
    for size in (100, 200):
        student.exempt(size)
    student.charge_failed(50)
    student.settle(3, 350, 0.0)
    assert student.budget.credit == before


def test_a_new_connection_counts_from_nothing_and_keeps_the_debt() -> None:
    student = workload()
    student.settle(1_000, 1_000_000, 0.0)
    credit = student.budget.credit
    student.begin()
    student.settle(1, 100, 0.0)
    paid = Price.DATAGRAM + 100 * Price.DATAGRAM_BYTE
    assert credit - student.budget.credit == pytest.approx(paid)
