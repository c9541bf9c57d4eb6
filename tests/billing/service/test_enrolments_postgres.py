"""The last seat on PostgreSQL: free enrolments, trials and payments at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import func, select, text

from billing.context import Context
from billing.errors import BillingError
from billing.service import checkout
from billing.service import live_classes as live
from billing.service.classes import change, people
from billing.service.enrolments import enrol_without_paying
from billing.service.rights import Asker
from billing.service.verify import Proof, verify
from billing.store.tables import Enrolment, Refund
from tests.billing.school import START, clock, enrolled, enrolments_of, fill, set_class
from tests.billing.support import MemoryGateway, make_context, user

NAMES = [f"student{number}" for number in range(12)]


@pytest_asyncio.fixture
async def context(tmp_path: Path, postgres_url: str) -> AsyncIterator[Context]:
    async with make_context(tmp_path, database_url=postgres_url) as context:
        await fill(context, seats=3, trial_minutes=10)
        async with context.db.writing() as session:
            session.add_all([user(name) for name in NAMES])
        yield context


async def tried(context: Context, name: str, *, trial: bool = False) -> str:
    try:
        return (await enrol_without_paying(context, f"u-{name}", "maths", trial=trial)).kind
    except BillingError as error:
        return error.code


async def bought(context: Context, name: str) -> str:
    """The outcome of a payment."""
    assert isinstance(context.gateway, MemoryGateway)
    made = await checkout.order(context, f"u-{name}", "maths", None)
    order_id = made.order.gateway_order_id
    assert order_id is not None
    payment = context.gateway.pay(order_id)
    proof = Proof(order_id, payment.id, context.gateway.sign(order_id, payment.id))
    try:
        await verify(context, f"u-{name}", proof)
    except BillingError as error:
        return error.code
    return "paid"


async def active(context: Context) -> int:
    async with context.db.reading() as session:
        found = select(func.count()).select_from(Enrolment)
        return await session.scalar(found.where(Enrolment.active(context.now()))) or 0


async def test_free_seats_are_never_oversold(context: Context) -> None:
    await set_class(context, price=0)
    kinds = await asyncio.gather(*(tried(context, name) for name in NAMES))
    assert sorted(kinds) == ["class_full"] * 9 + ["free"] * 3
    assert await active(context) == 3


async def test_a_trial_and_an_order_of_the_same_student_wait_for_each_other(
    context: Context,
) -> None:
    await set_class(context, seats=None)
    trials = [tried(context, name, trial=True) for name in NAMES]
    orders = [checkout.order(context, f"u-{name}", "maths", None) for name in NAMES]
    told = await asyncio.gather(*trials, *orders)
    assert told[: len(NAMES)] == ["trial"] * len(NAMES)
    async with context.db.reading() as session:
        ended = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        assert await session.scalar(text(ended)) == 0


async def test_trials_and_payments_share_the_seats(context: Context) -> None:
    await set_class(context, seats=1)
    trials = [tried(context, name, trial=True) for name in NAMES[:5]]
    payments = [bought(context, name) for name in NAMES[5:10]]
    told = await asyncio.gather(*trials, *payments, return_exceptions=True)
    answers = [one.code if isinstance(one, BillingError) else one for one in told]
    assert await active(context) == 1
    assert sum(one in ("trial", "paid") for one in answers) == 1
    assert set(answers) <= {"trial", "paid", "class_full"}
    async with context.db.reading() as session:
        refunds = list(await session.scalars(select(Refund.reason)))
    taken = len(context.gateway.payments) if isinstance(context.gateway, MemoryGateway) else 0
    assert len(refunds) == taken - ("paid" in answers)
    assert set(refunds) <= {"class_full"}


async def test_one_person_in_many_tabs_takes_one_seat(context: Context) -> None:
    await set_class(context, price=0)
    assert set(await asyncio.gather(*(tried(context, "ravi") for _ in range(6)))) == {"free"}
    assert len(await enrolments_of(context, "ravi")) == 1


@pytest.mark.parametrize("name", ["free", "run out"])
async def test_time_that_is_over_ends_enrolments(context: Context, name: str) -> None:
    await enrolled(context, "ravi", expires_at=START if name == "run out" else None)
    clock(context).now = START
    await live.expire_all(context)
    reasons = [row.ended_reason for row in await enrolments_of(context, "ravi")]
    assert reasons == (["expired"] if name == "run out" else [None])


async def test_queries_of_the_desk_work_here_too(context: Context) -> None:
    await enrolled(context, "ravi")
    asha = Asker("u-asha", "teacher")
    await change(context, asha, "maths", {"price": 1_000})
    found = await people(context, asha, "maths", 10, 0)
    assert [person.name for person, _ in found] == ["Ravi"]
