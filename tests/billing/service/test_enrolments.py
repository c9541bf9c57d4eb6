"""Enrolling without paying: free classes, trials, and the last seat under concurrency."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from billing.context import Context
from billing.errors import BillingError
from billing.service import enrolments
from billing.service.enrolments import enrol_without_paying
from billing.store.tables import Enrolment, Notice
from tests.billing.school import MINUTE, START, clock, end, enrolled, enrolments_of, fill, set_class
from tests.billing.support import DAY, make_context, user


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        await fill(context, price=0)
        yield context


async def tried(context: Context, name: str, *, trial: bool = False) -> str:
    """The kind of the enrolment, or the refusal's code."""
    try:
        return (await enrol_without_paying(context, f"u-{name}", "maths", trial=trial)).kind
    except BillingError as error:
        return error.code


async def test_free_class_is_entered_once(context: Context) -> None:
    assert [await tried(context, "ravi"), await tried(context, "ravi")] == ["free", "free"]
    (row,) = await enrolments_of(context, "ravi")
    assert row.expires_at is None
    async with context.db.reading() as session:
        notices = list(await session.scalars(select(Notice)))
    assert [one.text for one in notices] == ["You are enrolled in Maths."]


async def test_access_ends_its_days_after_the_next_lesson(context: Context) -> None:
    await set_class(context, access_days=30)
    await tried(context, "ravi")
    (row,) = await enrolments_of(context, "ravi")
    assert row.expires_at == START + 30 * DAY


@pytest.mark.parametrize(
    ("values", "trial", "code"),
    [
        ({"price": 100}, False, "not_free"),
        ({"state": "draft"}, False, "not_found"),
        ({"state": "ended"}, False, "class_gone"),
        ({"state": "cancelled"}, False, "class_gone"),
        ({"price": 100}, True, "no_trial"),
        ({"price": 0, "trial_minutes": 10}, True, "no_trial"),
        ({"price": 100, "trial_minutes": 10}, True, "trial"),
    ],
)
async def test_terms(context: Context, values: dict[str, object], trial: bool, code: str) -> None:
    await set_class(context, **values)
    assert await tried(context, "ravi", trial=trial) == code


async def test_class_whose_lessons_are_past_takes_nobody(context: Context) -> None:
    clock(context).now = START + 60 * MINUTE
    assert await tried(context, "ravi") == "class_gone"


async def test_trial_in_a_lesson_counts_from_now_and_is_given_once(context: Context) -> None:
    await set_class(context, price=100, trial_minutes=10, state="live")
    clock(context).now = START + MINUTE
    assert await tried(context, "ravi", trial=True) == "trial"
    (row,) = await enrolments_of(context, "ravi")
    assert row.expires_at == START + 11 * MINUTE
    clock(context).now = START + 11 * MINUTE
    assert await tried(context, "ravi", trial=True) == "trial_used"


async def test_trial_taken_before_waits_for_the_lesson_and_is_given_once(context: Context) -> None:
    await set_class(context, price=100, trial_minutes=10)
    assert [await tried(context, "ravi", trial=True) for _ in range(2)] == ["trial", "trial"]
    (row,) = await enrolments_of(context, "ravi")
    assert row.expires_at is None


async def test_no_trial_after_a_refund(context: Context) -> None:
    await set_class(context, price=100, trial_minutes=10)
    await enrolled(context, "ravi")
    await end(context, "ravi", "refunded")
    assert await tried(context, "ravi", trial=True) == "trial_used"


async def test_expired_enrolment_makes_room_for_a_new_one(context: Context) -> None:
    await set_class(context, seats=1)
    await enrolled(context, "ravi", expires_at=clock(context).now)
    assert await tried(context, "bala") == "free"
    await end(context, "bala", "cancelled")
    assert await tried(context, "ravi") == "free"
    assert [row.ended_reason for row in await enrolments_of(context, "ravi")] == ["expired", None]


async def test_seats_are_never_oversold(context: Context) -> None:
    await set_class(context, seats=3)
    names = [f"student{number}" for number in range(20)]
    async with context.db.writing() as session:
        session.add_all([user(name) for name in names])
    kinds = await asyncio.gather(*(tried(context, name) for name in names))
    assert sorted(kinds) == ["class_full"] * 17 + ["free"] * 3
    async with context.db.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Enrolment)) == 3
        assert await enrolments.taken(session, ["maths"], context.now()) == {"maths": 3}


async def test_one_person_in_many_tabs_takes_one_seat(context: Context) -> None:
    await set_class(context, seats=2)
    assert set(await asyncio.gather(*(tried(context, "ravi") for _ in range(8)))) == {"free"}
    assert len(await enrolments_of(context, "ravi")) == 1
