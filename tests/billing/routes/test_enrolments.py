"""Enrolling and the token for the live class, over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from billing.context import Context
from common.roles import Role
from signalling.auth.tokens import verify
from signalling.classroom.permissions import Identity
from tests.billing.school import MINUTE, START, clock
from tests.billing.support import make_context, new_class, user
from tests.billing.web import SECRET, Site, refused, site, told


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        async with context.db.writing() as session:
            session.add(user("asha", "teacher"))
        async with context.db.writing() as session:
            session.add(new_class("maths", "asha", price=0))
            session.add(new_class("paid", "asha", trial_minutes=10))
        yield context


@pytest_asyncio.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


async def test_token_opens_the_class_to_who_is_enrolled(web: Site) -> None:
    ravi = await web.signed_up("ravi")
    clock(web.context).now = START
    path = "/api/classes/maths"
    assert await refused(await ravi.post(f"{path}/token", json={}), 403) == "not_enrolled"
    made = await told(await ravi.post(f"{path}/enrol", json={}))
    assert made == {"enrolled": True, "classId": "maths"}
    made = await told(await ravi.post(f"{path}/token", json={}))
    assert made["url"] == "/class/maths"
    now = web.context.now() / 1000
    me = (await told(await ravi.get("/api/me")))["account"]
    assert verify(made["token"], SECRET, now=now) == Identity(
        me["id"], "Ravi", Role.STUDENT, "maths"
    )


async def test_token_lasts_longer_than_a_late_lesson_and_no_longer_than_a_day(web: Site) -> None:
    ravi = await web.signed_up("ravi")
    clock(web.context).now = START
    await told(await ravi.post("/api/classes/maths/enrol", json={}))
    token = (await told(await ravi.post("/api/classes/maths/token", json={})))["token"]
    later = START + 4 * 60 * MINUTE
    assert verify(token, SECRET, now=later / 1000 - 1).user_id.startswith("u-")


async def test_refusals_of_the_token(web: Site) -> None:
    ravi, stranger = await web.signed_up("ravi"), await web.browser()
    assert await refused(await stranger.post("/api/classes/maths/token"), 401) == "not_signed_in"
    assert await refused(await ravi.post("/api/classes/nothing/token"), 404) == "not_found"
    await told(await ravi.post("/api/classes/maths/enrol", json={}))
    assert await refused(await ravi.post("/api/classes/maths/token"), 403) == "not_yet_open"


async def test_paid_class_is_not_free_but_has_a_trial(web: Site) -> None:
    ravi = await web.signed_up("ravi")
    path = "/api/classes/paid"
    assert await refused(await ravi.post(f"{path}/enrol", json={}), 409) == "not_free"
    await told(await ravi.post(f"{path}/enrol", json={"trial": True}))
    seen = await told(await ravi.get(path))
    assert (seen["my"]["enrolled"], seen["my"]["kind"]) == (True, "trial")
    assert seen["my"]["expiresAt"] is None  # its minutes begin with the class


async def test_only_students_enrol(web: Site) -> None:
    meera = await web.signed_up("meera", "parent")
    assert await refused(await meera.post("/api/classes/maths/enrol"), 403) == "forbidden"


async def test_tries_are_limited(web: Site) -> None:
    ravi = await web.signed_up("ravi")
    codes = [(await ravi.post("/api/classes/nothing/token")).status for _ in range(31)]
    assert codes == [404] * 30 + [429]
