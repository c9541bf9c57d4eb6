"""Engine.IO's edge with real sockets: strangers, floods, silence, and peers that do not read."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import aiohttp
import engineio
import pytest
from engineio.packet import MESSAGE, Packet

from common.roles import Role
from liveclass.classes import SERVER
from sfu.events import TransportClosed
from signalling.classroom.effects import CloseMedia
from signalling.media_plane import OfferCommand
from signalling.socket import clients, engine
from signalling.socket.engine import (
    MAX_UNSENT,
    PING_INTERVAL,
    PING_TIMEOUT,
    TOLD_TIMEOUT,
    UNAUTHENTICATED,
    EngineServer,
)
from signalling.socket.heartbeats import LONGEST_TICK
from signalling.socket.websocket import MAX_MESSAGE
from tests.support.sio_client import (
    TIMEOUT,
    ClassServer,
    RawSocket,
    class_server,
    connected,
    joined,
    raw_socket,
    refusal,
    token_for,
)

pytestmark = pytest.mark.interop


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    async with class_server(tmp_path) as running:
        yield running


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The lengths of all that goes through the JSON parser."""
    lengths: list[int] = []
    loads = engineio.json.loads

    def counting(text: str, **options: Any) -> Any:
        lengths.append(len(text))
        return loads(text, **options)

    monkeypatch.setattr(engineio.json, "loads", counting)
    return lengths


def eio(server: ClassServer) -> EngineServer:
    found: EngineServer = server.app[SERVER].eio
    return found


async def closing(ws: aiohttp.ClientWebSocketResponse) -> None:
    """Reads until the server has ended the socket."""
    async with asyncio.timeout(TIMEOUT):
        async for _ in ws:
            pass


async def until(is_so: Callable[[], object]) -> None:
    """Waits for what the server does in a few turns of the loop."""
    async with asyncio.timeout(TIMEOUT):
        turn = asyncio.Event()
        while not is_so():
            asyncio.get_running_loop().call_later(0.005, turn.set)
            await turn.wait()
            turn.clear()


async def until_closed(server: ClassServer, reason: str) -> None:
    await until(lambda: server.hub.counts.sockets_closed[reason])


def test_engineio_makes_its_sockets_where_ours_takes_their_place() -> None:
    told = "Engine.IO opens its sockets elsewhere: adapt signalling/socket/engine.py"
    assert hasattr(engineio.AsyncServer, "_handle_connect"), told
    assert {"sockets", "transports"} <= vars(engineio.AsyncServer()).keys(), told


# Strangers


async def test_a_strangers_frames_are_never_parsed(server: ClassServer, parsed: list[int]) -> None:
    """498 kB of `[[],[],…` took 181 ms of the loop."""
    async with raw_socket(server) as raw:
        with suppress(ConnectionError, aiohttp.ClientError):
            await raw.send("4[" + "[]," * 166_000 + "[]]")
        await closing(raw.ws)
    await until_closed(server, "too_much_before_token")
    async with raw_socket(server) as raw:
        await raw.send("4[[],[],[]]")
        await closing(raw.ws)
    await until_closed(server, "bad_frame")
    assert parsed == []


@pytest.mark.parametrize("frame", ["", "2probe", "40/site,{}", "451-[]", "5"])
async def test_an_odd_frame_ends_a_stranger_without_a_line_in_the_log(
    server: ClassServer, frame: str, caplog: pytest.LogCaptureFixture
) -> None:
    """An empty frame wrote 2.5 kB."""
    with caplog.at_level(logging.INFO):
        async with raw_socket(server) as raw:
            await raw.send(frame)
            await closing(raw.ws)
        await until_closed(server, "bad_frame")
    written = [one for one in caplog.records if one.name != "aiohttp.access"]
    assert [one.getMessage() for one in written if one.exc_info or one.levelno > 20] == []
    assert len(written) <= 1
    assert server.hub.sessions == {}


async def test_pings_of_websockets_own_are_for_members(server: ClassServer) -> None:
    async with raw_socket(server) as raw:
        await raw.ws.ping()
        await closing(raw.ws)
    async with raw_socket(server) as raw:
        await raw.join("ravi")
        await raw.ws.ping()
        await raw.send('425["hand",{"raised":true}]')
        await raw.receive("435")


async def test_a_refused_token_ends_the_socket(server: ClassServer) -> None:
    async with raw_socket(server) as raw:
        await raw.send('40{"token":"x"}')
        assert "bad_token" in await raw.receive("44")
        await closing(raw.ws)
    await until(lambda: not eio(server).strangers)


async def test_websocket_is_the_only_transport(server: ClassServer) -> None:
    async with aiohttp.ClientSession() as http:
        for query in ("transport=polling", "transport=polling&j=0", "j=0"):
            async with http.get(f"{server.url}/socket.io/?EIO=4&{query}") as response:
                assert response.status == 400
            async with http.post(f"{server.url}/socket.io/?EIO=4&{query}") as response:
                assert response.status == 400
    assert eio(server).sockets == {}


