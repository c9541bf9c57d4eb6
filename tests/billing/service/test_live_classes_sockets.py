"""A class of the catalogue over real sockets: the gate, and leaving when the right to be there
ends."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from billing.context import Context
from billing.routes.keys import CONTEXT
from billing.service import cancel
from billing.service.join_tokens import issue
from billing.service.rights import Asker
from common.roles import Role
from liveclass.classes import minter
from tests.billing.school import end, enrolled, fill, state_of
from tests.billing.support import settings
from tests.support.sio_client import (
    SECRET,
    ClassClient,
    ClassServer,
    class_server,
    token_for,
)

# One loop for the module: engineio's ping tasks outlive their sockets by up to PING_INTERVAL.
pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

WITHIN = 2.0  # s


def soon() -> dict[str, object]:
    """A lesson that has just begun, with many to come."""
    start = datetime.now(UTC) - timedelta(minutes=5)
    return {
        "kind": "weekly",
        "days": [0, 1, 2, 3, 4, 5, 6],
        "time": start.strftime("%H:%M"),
        "from": start.strftime("%Y-%m-%d"),
        "until": (start + timedelta(days=30)).strftime("%Y-%m-%d"),
        "minutes": 60,
        "zone": "UTC",
    }


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    billing = settings(tmp_path, demo=False)
    async with class_server(tmp_path, billing=billing) as running:
        await fill(running.app[CONTEXT], schedule=soon())
        yield running


def shop_of(server: ClassServer) -> Context:
    return server.app[CONTEXT]


@asynccontextmanager
async def at_the_door(server: ClassServer, token: str) -> AsyncIterator[ClassClient]:
    client = ClassClient()
    await client.sio.connect(server.url, auth={"token": token}, transports=["websocket"])
    try:
        yield client
    finally:
        await client.sio.disconnect()


async def token_of(server: ClassServer, name: str) -> str:
    return (await issue(shop_of(server), minter(SECRET), f"u-{name}", "maths")).token


async def come_true(server: ClassServer, state: str) -> None:
    """Waits for the class's state in the catalogue, which the job changes."""
    async with asyncio.timeout(WITHIN):
        while (await state_of(shop_of(server)))[0] != state:
            await asyncio.to_thread(lambda: None)


async def test_join_asks_billing_whatever_the_token_says(server: ClassServer) -> None:
    token = token_for("u-ravi", Role.STUDENT, "maths")
    async with at_the_door(server, token) as ravi:
        answer = await ravi.call("video-join", {"classId": "maths"})
        assert answer["error"]["code"] == "not_enrolled"
        await enrolled(shop_of(server), "ravi")
        welcome = await ravi.say("video-join", classId="maths")
        assert welcome["class"]["title"] == "Maths"


async def test_refund_puts_a_live_student_out_within_two_seconds(server: ClassServer) -> None:
    context = shop_of(server)
    await enrolled(context, "ravi")
    async with (
        at_the_door(server, await token_of(server, "asha")) as asha,
        at_the_door(server, await token_of(server, "ravi")) as ravi,
    ):
        welcome = await asha.say("video-join", classId="maths")
        assert welcome["self"]["role"] == "teacher"
        await ravi.say("video-join", classId="maths")
        await come_true(server, "live")
        begun = time.monotonic()
        await end(context, "ravi", "refunded")  # by another process: nobody wakes the job
        assert await ravi.wait("removed") == {"reason": "refunded"}
        assert time.monotonic() - begun < WITHIN
        await ravi.wait("disconnect")
        assert asha.got("removed") == []
    async with at_the_door(server, token_for("u-ravi", Role.STUDENT, "maths")) as ravi:
        answer = await ravi.call("video-join", {"classId": "maths"})
        assert answer["error"]["code"] == "refunded"


async def test_cancelled_class_is_over_for_everybody(server: ClassServer) -> None:
    context = shop_of(server)
    await enrolled(context, "bala", kind="free")
    async with (
        at_the_door(server, await token_of(server, "asha")) as asha,
        at_the_door(server, await token_of(server, "bala")) as bala,
    ):
        await asha.say("video-join", classId="maths")
        await bala.say("video-join", classId="maths")
        await come_true(server, "live")
        await cancel.cancel(context, Asker("u-asha", "teacher"), "maths")
        await asyncio.gather(asha.wait("disconnect"), bala.wait("disconnect"))
        assert bala.got("removed") == [{"reason": "cancelled"}]
        assert asha.got("removed") == [{"reason": "cancelled"}]
    assert not shop_of(server).counts["job_failed:entry"]


async def test_class_is_scheduled_again_when_its_teacher_ends_the_lesson(
    server: ClassServer,
) -> None:
    async with at_the_door(server, await token_of(server, "asha")) as asha:
        await asha.say("video-join", classId="maths")
        await come_true(server, "live")
        await asha.say("class-end", classId="maths")
        await come_true(server, "scheduled")


async def test_class_that_the_catalogue_does_not_know_opens_by_its_token(
    server: ClassServer,
) -> None:
    async with at_the_door(server, token_for("somebody", Role.STUDENT, "demo")) as client:
        await client.say("video-join", classId="demo")
