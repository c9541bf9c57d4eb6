"""Real sockets: a class over Socket.IO, with its faults and attacks."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from common.errors import CapacityError
from common.roles import Role
from signalling.auth.tokens import mint
from signalling.classroom.effects import CloseClass, CloseMedia, OpenClass
from signalling.classroom.permissions import Identity
from signalling.media_plane import OfferCommand, OpenMedia
from tests.support.sio_client import (
    SECRET,
    TIMEOUT,
    ClassServer,
    class_server,
    connected,
    joined,
    raw_socket,
    refusal,
    token_for,
)

pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    async with class_server(tmp_path) as running:
        yield running


async def test_two_people_meet(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, welcome),
        joined(server, "ravi") as (ravi, late),
    ):
        assert late["class"]["state"] == "live"
        assert [p["name"] for p in late["participants"]] == ["Ravi", "Asha"]
        told = await asha.wait("participant-joined")
        assert told["participants"][0]["id"] == late["self"]["id"]
        assert await ravi.say("video-leave") == {"ok": True}
        left = await asha.wait("participant-left")
        assert left["participants"] == [late["self"]["id"]]
        assert left["totals"] == {"participants": 1, "hands": 0}
    assert welcome["self"]["role"] == "teacher"


async def test_student_waits_for_the_teacher(server: ClassServer) -> None:
    async with joined(server, "ravi") as (ravi, welcome):
        assert welcome["class"]["state"] == "waiting"
        refused = await ravi.call("video-offer", {"sdp": "offer"})
        assert refused["error"]["code"] == "class_not_started"
        async with joined(server, "asha", Role.TEACHER):
            started = await ravi.wait("liveclass-started")
            assert started["classId"] == "demo"
            await ravi.say("video-offer", sdp="offer")
            assert (await ravi.wait("video-answer"))["sdp"] == "answer to offer"


async def test_answer_comes_once_and_says_which_offer_it_is_for(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, welcome):
        assert await asha.say("video-offer", sdp="offer", offer=7) == {"ok": True}
        event = await asha.wait("video-answer")
        assert (event["sdp"], event["offer"]) == ("answer to offer", 7)
        assert server.plane.calls == [
            OpenClass("demo"),
            OpenMedia("demo", welcome["self"]["id"], True),
            OfferCommand(welcome["self"]["id"], "offer"),
        ]


async def test_transport_that_went_unnoticed_is_opened_anew(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        await asha.say("video-offer", sdp="one")
        server.plane.joined.clear()
        await asha.say("video-offer", sdp="two")
        assert [type(call) for call in server.plane.calls[-2:]] == [OpenMedia, OfferCommand]


async def test_full_media_server_is_told_and_can_be_tried_again(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        server.plane.refuse_join = CapacityError("server_full", "no room")
        refused = await asha.call("video-offer", {"sdp": "one"})
        assert refused["error"]["code"] == "server_full"
        server.plane.refuse_join = None
        await asha.say("video-offer", sdp="two")


async def test_nothing_of_the_class_comes_before_the_join_is_acknowledged(
    server: ClassServer,
) -> None:
    """Told by a raw socket, which sees the packets in their order."""
    async with joined(server, "asha", Role.TEACHER) as (asha, _), raw_socket(server) as raw:
        await raw.send("40" + f'{{"token":"{token_for("ravi")}"}}')
        await raw.receive("40")
        await raw.send('420["video-join",{"classId":"demo"}]')
        await raw.send('421["chat-message",{"text":"first"}]')
        chat = asyncio.gather(*(asha.say("chat-message", text=str(n)) for n in range(10)))
        assert (await raw.receive("4")).startswith("430")
        await raw.receive('42["chat-message"')
        await chat


async def test_chat_is_in_one_order_for_all(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi") as (ravi, _),
        joined(server, "mina") as (mina, _),
    ):
        clients = (asha, ravi, mina)
        await asyncio.gather(
            *(one.say("chat-message", text=str(n)) for n in range(8) for one in clients)
        )
        ends = [await one.say("chat-message", text=f"end {i}") for i, one in enumerate(clients)]
        for one in clients:
            await one.wait("chat-message", lambda message: message["id"] == ends[2]["id"])
        seen = [[message["id"] for message in one.got("chat-message")] for one in clients]
        assert len(seen[0]) == 27
        assert seen[0] == seen[1] == seen[2]


async def test_messages_of_one_person_are_handled_in_their_order(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        acks = await asyncio.gather(*(asha.say("chat-message", text=str(n)) for n in range(30)))
        await asha.wait("chat-message", lambda message: message["text"] == "29")
        assert [m["text"] for m in asha.got("chat-message")] == [str(n) for n in range(30)]
        assert [m["id"] for m in asha.got("chat-message")] == [ack["id"] for ack in acks]


async def test_hands_are_in_the_order_they_went_up(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi") as (ravi, ravis),
        joined(server, "mina") as (mina, minas),
    ):
        await mina.say("hand", raised=True)
        await ravi.say("hand", raised=True)
        told = await asha.wait("hands", lambda payload: len(payload["hands"]) == 2)
        order = [hand["participant"] for hand in told["hands"]]
        assert order == [minas["self"]["id"], ravis["self"]["id"]]


async def test_second_login_replaces_the_first(server: ClassServer) -> None:
    async with (
        joined(server, "ravi") as (first, welcome),
        joined(server, "ravi") as (second, again),
    ):
        assert again["self"]["id"] == welcome["self"]["id"]
        assert await first.wait("removed") == {"reason": "replaced"}
        await first.wait("disconnect")
        await second.say("hand", raised=True)
        assert second.got("removed") == []


async def test_lost_socket_is_told_and_resumed_as_the_same_person(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        async with joined(server, "ravi") as (ravi, welcome):
            await ravi.say("video-offer", sdp="offer")
            await ravi.say("hand", raised=True)
            me = welcome["self"]["id"]
            await asha.wait("participant-joined")
            await ravi.break_transport()
            await asha.connection_of(me, "lost")
        async with joined(server, "ravi", resume=welcome["resume"]) as (_, again):
            assert again["self"]["id"] == me
            assert again["self"]["hand"] is True
            assert again["resumed"] is True
            await asha.connection_of(me, "connected")
            assert CloseMedia(me) not in server.plane.calls
            assert asha.got("participant-left") == []


async def test_page_that_hides_is_told_at_once(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi") as (ravi, welcome),
    ):
        await asha.wait("participant-joined")
        await ravi.say("video-leave", resumable=True)
        await asha.connection_of(welcome["self"]["id"], "lost")
        refused = await ravi.call("hand", {"raised": True})
        assert refused["error"]["code"] == "not_joined"
        again = await ravi.say("video-join", classId="demo", resume=welcome["resume"])
        assert again["self"]["id"] == welcome["self"]["id"]


@pytest.mark.parametrize(
    ("auth", "code"),
    [
        (None, "no_token"),
        ({}, "no_token"),
        ({"token": 5}, "no_token"),
        ({"token": "x.y.z"}, "bad_token"),
        (
            {"token": mint(Identity("u", "U", Role.TEACHER, "demo"), "w" * 40, now=0, lifetime=1)},
            "bad_token",
        ),
        (
            {"token": mint(Identity("u", "U", Role.TEACHER, "demo"), SECRET, now=0, lifetime=1)},
            "token_expired",
        ),
    ],
)
async def test_connection_without_a_good_token_is_refused(
    server: ClassServer, auth: object, code: str
) -> None:
    refused = await refusal(server, auth)
    assert refused["data"]["code"] == code
    assert server.hub.sessions == {}
    assert server.hub.counts.connections_refused == {code: 1}


async def test_full_server_refuses_connections(tmp_path: Path) -> None:
    async with (
        class_server(tmp_path, max_sockets=2) as server,
        connected(server, "asha"),
        connected(server, "ravi"),
    ):
        refused = await refusal(server, {"token": token_for("mina")})
        assert refused["data"]["code"] == "server_full"


async def test_token_of_one_class_does_not_open_another(server: ClassServer) -> None:
    async with connected(server, "ravi") as ravi:
        refused = await ravi.call("video-join", {"classId": "other"})
        assert refused["error"]["code"] == "wrong_class"
        assert server.hub.classrooms == {}


async def test_class_that_nobody_begun_is_forgotten_with_its_last_person(
    server: ClassServer,
) -> None:
    async with joined(server, "ravi") as (ravi, _):
        await ravi.say("video-leave")
        await ravi.say("video-join", classId="demo")
        await ravi.say("video-leave")
        await ravi.call("hand", {"raised": True})  # a round trip later
        assert server.hub.classrooms == {}
        assert server.plane.calls[-1] == CloseClass("demo")


async def test_messages_before_the_join_are_refused(server: ClassServer) -> None:
    async with connected(server, "ravi") as ravi:
        refused = await ravi.call("chat-message", {"text": "hello"})
        assert refused["error"]["code"] == "not_joined"


@pytest.mark.parametrize(
    ("event", "payload", "code"),
    [
        ("hand", {"raised": "yes"}, "bad_message"),
        ("hand", "up", "bad_message"),
        ("no-such", {}, "unknown_event"),
        ("connect", {"token": "x"}, "unknown_event"),
        ("disconnect", {}, "unknown_event"),
    ],
)
async def test_payloads_that_are_no_message_are_refused_and_harmless(
    server: ClassServer, event: str, payload: object, code: str
) -> None:
    async with joined(server, "ravi") as (ravi, _):
        refused = await ravi.call(event, payload)
        assert refused["error"]["code"] == code
        await ravi.say("hand", raised=True)


async def test_end_is_acknowledged_before_everyone_is_disconnected(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi") as (ravi, _),
    ):
        await asha.say("class-end", classId="demo")
        for one in (asha, ravi):
            assert await one.wait("removed") == {"reason": "ended"}
            await one.wait("disconnect")
            names = [name for name, _ in one.events]
            assert names.index("liveclass-ended") < names.index("removed")
    assert server.plane.calls[-1] == CloseClass("demo")


async def test_removed_person_is_disconnected_and_media_closed(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi") as (ravi, welcome),
    ):
        await ravi.say("video-offer", sdp="offer")
        me = welcome["self"]["id"]
        await asha.say("moderate", action="remove", participant=me)
        assert await ravi.wait("removed") == {"reason": "removed"}
        await ravi.wait("disconnect")
        assert CloseMedia(me) in server.plane.calls


async def test_stopping_server_says_so(tmp_path: Path) -> None:
    async with class_server(tmp_path) as server, connected(server, "ravi") as ravi:
        await server.app.shutdown()
        await ravi.wait("server-draining")
        await ravi.wait("disconnect")
        assert (await refusal(server, {"token": token_for("mina")}))["data"]["code"] == "draining"


async def test_another_sites_page_may_not_connect(server: ClassServer) -> None:
    import aiohttp

    url = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession(headers={"Origin": "https://evil.example"}) as session:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
    async with (
        aiohttp.ClientSession(headers={"Origin": server.url}) as session,
        session.ws_connect(url) as ws,
    ):
        assert (await ws.receive(TIMEOUT)).data.startswith("0")
