"""The states of a class in the catalogue, and the time for which an enrolment opens it.
Pure: no I/O, no clock.
"""

from enum import StrEnum

from billing.catalogue import schedule
from billing.catalogue.schedule import DAY, MINUTE, Single, Weekly
from billing.errors import ConflictError


class ClassState(StrEnum):
    """The states of a class, from draft to its end."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """The steps between states. `start`: the teacher begins to teach; `stop`: the lesson is over,
    another one follows; `finish`: it was the last one; `break_off`: the server went down in it."""

    PUBLISH = "publish"
    START = "start"
    STOP = "stop"
    FINISH = "finish"
    BREAK_OFF = "break_off"
    END = "end"
    CANCEL = "cancel"


_STEPS: dict[tuple[ClassState, Step], ClassState] = {
    (ClassState.DRAFT, Step.PUBLISH): ClassState.SCHEDULED,
    (ClassState.DRAFT, Step.CANCEL): ClassState.CANCELLED,
    (ClassState.SCHEDULED, Step.START): ClassState.LIVE,
    (ClassState.SCHEDULED, Step.END): ClassState.ENDED,
    (ClassState.SCHEDULED, Step.CANCEL): ClassState.CANCELLED,
    (ClassState.LIVE, Step.STOP): ClassState.SCHEDULED,
    (ClassState.LIVE, Step.FINISH): ClassState.ENDED,
    (ClassState.LIVE, Step.BREAK_OFF): ClassState.SCHEDULED,
    (ClassState.LIVE, Step.END): ClassState.ENDED,
    (ClassState.LIVE, Step.CANCEL): ClassState.CANCELLED,
    # A teacher who ended the last lesson too early comes back while it would still be on.
    (ClassState.ENDED, Step.START): ClassState.LIVE,
}

_REFUSALS = {
    ClassState.DRAFT: "This class is a draft. Publish it first.",
    ClassState.SCHEDULED: "This class is published already.",
    ClassState.LIVE: "This class is live.",
    ClassState.ENDED: "This class has ended.",
    ClassState.CANCELLED: "This class was cancelled.",
}

ON_SALE = frozenset({ClassState.SCHEDULED, ClassState.LIVE})
OVER = frozenset({ClassState.ENDED, ClassState.CANCELLED})


def may_step(state: ClassState, step: Step) -> bool:
    """Whether the step leads anywhere from here."""
    return (state, step) in _STEPS


def after(state: ClassState, step: Step) -> ClassState:
    """The state after a step; raises ConflictError where there is none."""
    found = _STEPS.get((state, step))
    if found is None:
        raise ConflictError(f"class_{state.value}", _REFUSALS[state])
    return found


def is_on_sale(state: str, plan: Single | Weekly, now: int) -> bool:
    """Whether one can enrol: published, and live or with a lesson to come. `now` in ms."""
    if state == ClassState.LIVE:
        return True
    return state == ClassState.SCHEDULED and schedule.next_lesson(plan, now) is not None


def access_until(plan: Single | Weekly, access_days: int | None, now: int) -> int | None:
    """The time until which an enrolment of now opens the class (ms); None: to its end.

    The days count from the next lesson: a student who enrols early loses none.
    """
    if access_days is None:
        return None
    return _beginning(plan, now) + access_days * DAY


def moved_access(
    old: Single | Weekly, new: Single | Weekly, since: int, until: int, now: int
) -> int:
    """The time until which an enrolment made at `since` that ended at `until` opens a class whose
    lessons are moved now (ms): as long after its first lesson as before, and never shorter. One
    whose lessons have begun stays as it is."""
    first = _beginning(old, since)
    return until if first <= now else max(until, _beginning(new, now) + until - first)


def trial_until(minutes: int, is_live: bool, now: int) -> int | None:
    """The time until which a free trial opens the class (ms): so many minutes from now in a lesson
    that is taught; None: they begin with the next one that is, however late its teacher is."""
    return now + minutes * MINUTE if is_live else None


def _beginning(plan: Single | Weekly, now: int) -> int:
    lesson = schedule.next_lesson(plan, now)
    return now if lesson is None else max(now, lesson.start)
