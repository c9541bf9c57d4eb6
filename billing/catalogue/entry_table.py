"""The entry table decides whether a person may enter a class. Pure: no I/O, no clock."""

from collections.abc import Callable
from dataclasses import dataclass

from billing.catalogue.classes import ClassState
from billing.catalogue.schedule import Lesson
from billing.store.tables import Enrolment
from common.roles import Role


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a decision. `enrolment`: the person's newest, or a parent's best of a child;
    `lesson`: the one that is on, else the next; `opens_at` (ms): when it opens; `seats_left` None:
    no limit."""

    state: ClassState
    role: Role
    enrolment: Enrolment | None
    lesson: Lesson | None
    opens_at: int | None
    seats_left: int | None


@dataclass(frozen=True, slots=True)
class EntryRefusal:
    """The reason against entering: a code for programs, a sentence for people."""

    code: str
    message: str


_Row = tuple[Callable[[Facts, int], bool], EntryRefusal | None]


def is_staff(role: Role) -> bool:
    """Whether the role is to teach, help or look after a class, and needs no enrolment."""
    return role not in (Role.STUDENT, Role.PARENT)


def _is_staff(facts: Facts) -> bool:
    return is_staff(facts.role)


def _lesson_is_on(facts: Facts, now: int) -> bool:
    return facts.lesson is not None and facts.lesson.start <= now


def _ended_by(reason: str) -> Callable[[Facts, int], bool]:
    def applies(facts: Facts, now: int) -> bool:
        one = facts.enrolment
        return one is not None and one.ended_at is not None and one.ended_reason == reason

    return applies


def _has_expired(facts: Facts, now: int) -> bool:
    """Its time is over, whether it has been ended for that already or not."""
    one = facts.enrolment
    if one is None or one.ended_at is not None:
        return one is not None and one.ended_reason == "expired"
    return not one.is_active(now)


def _is_outside(facts: Facts, now: int) -> bool:
    return facts.enrolment is None or not facts.enrolment.is_active(now)


# The first row that applies decides.
TABLE: tuple[_Row, ...] = (
    (
        lambda f, _: f.state is ClassState.DRAFT and _is_staff(f),
        EntryRefusal("not_found", "This class is a draft. Publish it, then it can be entered."),
    ),
    (
        lambda f, _: f.state is ClassState.DRAFT,
        EntryRefusal("not_found", "There is no such class."),
    ),
    (
        lambda f, _: f.state is ClassState.CANCELLED,
        EntryRefusal("class_cancelled", "This class was cancelled."),
    ),
    (
        lambda f, now: f.state is ClassState.ENDED and not (_is_staff(f) and _lesson_is_on(f, now)),
        EntryRefusal("class_ended", "This class has ended."),
    ),
    (lambda f, _: _is_staff(f), None),
    (
        _ended_by("refunded"),
        EntryRefusal("refunded", "Your payment for this class was refunded. Enrol again to enter."),
    ),
    (
        _ended_by("disputed"),
        EntryRefusal("disputed", "Your payment for this class was taken back by your bank."),
    ),
    (
        _has_expired,
        EntryRefusal("enrolment_expired", "Your time in this class is over. Enrol again to enter."),
    ),
    (
        lambda f, now: _is_outside(f, now) and f.role is Role.PARENT,
        EntryRefusal("not_enrolled", "None of your children is enrolled in this class."),
    ),
    (
        lambda f, now: _is_outside(f, now) and f.seats_left == 0,
        EntryRefusal(
            "class_full", "You are not enrolled in this class, and all its seats are taken."
        ),
    ),
    (_is_outside, EntryRefusal("not_enrolled", "You are not enrolled in this class.")),
    (lambda f, _: f.state is ClassState.LIVE, None),
    (
        lambda f, _: f.lesson is None,
        EntryRefusal("class_ended", "All lessons of this class have taken place."),
    ),
    (
        lambda f, now: f.opens_at is not None and now < f.opens_at,
        EntryRefusal("not_yet_open", "The class opens shortly before its next lesson."),
    ),
)


def entry_refusal(facts: Facts, now: int) -> EntryRefusal | None:
    """The first row's answer: a refusal, or None when the person may enter at `now` (ms)."""
    return next((answer for applies, answer in TABLE if applies(facts, now)), None)
