"""The schedule of a class and the lessons that follow from it. Pure: no I/O, no clock.

A schedule holds wall times, which the teacher reads off a clock in one zone; instants are ms since
1970. Of a wall time that comes twice (clocks go back) the first is meant; one that never comes
(clocks go forward) is read by the clock before the change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, field_validator
from pydantic_core.core_schema import ValidationInfo

MINUTE = 60_000
DAY = 86_400_000
MAX_YEARS = 3


def _is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError("There is no such time zone.") from None
    return name


def _is_day(text: str) -> str:
    try:
        year = date.fromisoformat(text).year
    except ValueError:
        raise ValueError("There is no such day.") from None
    if not 2000 <= year <= 2100:
        raise ValueError("This day is too far away.")
    return text


def _is_wall_time(text: str) -> str:
    _is_day(text[:10])
    return text


Zone = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+/-]{1,64}$"), AfterValidator(_is_zone)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$"), AfterValidator(_is_day)]
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
WallTime = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d$"),
    AfterValidator(_is_wall_time),
]
Minutes = Annotated[int, Field(ge=5, le=720)]


class Single(BaseModel):
    """One lesson."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    kind: Literal["single"]
    start: WallTime
    minutes: Minutes
    zone: Zone


class Weekly(BaseModel):
    """The same time on some days of every week; day 0 is Monday, `until` is the last day."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    kind: Literal["weekly"]
    days: Annotated[list[int], Field(min_length=1, max_length=7)]
    time: TimeOfDay
    from_: Annotated[Day, Field(alias="from")]
    until: Day
    minutes: Minutes
    zone: Zone

    @field_validator("days")
    @classmethod
    def _are_days(cls, value: list[int]) -> list[int]:
        if not all(0 <= day <= 6 for day in value):
            raise ValueError("Days are numbers from 0 (Monday) to 6.")
        return sorted(set(value))

    @field_validator("until")
    @classmethod
    def _is_after(cls, value: str, info: ValidationInfo) -> str:
        if "from_" not in info.data or "days" not in info.data:
            return value
        first, last = date.fromisoformat(info.data["from_"]), date.fromisoformat(value)
        if last < first:
            raise ValueError("The last day lies before the first.")
        if last - first > timedelta(days=366 * MAX_YEARS):
            raise ValueError(f"At most {MAX_YEARS} years.")
        if not any(
            day.weekday() in info.data["days"] for day in _days(first, min(last, _week(first)))
        ):
            raise ValueError("No lesson falls between the first day and the last.")
        return value


Schedule = Annotated[Single | Weekly, Field(discriminator="kind")]
_SCHEDULE: TypeAdapter[Single | Weekly] = TypeAdapter(Schedule)


@dataclass(frozen=True, slots=True, order=True)
class Lesson:
    """One lesson, from its start to its end in ms since 1970."""

    start: int
    end: int


def parse(data: dict[str, Any]) -> Single | Weekly:
    """A schedule as it was kept; raises ValidationError."""
    return _SCHEDULE.validate_python(data)


def dump(schedule: Single | Weekly) -> dict[str, Any]:
    """A schedule as it is kept and sent."""
    return schedule.model_dump(by_alias=True)


def instant(wall: datetime, zone: str) -> int:
    """The instant of a time on the wall of a zone.

    fold=0 means the first of two, and in a gap the offset before it (PEP 495).
    """
    return round(wall.replace(tzinfo=ZoneInfo(zone), fold=0).timestamp() * 1000)


def lessons(schedule: Single | Weekly, since: int) -> Iterator[Lesson]:
    """The lessons that end after `since`, in their order."""
    length = schedule.minutes * MINUTE
    for wall in _walls(schedule, since - length):
        start = instant(wall, schedule.zone)
        if start + length > since:
            yield Lesson(start, start + length)


def next_lesson(schedule: Single | Weekly, now: int) -> Lesson | None:
    """The lesson that is on, else the next one."""
    return next(lessons(schedule, now), None)


def has_later_lesson(schedule: Single | Weekly, now: int) -> bool:
    """Whether another lesson begins after now."""
    return any(lesson.start > now for lesson in lessons(schedule, now))


def opens_at(lesson: Lesson, before_minutes: int) -> int:
    """The time from which enrolled students may enter."""
    return lesson.start - before_minutes * MINUTE


def _walls(schedule: Single | Weekly, since: int) -> Iterator[datetime]:
    """Beginnings on the wall; those long before `since` are left out."""
    if isinstance(schedule, Single):
        yield datetime.fromisoformat(schedule.start)
        return
    at = time.fromisoformat(schedule.time)
    # No clock on Earth is a day away from UTC.
    earliest = (datetime(1970, 1, 1) + timedelta(milliseconds=since - DAY)).date()
    first = max(date.fromisoformat(schedule.from_), earliest)
    for day in _days(first, date.fromisoformat(schedule.until)):
        if day.weekday() in schedule.days:
            yield datetime.combine(day, at)


def _days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _week(first: date) -> date:
    return first + timedelta(days=6)
