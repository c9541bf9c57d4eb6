"""Lessons that are moved take the days of access along."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from billing.catalogue import schedule
from billing.catalogue.classes import access_until, moved_access
from billing.catalogue.schedule import DAY
from billing.context import Context
from billing.service import classes
from billing.service.enrolments import enrol_without_paying
from billing.service.rights import Asker
from billing.store.tables import Class, Enrolment
from tests.billing.support import NOW, Clock, make_context, new_class, user

RAO = Asker("u-rao", "teacher")
HOUR = DAY // 24


def lesson(day: str) -> dict[str, object]:
    return {"kind": "single", "start": f"{day}T18:00", "minutes": 60, "zone": "UTC"}


def begins(day: str) -> int:
    found = schedule.next_lesson(schedule.parse(lesson(day)), 0)
    assert found is not None
    return found.start


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as made:
        async with made.db.writing() as session:
            session.add_all([user("rao", "teacher"), user("asha")])
        async with made.db.writing() as session:
            session.add(new_class("maths", "rao", price=0, access_days=7))
        yield made


async def ends(context: Context) -> int | None:
    async with context.db.reading() as session:
        return await session.scalar(select(Enrolment.expires_at))


async def first_lesson(context: Context) -> int:
    async with context.db.reading() as session:
        found = await session.get_one(Class, "maths")
        first = schedule.next_lesson(schedule.parse(found.schedule), NOW)
    assert first is not None
    return first.start


async def test_a_later_lesson_moves_the_end_of_access(context: Context) -> None:
    await enrol_without_paying(context, "u-asha", "maths")
    await classes.change(context, RAO, "maths", {"schedule": lesson("2035-12-20")})
    assert await ends(context) == begins("2035-12-20") + 7 * DAY


async def test_fewer_days_for_who_comes_later_take_none_from_who_is_in(context: Context) -> None:
    await enrol_without_paying(context, "u-asha", "maths")
    what = {"access_days": 1, "schedule": lesson("2035-12-20")}
    await classes.change(context, RAO, "maths", what)
    assert await ends(context) == begins("2035-12-20") + 7 * DAY


async def test_access_that_has_begun_stays_as_it_is(context: Context) -> None:
    await enrol_without_paying(context, "u-asha", "maths")
    before = await ends(context)
    assert isinstance(context.now, Clock)
    context.now.advance(await first_lesson(context) - NOW + HOUR)
    await classes.change(context, RAO, "maths", {"schedule": lesson("2035-12-20")})
    assert await ends(context) == before


@pytest.mark.parametrize("day", ["2035-12-02", "2035-12-10", "2035-12-24"])
def test_access_is_never_shortened(day: str) -> None:
    old, new = schedule.parse(lesson("2035-12-10")), schedule.parse(lesson(day))
    now = begins("2035-12-01")
    until = access_until(old, 7, now)
    assert until is not None
    moved = moved_access(old, new, now, until, now + HOUR)
    assert moved == max(until, begins(day) + 7 * DAY)
