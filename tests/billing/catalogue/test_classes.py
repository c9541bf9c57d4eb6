"""The states of a class, and what an enrolment is worth."""

import pytest

from billing.catalogue import classes, schedule
from billing.catalogue.classes import ClassState, Step, after, may_step
from billing.catalogue.schedule import DAY, MINUTE
from billing.errors import ConflictError

PLAN = schedule.parse({"kind": "single", "start": "2026-12-01T18:00", "minutes": 60, "zone": "UTC"})
START = 1_796_148_000_000
END = START + 60 * MINUTE

EXPECTED = {
    "draft": {"publish": "scheduled", "cancel": "cancelled"},
    "scheduled": {"start": "live", "end": "ended", "cancel": "cancelled"},
    "live": {
        "stop": "scheduled",
        "finish": "ended",
        "break_off": "scheduled",
        "end": "ended",
        "cancel": "cancelled",
    },
    "ended": {"start": "live"},
    "cancelled": {},
}


@pytest.mark.parametrize("state", list(ClassState))
@pytest.mark.parametrize("step", list(Step))
def test_table_of_states(state: ClassState, step: Step) -> None:
    expected = EXPECTED[state].get(step)
    assert may_step(state, step) is (expected is not None)
    if expected is not None:
        assert after(state, step) == expected
        return
    with pytest.raises(ConflictError) as caught:
        after(state, step)
    assert caught.value.code == f"class_{state}"


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        ("draft", START - DAY, False),
        ("scheduled", START - DAY, True),
        ("scheduled", END - 1, True),
        ("scheduled", END, False),
        ("live", END + DAY, True),
        ("ended", START - DAY, False),
        ("cancelled", START - DAY, False),
    ],
)
def test_on_sale_while_there_is_something_to_come(state: str, now: int, expected: bool) -> None:
    assert classes.is_on_sale(state, PLAN, now) is expected


def test_access_counts_from_the_next_lesson() -> None:
    assert classes.access_until(PLAN, 30, START - 40 * DAY) == START + 30 * DAY
    assert classes.access_until(PLAN, 30, END + 1) == END + 1 + 30 * DAY
    assert classes.access_until(PLAN, None, START) is None


def test_trial_is_of_the_next_lesson_or_of_the_one_that_is_taught() -> None:
    assert classes.trial_until(10, False, START) is None
    assert classes.trial_until(10, True, START + 5) == START + 5 + 10 * MINUTE
