"""Enrolling without paying: free classes, trials, and the last seat under concurrency."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from billing.context import Shop
from billing.errors import BillingError
from billing.service import seats
from billing.service.enrol import enrol
from billing.store.tables import Enrolment, Notice
from tests.billing.catalogue.school import (
    MINUTE,
    START,
    clock,
    end,
    enrolled,
    enrolments,
    fill,
    set_class,
)
from tests.billing.support import DAY, make_shop, user


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with make_shop(tmp_path) as shop:
        await fill(shop, price=0)
        yield shop


async def tried(shop: Shop, name: str, *, trial: bool = False) -> str:
    """The kind of the enrolment, or the refusal's code."""
    try:
        return (await enrol(shop, f"u-{name}", "maths", trial=trial)).kind
    except BillingError as error:
        return error.code


async def test_free_class_is_entered_once(shop: Shop) -> None:
    assert [await tried(shop, "ravi"), await tried(shop, "ravi")] == ["free", "free"]
    (row,) = await enrolments(shop, "ravi")
    assert row.expires_at is None
    async with shop.db.reading() as session:
        notices = list(await session.scalars(select(Notice)))
    assert [one.text for one in notices] == ["You are enrolled in Maths."]


async def test_access_ends_its_days_after_the_next_lesson(shop: Shop) -> None:
    await set_class(shop, access_days=30)
    await tried(shop, "ravi")
    (row,) = await enrolments(shop, "ravi")
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
async def test_terms(shop: Shop, values: dict[str, object], trial: bool, code: str) -> None:
    await set_class(shop, **values)
    assert await tried(shop, "ravi", trial=trial) == code


async def test_class_whose_lessons_are_past_takes_nobody(shop: Shop) -> None:
    clock(shop).now = START + 60 * MINUTE
    assert await tried(shop, "ravi") == "class_gone"


async def test_trial_in_a_lesson_counts_from_now_and_is_given_once(shop: Shop) -> None:
    await set_class(shop, price=100, trial_minutes=10, state="live")
    clock(shop).now = START + MINUTE
    assert await tried(shop, "ravi", trial=True) == "trial"
    (row,) = await enrolments(shop, "ravi")
    assert row.expires_at == START + 11 * MINUTE
    clock(shop).now = START + 11 * MINUTE
    assert await tried(shop, "ravi", trial=True) == "trial_used"


async def test_trial_taken_before_waits_for_the_lesson_and_is_given_once(shop: Shop) -> None:
    await set_class(shop, price=100, trial_minutes=10)
    assert [await tried(shop, "ravi", trial=True) for _ in range(2)] == ["trial", "trial"]
    (row,) = await enrolments(shop, "ravi")
    assert row.expires_at is None


async def test_no_trial_after_a_refund(shop: Shop) -> None:
    await set_class(shop, price=100, trial_minutes=10)
    await enrolled(shop, "ravi")
    await end(shop, "ravi", "refunded")
    assert await tried(shop, "ravi", trial=True) == "trial_used"


async def test_expired_enrolment_makes_room_for_a_new_one(shop: Shop) -> None:
    await set_class(shop, seats=1)
    await enrolled(shop, "ravi", expires_at=clock(shop).now)
    assert await tried(shop, "bala") == "free"
    await end(shop, "bala", "cancelled")
    assert await tried(shop, "ravi") == "free"
    assert [row.ended_reason for row in await enrolments(shop, "ravi")] == ["expired", None]


async def test_seats_are_never_oversold(shop: Shop) -> None:
    await set_class(shop, seats=3)
    names = [f"student{number}" for number in range(20)]
    async with shop.db.writing() as session:
        session.add_all([user(name) for name in names])
    kinds = await asyncio.gather(*(tried(shop, name) for name in names))
    assert sorted(kinds) == ["class_full"] * 17 + ["free"] * 3
    async with shop.db.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Enrolment)) == 3
        assert await seats.taken(session, ["maths"], shop.now()) == {"maths": 3}


async def test_one_person_in_many_tabs_takes_one_seat(shop: Shop) -> None:
    await set_class(shop, seats=2)
    assert set(await asyncio.gather(*(tried(shop, "ravi") for _ in range(8)))) == {"free"}
    assert len(await enrolments(shop, "ravi")) == 1
