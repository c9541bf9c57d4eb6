"""Who may enter a class, as one table. Pure: no I/O, no clock."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from billing.catalogue.classes import ClassState
from billing.catalogue.schedule import Lesson


class Standing(StrEnum):
    """What somebody is to a class: its teacher, assistant or an admin; who learns; their parent."""

    STAFF = "staff"
    STUDENT = "student"
    PARENT = "parent"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody's newest enrolment; `expires_at` and `ended_at` in ms, None: never."""

    expires_at: int | None = None
    ended_at: int | None = None
    ended_reason: str | None = None

    def is_active(self, now: int) -> bool:
        """Whether it opens the class."""
        return self.ended_at is None and not self.has_expired(now)

    def has_expired(self, now: int) -> bool:
        """Whether its time is over."""
        if self.ended_at is not None:
            return self.ended_reason == "expired"
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision rests on. `lesson`: the one that is on, else the next; `opens_at` (ms):
    when it opens; `seats_left` None: no limit."""

    state: ClassState
    standing: Standing
    enrolled: Enrolled | None
    lesson: Lesson | None
    opens_at: int | None
    seats_left: int | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody is not let in: a code for programs, a sentence for people."""

    code: str
    message: str


Row = tuple[Callable[[Facts, int], bool], Refusal | None]


def _is_staff(facts: Facts) -> bool:
    return facts.standing is Standing.STAFF


def _lesson_is_on(facts: Facts, now: int) -> bool:
    return facts.lesson is not None and facts.lesson.start <= now


def _ended_by(reason: str) -> Callable[[Facts, int], bool]:
    def applies(facts: Facts, now: int) -> bool:
        enrolled = facts.enrolled
        if enrolled is None or enrolled.ended_at is None:
            return False
        return enrolled.ended_reason == reason

    return applies


def _has_expired(facts: Facts, now: int) -> bool:
    return facts.enrolled is not None and facts.enrolled.has_expired(now)


def _is_active(facts: Facts, now: int) -> bool:
    return facts.enrolled is not None and facts.enrolled.is_active(now)


def _is_outside(facts: Facts, now: int) -> bool:
    return not _is_active(facts, now)


# The first row that applies decides.
TABLE: tuple[Row, ...] = (
    (
        lambda f, _: f.state is ClassState.DRAFT and _is_staff(f),
        Refusal("not_found", "This class is a draft. Publish it, then it can be entered."),
    ),
    (lambda f, _: f.state is ClassState.DRAFT, Refusal("not_found", "There is no such class.")),
    (
        lambda f, _: f.state is ClassState.CANCELLED,
        Refusal("class_cancelled", "This class was cancelled."),
    ),
    (
        lambda f, now: f.state is ClassState.ENDED and not (_is_staff(f) and _lesson_is_on(f, now)),
        Refusal("class_ended", "This class has ended."),
    ),
    (lambda f, _: _is_staff(f), None),
    (
        _ended_by("refunded"),
        Refusal("refunded", "Your payment for this class was refunded. Enrol again to enter."),
    ),
    (
        _ended_by("disputed"),
        Refusal("disputed", "Your payment for this class was taken back by your bank."),
    ),
    (
        _has_expired,
        Refusal("enrolment_expired", "Your time in this class is over. Enrol again to enter."),
    ),
    (
        lambda f, now: _is_outside(f, now) and f.standing is Standing.PARENT,
        Refusal("not_enrolled", "None of your children is enrolled in this class."),
    ),
    (
        lambda f, now: _is_outside(f, now) and f.seats_left == 0,
        Refusal("class_full", "You are not enrolled in this class, and all its seats are taken."),
    ),
    (_is_outside, Refusal("not_enrolled", "You are not enrolled in this class.")),
    (lambda f, _: f.state is ClassState.LIVE, None),
    (
        lambda f, _: f.lesson is None,
        Refusal("class_ended", "All lessons of this class have taken place."),
    ),
    (
        lambda f, now: f.opens_at is not None and now < f.opens_at,
        Refusal("not_yet_open", "The class opens shortly before its next lesson."),
    ),
)


def decide(facts: Facts, now: int) -> Refusal | None:
    """None: let them in. `now` in ms."""
    return next((answer for applies, answer in TABLE if applies(facts, now)), None)
