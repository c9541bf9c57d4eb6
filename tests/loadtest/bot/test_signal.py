"""A bot's Socket.IO against the real application, and against a server that misbehaves."""

import asyncio
import errno
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from common.roles import Role
from loadtest.bot.signal import Json, SignalError, Signalling
from tests.support.sio_client import TIMEOUT, class_server, token_for

# One loop for the module: engineio's ping tasks outlive their sockets by up to PING_INTERVAL.
pytestmark = pytest.mark.asyncio(loop_scope="module")

WANTED = frozenset({"liveclass-started", "removed"})
OPEN, CONNECTED = '0{"sid":"e"}', '40{"sid":"s"}'


class Client:
    """A bot's signalling and all that it hears."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.events: list[tuple[str, Json]] = []
        self.lost: asyncio.Future[SignalError] = asyncio.get_running_loop().create_future()
        self.heard = asyncio.Event()
        self.signal = Signalling(http, url, WANTED, self._hear)
        self.signal.lost = self.lost.set_result

    def _hear(self, event: str, payload: Json) -> None:
        self.events.append((event, payload))
        self.heard.set()


@asynccontextmanager
async def clients(url: str, count: int = 1) -> AsyncIterator[list[Client]]:
    async with aiohttp.ClientSession() as http:
        made = [Client(http, url) for _ in range(count)]
        try:
            yield made
        finally:
            for one in made:
                await one.signal.close()


async def refused(work: Callable[[], object]) -> str:
    with pytest.raises(SignalError) as caught:
        await work()  # type: ignore[misc]
    return caught.value.code


async def test_it_joins_hears_and_is_told_of_refusals(tmp_path: Path) -> None:
    async with class_server(tmp_path) as server, clients(server.url, 2) as (student, teacher):
        await student.signal.open(token_for("ben"))
        reply = await student.signal.request("video-join", {"classId": "demo"})
        assert reply["self"]["name"] == "Ben"
        assert reply["class"]["started"] is False
        offer = {"sdp": "v=0"}
        assert await refused(lambda: student.signal.request("video-offer", offer)) == (
            "class_not_started"
        )
        await teacher.signal.open(token_for("asha", Role.TEACHER))
        await teacher.signal.request("video-join", {"classId": "demo"})
        async with asyncio.timeout(TIMEOUT):
            await student.heard.wait()
        assert [name for name, _ in student.events] == ["liveclass-started"]
        assert student.events[0][1]["classId"] == "demo"


async def test_a_second_login_is_heard_and_the_loss_of_the_socket(tmp_path: Path) -> None:
    async with class_server(tmp_path) as server, clients(server.url, 2) as (first, second):
        for one in (first, second):
            await one.signal.open(token_for("ben"))
            await one.signal.request("video-join", {"classId": "demo"})
        async with asyncio.timeout(TIMEOUT):
            error = await first.lost
        assert error.code == "signalling_lost"
        assert first.events == [("removed", {"reason": "replaced"})]
        assert await refused(lambda: first.signal.request("hand", {"raised": True})) == (
            "signalling_lost"
        )


async def test_a_bad_token_is_refused_with_the_servers_code(tmp_path: Path) -> None:
    async with class_server(tmp_path) as server, clients(server.url) as (client,):
        assert await refused(lambda: client.signal.open("nonsense")) == "bad_token"


async def test_nobody_there_is_unreachable() -> None:
    async with clients("http://127.0.0.1:9") as (client,):
        assert await refused(lambda: client.signal.open("token")) == "unreachable"


@asynccontextmanager
async def scripted(*packets: str, then_close: bool = True) -> AsyncIterator[tuple[str, list[str]]]:
    """A server that says these packets, whatever it hears; its address, and what it heard."""
    heard: list[str] = []

    async def serve(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for packet in packets:
            await ws.send_str(packet)
        if then_close:
            await ws.close()
        async for message in ws:
            heard.append(message.data)
        return ws

    app = web.Application()
    app.router.add_get("/socket.io/", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/", heard
    finally:
        await runner.cleanup()


async def test_pings_are_answered_also_before_the_connection_is_made() -> None:
    packets = (OPEN, "2", CONNECTED, "2", '42["removed",{"reason":"x"}]', '42["else",{}]')
    async with scripted(*packets, then_close=False) as (url, heard), clients(url) as (client,):
        await client.signal.open("token")
        async with asyncio.timeout(TIMEOUT):
            await client.heard.wait()
        assert client.events == [("removed", {"reason": "x"})]
        await client.signal.close()
        assert heard == ['40{"token": "token"}', "3", "3", "1"]
        assert not client.lost.done()


@pytest.mark.parametrize("packets", [(OPEN,), ()])
async def test_a_server_that_closes_at_once_is_lost(packets: tuple[str, ...]) -> None:
    async with scripted(*packets) as (url, _), clients(url) as (client,):
        assert await refused(lambda: client.signal.open("token")) == "signalling_lost"


@pytest.mark.parametrize("packet", ['42["removed"', "43x[]", '42["removed"]', "43"])
async def test_nonsense_ends_the_conversation(packet: str) -> None:
    packets = (OPEN, CONNECTED, packet)
    async with scripted(*packets, then_close=False) as (url, _), clients(url) as (client,):
        await client.signal.open("token")
        async with asyncio.timeout(TIMEOUT):
            error = await client.lost
        assert error.code == "signalling_lost"


@pytest.mark.parametrize("reply", ['["text"]', '[{"ok":false}]', "[{}]"])
async def test_a_reply_of_no_known_form_is_a_refusal(reply: str) -> None:
    async with scripted(OPEN, CONNECTED, then_close=False) as (url, _), clients(url) as (client,):
        await client.signal.open("token")
        asked = asyncio.ensure_future(client.signal.request("hand", {}))
        await asyncio.sleep(0)
        await client.signal._take(f"431{reply}")
        assert await refused(lambda: asked) == "bad_reply"


async def test_an_answer_that_does_not_come_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(OPEN, CONNECTED, then_close=False) as (url, _), clients(url) as (client,):
        await client.signal.open("token")
        monkeypatch.setattr("loadtest.bot.signal.TIMEOUT", 0.01)
        assert await refused(lambda: client.signal.request("hand", {})) == "timeout"
        await client.signal._take('431[{"ok":true}]')  # too late


async def test_a_server_that_says_nothing_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.bot.signal.TIMEOUT", 0.05)
    async with scripted(then_close=False) as (url, _), clients(url) as (client,):
        assert await refused(lambda: client.signal.open("token")) == "timeout"


@pytest.mark.parametrize(
    "fault", [OSError(errno.EHOSTUNREACH, "no route"), aiohttp.ClientConnectionError("lost")]
)
async def test_a_network_that_has_gone_is_lost_and_never_raised(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def send(self: object, text: str) -> None:
        raise fault

    async with scripted(OPEN, CONNECTED, then_close=False) as (url, _), clients(url) as (client,):
        await client.signal.open("token")
        monkeypatch.setattr(aiohttp.ClientWebSocketResponse, "send_str", send)
        assert await refused(lambda: client.signal.request("hand", {})) == "signalling_lost"
        await client.signal.close()
    async with scripted(OPEN, CONNECTED, "2", then_close=False) as (url, _):
        monkeypatch.undo()
        async with clients(url) as (client,):
            await client.signal.open("token")
            monkeypatch.setattr(aiohttp.ClientWebSocketResponse, "send_str", send)
            async with asyncio.timeout(TIMEOUT):
                assert (await client.lost).code == "signalling_lost"