async def test_a_handshake_that_fails_leaves_nothing_behind(server: ClassServer) -> None:
    url = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "1"}
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as response:
        assert response.status == 400
    assert server.app[SERVER].environ == {}
    assert (eio(server).sockets, eio(server).strangers) == ({}, {})
    assert len(eio(server).heartbeats) == 0


async def test_strangers_take_only_their_share_and_the_oldest_gives_way(tmp_path: Path) -> None:
    async with class_server(tmp_path, max_sockets=20) as server, AsyncExitStack() as stack:
        first = await stack.enter_async_context(raw_socket(server))
        await first.receive("0")
        for _ in range(4):
            await (await stack.enter_async_context(raw_socket(server))).receive("0")
        await closing(first.ws)
        assert server.hub.counts.sockets_closed == {"crowded": 1}
        assert len(eio(server).strangers) == 4
        async with joined(server, "ravi"):
            assert len(eio(server).sockets) == 4


async def test_a_socket_without_a_token_is_closed(server: ClassServer) -> None:
    async with raw_socket(server) as raw, joined(server, "ravi") as (ravi, _):
        await raw.receive("0")
        live_through(eio(server), UNAUTHENTICATED, answering=True)
        await closing(raw.ws)
        assert server.hub.counts.sockets_closed == {"no_token": 1}
        await ravi.say("hand", raised=True)


# Members


async def test_a_flood_ends_a_students_stay_and_slows_staff(
    server: ClassServer, monkeypatch: pytest.MonkeyPatch, parsed: list[int]
) -> None:
    monkeypatch.setattr(clients, "PATIENCE", 0.2)
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        async with joined(server, "ravi") as (ravi, welcome):
            await ravi.say("video-offer", sdp="offer")
            parsed.clear()
            for one, messages in ((ravi, 300), (asha, 120)):
                for _ in range(messages):
                    await one.sio.emit("hand", {"raised": True})
            assert await ravi.wait("removed") == {"reason": "flooding"}
            await ravi.wait("disconnect")
        assert CloseMedia(welcome["self"]["id"]) in server.plane.calls
        assert server.hub.counts.refusals["flooding"] == 1
        await until(lambda: server.hub.counts.refusals["too_many_messages"] >= 20)
        assert asha.got("removed") == asha.got("disconnect") == []
        assert len(parsed) <= 2 * (clients.BURST + 10 * clients.PER_SECOND)
    again = await refusal(server, {"token": token_for("ravi")})
    assert again["data"]["code"] == "flooding"


async def test_a_person_whose_packets_flood_the_sfu_is_evicted(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER), joined(server, "ravi") as (ravi, welcome):
        server.hub.media_event(TransportClosed("demo", welcome["self"]["id"], "flooding"))
        assert await ravi.wait("removed") == {"reason": "flooding"}
        await ravi.wait("disconnect")
    again = await refusal(server, {"token": token_for("ravi")})
    assert again["data"]["code"] == "flooding"


async def test_a_flood_is_told_before_anything_is_parsed(server: ClassServer) -> None:
    async with joined(server, "ravi") as (ravi, _):
        calls = (ravi.call("chat-message", {"text": str(n)}) for n in range(80))
        acks = await asyncio.gather(*calls)
        codes = [ack["error"]["code"] for ack in acks if not ack["ok"]]
        assert set(codes) == {"too_many_messages"}
        assert sum(ack["ok"] for ack in acks) >= clients.BURST - 1, "the join took one"


