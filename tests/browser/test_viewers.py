"""The load test's browser viewers in a class that a bot holds: what bots send is real media."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from loadtest.browser.viewers import watch
from loadtest.records import Begin, BotPlan, Done, Failed, Finish, FleetPlan, Joined, Ready
from loadtest.run.local_server import LocalServer
from loadtest.run.processes import FleetProcesses

pytestmark = pytest.mark.alone

CLASS = "bot-held"
WATCHES_FOR = 4.0
TEACHES_WITHIN = 60.0  # the clip may have to be made first


async def heard(fleets: FleetProcesses, wanted: Callable[[object], bool]) -> None:
    """Takes messages until the wanted one comes."""
    async with asyncio.timeout(TEACHES_WITHIN):
        while not wanted(message := await fleets.messages.get()):
            assert not isinstance(message, Failed), message


@asynccontextmanager
async def bot_teacher(server: LocalServer) -> AsyncIterator[None]:
    """A class in which one bot teaches with camera and microphone, now loud, now quiet."""
    token = server.link(CLASS, "teacher", "Teacher", "teacher").partition("?t=")[2]
    sources = ("camera", "microphone")
    speaks = tuple((second, second + 1.0) for second in range(0, 120, 3))
    plan = BotPlan("Teacher", "teacher", token, 0.0, publish=sources, speaks=speaks, show="nothing")
    fleets = FleetProcesses([FleetPlan(0, server.url, CLASS, (plan,), core=None)])
    fleets.start()
    try:
        await heard(fleets, lambda message: isinstance(message, Ready))
        fleets.tell(Begin(time.monotonic()))
        await heard(fleets, lambda message: isinstance(message, Joined))
        yield
        fleets.tell(Finish())
        await heard(fleets, lambda message: isinstance(message, Done))
    finally:
        await fleets.stop()


async def test_chromium_decodes_what_a_bot_sends_without_a_fault(server: LocalServer) -> None:
    seated, end = asyncio.Event(), asyncio.Event()
    links = [server.link(CLASS, "student", "Ben", "ben"), "http://127.0.0.1:1/class/x?t=secret"]
    async with bot_teacher(server):
        watching = asyncio.create_task(watch(links, end, [], seated))
        await seated.wait()
        await asyncio.sleep(WATCHES_FOR)
        end.set()
        seen, failed = await watching
    assert seen.error is None
    assert seen.joined
    assert seen.join_ms is not None
    assert seen.first_frame_ms is not None
    assert 0 < seen.join_ms < seen.first_frame_ms < 10_000
    assert (seen.width, seen.height) == (1280, 720)
    assert 24 < seen.fps < 32
    assert seen.lost == 0
    assert seen.audio_concealed < 0.05  # the pauses of a quiet microphone are none of it
    assert not failed.joined
    assert "ERR_" in (failed.error or "")
    assert "secret" not in (failed.error or "")
    assert failed.packets == 0
