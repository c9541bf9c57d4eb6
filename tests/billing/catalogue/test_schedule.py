"""Lessons on the clocks of real zones, through their changes."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing.catalogue import schedule
from billing.catalogue.schedule import DAY, MINUTE, Lesson, Single, Weekly

ZONES = [
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour of summer time
    "Asia/Kathmandu",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Africa/Casablanca",  # winter time during Ramadan
    "UTC",
]


def single(start: str, zone: str = "Asia/Kolkata", minutes: int = 60) -> Single | Weekly:
    return schedule.parse({"kind": "single", "start": start, "minutes": minutes, "zone": zone})


def weekly(**changes: Any) -> Single | Weekly:
    given = {"kind": "weekly", "days": [0, 2], "time": "18:00", "from": "2026-12-01"}
    rest = {"until": "2026-12-31", "minutes": 60, "zone": "Asia/Kolkata"}
    return schedule.parse({**given, **rest, **changes})


def ms(text: str) -> int:
    """An instant written with its offset."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def starts(plan: Single | Weekly, since: str = "2020-01-01T00:00+00:00") -> list[int]:
    return [lesson.start for lesson in schedule.lessons(plan, ms(since))]


def test_single_lesson_is_at_the_wall_time_of_its_zone() -> None:
    assert starts(single("2026-12-01T18:00")) == [ms("2026-12-01T18:00+05:30")]


def test_weekly_lessons_fall_on_their_days_from_first_to_last() -> None:
    plan = weekly(until="2026-12-09")
    assert starts(plan) == [
        ms("2026-12-02T18:00+05:30"),
        ms("2026-12-07T18:00+05:30"),
        ms("2026-12-09T18:00+05:30"),
    ]


def test_weekly_lesson_keeps_its_wall_time_over_a_change_of_clocks() -> None:
    plan = weekly(
        **{"days": [6], "time": "10:00", "from": "2026-03-22", "until": "2026-04-05"},
        zone="Europe/Berlin",
    )
    assert starts(plan) == [
        ms("2026-03-22T10:00+01:00"),
        ms("2026-03-29T10:00+02:00"),
        ms("2026-04-05T10:00+02:00"),
    ]


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        # Never comes: read by the clock before the change.
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T02:30+01:00"),
        ("2026-03-08T02:15", "America/New_York", "2026-03-08T02:15-05:00"),
        ("2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-04T02:10+10:30"),
        # Comes twice: the first is meant.
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T02:30+02:00"),
        ("2026-11-01T01:15", "America/New_York", "2026-11-01T01:15-04:00"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-05T01:45+11:00"),
    ],
)
def test_gaps_and_folds(wall: str, zone: str, expected: str) -> None:
    assert starts(single(wall, zone)) == [ms(expected)]


def test_lesson_lasts_its_minutes_even_when_the_clocks_change_in_it() -> None:
    plan = single("2026-10-25T01:30", "Europe/Berlin", 120)
    lesson = schedule.next_lesson(plan, 0)
    assert lesson is not None
    assert lesson.end == ms("2026-10-25T02:30+01:00")


def test_lesson_that_is_on_is_the_next_one_until_it_ends() -> None:
    plan = single("2026-12-01T18:00")
    start = ms("2026-12-01T18:00+05:30")
    lesson = Lesson(start, start + 60 * MINUTE)
    assert schedule.next_lesson(plan, lesson.end - 1) == lesson
    assert schedule.next_lesson(plan, lesson.end) is None
    assert schedule.has_later_lesson(plan, start - 1)
    assert not schedule.has_later_lesson(plan, start)


def test_opens_some_minutes_before() -> None:
    assert schedule.opens_at(Lesson(3_600_000, 7_200_000), 15) == 2_700_000


walls = st.datetimes(datetime(2021, 1, 1), datetime(2037, 12, 31)).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@given(walls, st.sampled_from(ZONES))
def test_instants_read_back_as_the_wall_time_except_in_gaps(wall: datetime, zone: str) -> None:
    at = schedule.instant(wall, zone)
    back = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(zone))
    shown = back.replace(tzinfo=None)
    assert shown == wall or timedelta(0) < shown - wall <= timedelta(hours=1)
    if shown == wall:
        assert back.fold == 0


plans = st.builds(
    lambda days, first, length, at, minutes, zone: (days, first, length, at, minutes, zone),
    st.lists(st.integers(0, 6), min_size=1, max_size=7),
    st.dates(date(2021, 1, 1), date(2036, 1, 1)),
    st.integers(6, 400),
    st.times().map(lambda at: at.strftime("%H:%M")),
    st.integers(5, 720),
    st.sampled_from(ZONES),
).map(
    lambda one: weekly(
        **{"days": one[0], "from": one[1].isoformat(), "time": one[3], "minutes": one[4]},
        until=(one[1] + timedelta(days=one[2])).isoformat(),
        zone=one[5],
    )
)


@given(plans, st.data())
def test_looking_from_any_moment_finds_the_same_lessons(
    plan: Single | Weekly, data: st.DataObject
) -> None:
    every = list(schedule.lessons(plan, 0))
    assert all(one.start < other.start for one, other in pairwise(every))
    since = data.draw(st.integers(every[0].start - 2 * DAY, every[-1].end + DAY))
    assert list(schedule.lessons(plan, since)) == [one for one in every if one.end > since]


@given(plans)
def test_all_lessons_fall_on_the_days_asked_for(plan: Single | Weekly) -> None:
    assert isinstance(plan, Weekly)
    for lesson in islice(schedule.lessons(plan, 0), 60):
        shown = datetime.fromtimestamp(lesson.start / 1000, ZoneInfo(plan.zone))
        early = shown - timedelta(hours=1)  # a gap may push it past midnight
        assert shown.weekday() in plan.days or early.weekday() in plan.days
        assert lesson.end - lesson.start == plan.minutes * MINUTE


@given(plans)
def test_schedules_survive_being_kept(plan: Single | Weekly) -> None:
    assert schedule.parse(schedule.dump(plan)) == plan


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"zone": "Asia/Nowhere"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"days": []}, "days"),
        ({"days": [7]}, "days"),
        ({"time": "24:00"}, "time"),
        ({"time": "6 pm"}, "time"),
        ({"until": "2026-11-30"}, "until"),
        ({"until": "2036-12-31"}, "until"),
        ({"from": "2026-12-01", "until": "2026-12-01"}, "until"),
        ({"from": "2026-02-30"}, "from"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": 721}, "minutes"),
    ],
)
def test_faults_are_named_by_their_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        weekly(**changes)
    assert caught.value.errors()[0]["loc"][-1] == field


@pytest.mark.parametrize("start", ["2026-02-30T10:00", "2026-12-01 18:00", "1026-12-01T18:00"])
def test_single_lesson_needs_a_real_moment(start: str) -> None:
    with pytest.raises(ValidationError):
        single(start)
