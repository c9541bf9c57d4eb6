"""The entry table, row by row, and the rules that hold for any facts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalogue.classes import ClassState
from billing.catalogue.entry_table import TABLE, Facts, entry_refusal, is_staff
from billing.catalogue.schedule import Lesson
from billing.store.tables import Enrolment
from common.roles import Role

NOW = 10_000
AHEAD = Lesson(20_000, 30_000)
ON = Lesson(9_000, 19_000)
PAID = Enrolment()
STUDENT = Facts(ClassState.SCHEDULED, Role.STUDENT, PAID, AHEAD, 9_500, None)
STAFF = replace(STUDENT, role=Role.TEACHER, enrolment=None)


def ended(reason: str) -> Enrolment:
    return Enrolment(ended_at=NOW - 1, ended_reason=reason)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (STUDENT, None),
        (replace(STUDENT, opens_at=NOW), None),
        (replace(STUDENT, opens_at=NOW + 1), "not_yet_open"),
        (replace(STUDENT, opens_at=NOW + 1, state=ClassState.LIVE), None),
        (replace(STUDENT, lesson=None, opens_at=None), "class_ended"),
        (replace(STUDENT, lesson=None, opens_at=None, state=ClassState.LIVE), None),
        (replace(STUDENT, state=ClassState.DRAFT), "not_found"),
        (replace(STUDENT, state=ClassState.CANCELLED), "class_cancelled"),
        (replace(STUDENT, state=ClassState.ENDED, lesson=ON), "class_ended"),
        (replace(STUDENT, enrolment=None), "not_enrolled"),
        (replace(STUDENT, enrolment=None, seats_left=1), "not_enrolled"),
        (replace(STUDENT, enrolment=None, seats_left=0), "class_full"),
        (replace(STUDENT, seats_left=0), None),
        (replace(STUDENT, enrolment=ended("refunded")), "refunded"),
        (replace(STUDENT, enrolment=ended("disputed")), "disputed"),
        (replace(STUDENT, enrolment=ended("expired")), "enrolment_expired"),
        (replace(STUDENT, enrolment=ended("cancelled")), "not_enrolled"),
        (replace(STUDENT, enrolment=Enrolment(expires_at=NOW)), "enrolment_expired"),
        (replace(STUDENT, enrolment=Enrolment(expires_at=NOW + 1)), None),
        (replace(STUDENT, role=Role.PARENT), None),
        (replace(STUDENT, role=Role.PARENT, enrolment=None, seats_left=0), "not_enrolled"),
        (replace(STUDENT, role=Role.PARENT, enrolment=ended("refunded")), "refunded"),
        (STAFF, None),
        (replace(STAFF, opens_at=NOW + 1), None),
        (replace(STAFF, lesson=None, opens_at=None), None),
        (replace(STAFF, state=ClassState.DRAFT), "not_found"),
        (replace(STAFF, state=ClassState.CANCELLED), "class_cancelled"),
        (replace(STAFF, state=ClassState.ENDED, lesson=ON), None),
        (replace(STAFF, state=ClassState.ENDED), "class_ended"),
        (replace(STAFF, state=ClassState.ENDED, lesson=None, opens_at=None), "class_ended"),
    ],
)
def test_table(facts: Facts, code: str | None) -> None:
    refusal = entry_refusal(facts, NOW)
    assert (refusal and refusal.code) == code


def test_each_refusal_has_a_sentence_of_its_own() -> None:
    refusals = [answer for _, answer in TABLE if answer is not None]
    assert len({one.message for one in refusals}) == len(refusals)
    assert all(one.message.endswith(".") for one in refusals)


lessons = st.sampled_from([None, AHEAD, ON])
enrolments = st.none() | st.builds(
    Enrolment,
    expires_at=st.none() | st.integers(NOW - 2, NOW + 2),
    ended_at=st.none() | st.integers(NOW - 2, NOW),
    ended_reason=st.sampled_from([None, "refunded", "cancelled", "expired", "disputed"]),
)
any_facts = st.builds(
    Facts,
    state=st.sampled_from(ClassState),
    role=st.sampled_from(Role),
    enrolment=enrolments,
    lesson=lessons,
    opens_at=st.none() | st.integers(NOW - 2, NOW + 2),
    seats_left=st.none() | st.integers(-1, 2),
)


@given(any_facts)
def test_nobody_but_staff_enters_without_an_active_enrolment(facts: Facts) -> None:
    if entry_refusal(facts, NOW) is None and not is_staff(facts.role):
        assert facts.enrolment is not None
        assert facts.enrolment.is_active(NOW)


@given(any_facts)
def test_who_is_enrolled_is_never_left_outside_a_live_class(facts: Facts) -> None:
    inside = facts.enrolment is not None and facts.enrolment.is_active(NOW)
    if inside and facts.state is ClassState.LIVE:
        assert entry_refusal(facts, NOW) is None