async def test_offers_have_a_bucket_of_their_own(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        acks = [await asha.call("video-offer", {"sdp": "v=0", "offer": n}) for n in range(8)]
        assert [ack["ok"] for ack in acks[:5]] == [True] * 5
        assert acks[-1]["error"]["code"] == "too_many_offers"
        await asha.say("hand", raised=True)


async def test_lines_of_an_offer_are_paid_before_the_sfu_sees_them(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        refused = await asha.call("video-offer", {"sdp": "a\n" * 130_000})
        assert refused["error"]["code"] == "too_many_offers"
        assert not [call for call in server.plane.calls if isinstance(call, OfferCommand)]


async def test_the_fifth_socket_of_a_person_closes_the_oldest(server: ClassServer) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(server, "ravi"))
        for _ in range(3):
            await stack.enter_async_context(connected(server, "ravi"))
        last, _ = await stack.enter_async_context(joined(server, "ravi"))
        assert await first.wait("removed") == {"reason": "replaced"}
        await first.wait("disconnect")
        assert len(server.hub.sessions) == 4
        assert server.hub.counts.sockets_closed == {"surplus": 1}
        await last.say("hand", raised=True)


async def test_messages_that_are_no_json_are_counted_and_harm_nobody(
    server: ClassServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with raw_socket(server) as raw:
        await raw.join("mallory")
        for packet in ('42["hand",', '42["hand"' + "[" * 3_000, "42[", "4", '451-["hand"]'):
            await raw.send(packet)
        await raw.send('425["hand",{"raised":true}]')
        await raw.receive("435")
        assert server.hub.counts.refusals == {"bad_frame": 5}
    assert not [one for one in caplog.records if one.levelno > logging.INFO]


async def test_oversized_message_closes_the_connection(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        async with joined(server, "ravi") as (ravi, welcome):
            await asha.wait("participant-joined")
            await ravi.sio.emit("chat-message", {"text": "x" * (MAX_MESSAGE + 1)})
            await ravi.wait("disconnect")
            await asha.connection_of(welcome["self"]["id"], "lost")
        assert asha.got("chat-message") == []


async def test_a_socket_that_is_not_read_is_cut_at_a_megabyte(server: ClassServer) -> None:
    async with raw_socket(server) as raw:
        await raw.join("ravi")
        (socket,) = eio(server).sockets.values()
        answer = Packet(MESSAGE, "x" * 20_000)
        waited = 0
        while not socket.closed:
            await socket.send(answer)
            waited = max(waited, socket.unsent_bytes)
        assert waited <= MAX_UNSENT + 21_000, "and the last one"
        await closing(raw.ws)
    assert server.hub.counts.sockets_closed == {"not_read": 1}


async def test_an_event_for_many_is_encoded_once_for_all_it_is_written_to_together(
    server: ClassServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with AsyncExitStack() as stack:
        asha, _ = await stack.enter_async_context(joined(server, "asha", Role.TEACHER))
        people = [
            (await stack.enter_async_context(joined(server, f"s{number}")))[0]
            for number in range(12)
        ]
        texts: list[str] = []
        dumps = engineio.json.dumps

        def counting(value: Any, **options: Any) -> str:
            text: str = dumps(value, **options)
            texts.append(text)
            return text

        monkeypatch.setattr(engineio.json, "dumps", counting)
        await asha.say("chat-message", text="one for all")
        for one in people:
            await one.wait("chat-message")
        encoded = [text for text in texts if '"from"' in text and "one for all" in text]
        assert len(encoded) <= 2, "the sender's is held for the acknowledgement"


# Pings


def live_through(server: EngineServer, seconds: float, *, answering: bool = False) -> None:
    """Turns the clock of the edge on, in the ticks it has in life."""
    last = server.lived._last
    for tick in range(1, int(seconds * 10) + 2):
        if answering:
            for sid in server.sockets:
                server.heartbeats.heard(sid, server.lived.now)
        server.look_after(last + tick / 10)


def test_pings_notice_a_dead_network_within_eight_seconds() -> None:
    assert PING_INTERVAL + PING_TIMEOUT <= 8


def test_a_page_outlives_a_stall_of_four_seconds() -> None:
    """It hears a ping every PING_INTERVAL and waits for the next as long as it was told."""
    assert PING_INTERVAL + 4.0 < PING_INTERVAL + TOLD_TIMEOUT


async def test_silence_is_noticed(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _), raw_socket(server) as raw:
        mine = await raw.join("ravi")
        await asha.wait("participant-joined")
        sids = list(eio(server).sockets)
        live_through(eio(server), PING_INTERVAL)
        await raw.receive("2")
        eio(server).heartbeats.heard(sids[0], eio(server).lived.now)
        live_through(eio(server), PING_TIMEOUT - 1.0)
        assert not server.hub.counts.sockets_closed
        eio(server).heartbeats.heard(sids[0], eio(server).lived.now)
        live_through(eio(server), 1.5)
        await asha.connection_of(mine, "lost")
        assert server.hub.counts.sockets_closed == {"ping_timeout": 1}


async def test_any_frame_is_a_sign_of_life(server: ClassServer) -> None:
    async with raw_socket(server) as raw:
        await raw.join("ravi")
        live_through(eio(server), PING_INTERVAL)
        await raw.send('425["hand",{"raised":true}]')
        await raw.receive("435")
        live_through(eio(server), PING_INTERVAL - 0.5)
        assert not server.hub.counts.sockets_closed


async def test_a_stall_disconnects_nobody(server: ClassServer) -> None:
    async with raw_socket(server) as raw:
        await raw.join("ravi")
        live_through(eio(server), PING_INTERVAL)
        eio(server).look_after(eio(server).lived._last + 60.0)
        assert not server.hub.counts.sockets_closed
        live_through(eio(server), PING_TIMEOUT - 2 * LONGEST_TICK)
        assert not server.hub.counts.sockets_closed


async def test_a_stopping_server_says_that_it_goes_away(server: ClassServer) -> None:
    url = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, autoclose=False) as ws:
        await RawSocket(ws).join("ravi")
        await server.app.shutdown()
        async with asyncio.timeout(TIMEOUT):
            while (message := await ws.receive()).type is not aiohttp.WSMsgType.CLOSE:
                pass
        assert message.data == aiohttp.WSCloseCode.GOING_AWAY


async def test_the_page_is_told_how_long_to_wait(server: ClassServer) -> None:
    async with raw_socket(server) as raw:
        told = json.loads((await raw.receive("0"))[1:])
    assert (told["pingInterval"], told["pingTimeout"]) == (4_000, 5_000)
    assert told["upgrades"] == []
    assert engine.TICK < LONGEST_TICK
