"""Who may enter: the decision table, row by row, and what must hold for any facts."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.catalogue.classes import ClassState
from billing.catalogue.entry_table import TABLE, Enrolled, Facts, Standing, decide
from billing.catalogue.schedule import Lesson

NOW = 10_000
AHEAD = Lesson(20_000, 30_000)
ON = Lesson(9_000, 19_000)
PAID = Enrolled()
STUDENT = Facts(ClassState.SCHEDULED, Standing.STUDENT, PAID, AHEAD, 9_500, None)
STAFF = replace(STUDENT, standing=Standing.STAFF, enrolled=None)


def ended(reason: str) -> Enrolled:
    return Enrolled(None, NOW - 1, reason)


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
        (replace(STUDENT, enrolled=None), "not_enrolled"),
        (replace(STUDENT, enrolled=None, seats_left=1), "not_enrolled"),
        (replace(STUDENT, enrolled=None, seats_left=0), "class_full"),
        (replace(STUDENT, seats_left=0), None),
        (replace(STUDENT, enrolled=ended("refunded")), "refunded"),
        (replace(STUDENT, enrolled=ended("disputed")), "disputed"),
        (replace(STUDENT, enrolled=ended("expired")), "enrolment_expired"),
        (replace(STUDENT, enrolled=ended("cancelled")), "not_enrolled"),
        (replace(STUDENT, enrolled=Enrolled(expires_at=NOW)), "enrolment_expired"),
        (replace(STUDENT, enrolled=Enrolled(expires_at=NOW + 1)), None),
        (replace(STUDENT, standing=Standing.PARENT), None),
        (replace(STUDENT, standing=Standing.PARENT, enrolled=None, seats_left=0), "not_enrolled"),
        (replace(STUDENT, standing=Standing.PARENT, enrolled=ended("refunded")), "refunded"),
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
    refusal = decide(facts, NOW)
    assert (refusal and refusal.code) == code


def test_each_refusal_has_a_sentence_of_its_own() -> None:
    refusals = [answer for _, answer in TABLE if answer is not None]
    assert len({one.message for one in refusals}) == len(refusals)
    assert all(one.message.endswith(".") for one in refusals)


lessons = st.sampled_from([None, AHEAD, ON])
enrolments = st.none() | st.builds(
    Enrolled,
    expires_at=st.none() | st.integers(NOW - 2, NOW + 2),
    ended_at=st.none() | st.integers(NOW - 2, NOW),
    ended_reason=st.sampled_from([None, "refunded", "cancelled", "expired", "disputed"]),
)
any_facts = st.builds(
    Facts,
    state=st.sampled_from(ClassState),
    standing=st.sampled_from(Standing),
    enrolled=enrolments,
    lesson=lessons,
    opens_at=st.none() | st.integers(NOW - 2, NOW + 2),
    seats_left=st.none() | st.integers(-1, 2),
)


@given(any_facts)
def test_nobody_but_staff_enters_without_an_active_enrolment(facts: Facts) -> None:
    if decide(facts, NOW) is None and facts.standing is not Standing.STAFF:
        assert facts.enrolled is not None
        assert facts.enrolled.is_active(NOW)


@given(any_facts)
def test_who_is_enrolled_is_never_left_outside_a_live_class(facts: Facts) -> None:
    inside = facts.enrolled is not None and facts.enrolled.is_active(NOW)
    if inside and facts.state is ClassState.LIVE:
        assert decide(facts, NOW) is None
