"""A bot's life against a server that answers as told; whole ones: interop/test_fleet.py."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from loadtest.bot.bot import Bot, BotContext
from loadtest.bot.link import Lag, Poller
from loadtest.records import BotPlan, Failed, People
from sfu.dtls.session import AiortcDtls
from sfu.timers import Timers
from tests.loadtest.bot.test_offer import answer_to
from tests.support.bots import plan

WELCOME = {
    "self": {"id": "p1"},
    "participants": [{"id": "t1", "role": "teacher"}],
    "class": {"started": True},
}
REMOVED = '42["removed",{"reason":"test"}]'
WITHIN = 10.0


def accept(event: str) -> dict[str, Any]:
    """What an accepted message's acknowledgement holds."""
    if event == "video-join":
        return WELCOME
    return {}


class World:
    """A server, and what bots of a fleet share. `removing`: the event at which it throws out."""

    def __init__(self, removing: str = "") -> None:
        self.removing = removing
        self.heard: list[str] = []
        self.told: list[object] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.timers: Timers[Any] = Timers()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str('0{"sid":"e"}')
        async for message in ws:
            if message.data.startswith("40"):
                await ws.send_str('40{"sid":"s"}')
            elif message.data.startswith("42"):
                await self._take(ws, message.data)
        return ws

    async def _take(self, ws: web.WebSocketResponse, packet: str) -> None:
        body = packet.index("[")
        event, payload = json.loads(packet[body:])
        self.heard.append(event)
        if event == self.removing:
            await ws.send_str(REMOVED)
        if event == "video-offer":
            sdp = answer_to(payload["sdp"]).replace("192.0.2.1", "127.0.0.1")
            await ws.send_str(f"42{json.dumps(['video-answer', {'sdp': sdp}])}")
        reply = {"ok": True, **accept(event)}
        await ws.send_str(f"43{packet[2:body]}{json.dumps([reply])}")

    def spawn(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        return task

    @asynccontextmanager
    async def bot(self, who: BotPlan) -> AsyncIterator[Bot]:
        app = web.Application()
        app.router.add_get("/socket.io/", self.serve)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        poller = Poller()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with aiohttp.ClientSession() as http:
                url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                bot = Bot(who, self._around(http, url, poller), 0.5)
                yield bot
                await bot.leave()
                await asyncio.gather(*self.tasks, return_exceptions=True)
        finally:
            poller.close()
            await runner.cleanup()

    def _around(self, http: aiohttp.ClientSession, url: str, poller: Poller) -> BotContext:
        return BotContext(
            url=url,
            class_id="demo",
            http=http,
            dtls=AiortcDtls(role="client"),
            timers=self.timers,
            poller=poller,
            lag=Lag(),
            clip=None,
            tell=self.told.append,
            latency=lambda milliseconds, base: None,
            spawn=self.spawn,
            began=time.monotonic(),
            people=People({}, None),
        )


async def ended(joining: "asyncio.Task[None]") -> None:
    async with asyncio.timeout(WITHIN):
        await asyncio.gather(joining, return_exceptions=True)


async def test_it_joins_and_leaves_in_order() -> None:
    world = World()
    async with world.bot(plan("eve")) as bot:
        await ended(world.spawn(bot.join()))
        assert (bot.present, bot.left) == (True, "")
        await bot.leave()
    assert world.heard == ["video-join", "media-state", "video-offer", "layout", "video-leave"]
    assert world.told == []
    assert bot.result().left == "finished"


@pytest.mark.parametrize("event", ["video-join", "media-state", "video-offer", "layout"])
async def test_who_is_thrown_out_while_joining_does_not_come_back(event: str) -> None:
    world = World(removing=event)
    async with world.bot(plan("eve")) as bot:
        await ended(world.spawn(bot.join()))
        async with asyncio.timeout(WITHIN):
            await asyncio.gather(*world.tasks, return_exceptions=True)
        assert (bot.present, bot.left) == (False, "removed")
        assert world.heard[-1] == event
        assert world.timers.next_deadline() is None
        assert bot.overflowed() == bot.refused() == 0
    assert [type(message) for message in world.told] == [Failed]


async def test_who_leaves_while_joining_stays_away() -> None:
    world = World()
    async with world.bot(plan("eve")) as bot:
        joining = world.spawn(bot.join())
        await asyncio.sleep(0)
        await bot.leave("left")
        await ended(joining)
        assert (bot.present, bot.left, bot.connection) == (False, "not_joined", None)
    assert "video-offer" not in world.heard


async def test_a_latecomers_times_move_and_are_never_past() -> None:
    world = World()
    async with world.bot(plan("eve", late=True, join_at=5.0, leave_at=9.0)) as bot:
        began = bot.due_at - 5.0
        bot.shift(2.0, began + 1.0)
        assert bot.due_at == pytest.approx(began + 7.0)
        assert (bot.plan.join_at, bot.plan.leave_at) == (7.0, 11.0)
        bot.shift(0.0, began + 8.0)
        assert bot.due_at == began + 8.0


async def test_what_the_system_refuses_to_send_is_counted_to_the_end() -> None:
    world = World()
    async with world.bot(plan("eve")) as bot:
        await ended(world.spawn(bot.join()))
        bot.send(bytes(70_000))  # more than a datagram can hold
        assert bot.refused() == 1
        await bot.leave()
        assert bot.refused() == bot.result().unsent == 1
