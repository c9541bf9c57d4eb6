"""The SFU in this process behind a class: a browser's offer is answered over Socket.IO."""

import socket
from pathlib import Path
from typing import cast

import aiohttp
import pytest

from common.errors import CapacityError, PeerError
from common.roles import Role
from liveclass.classes import local_plane
from liveclass.health import SOURCES
from liveclass.local_media import STAFF, LocalMediaPlane
from sfu.dtls.api import DtlsSession
from sfu.dtls.session import QUEUE_LENGTH
from sfu.events import (
    ActiveSpeakers,
    Event,
    MediaDelivered,
    SlotsChanged,
    SlotState,
    TransportClosed,
)
from sfu.stats import SocketSnapshot
from signalling.classroom.effects import CloseClass, CloseMedia, OpenClass
from signalling.media_plane import OfferCommand, OpenMedia
from tests.support.sio_client import READER, class_server, joined

# One loop for the module: engineio's ping tasks outlive their sockets by up to PING_INTERVAL.
pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

OFFER = Path(__file__).parent.parent / "data" / "chromium-156-class-offer.sdp"


async def test_browsers_offer_is_answered_and_leaving_frees_the_transport(tmp_path: Path) -> None:
    async with (
        class_server(tmp_path, local_plane) as server,
        joined(server, "asha", Role.TEACHER) as (asha, welcome),
    ):
        me = welcome["self"]["id"]
        await asha.say("video-offer", sdp=OFFER.read_text())
        answer = await asha.wait("video-answer")
        assert "a=ice-lite" in answer["sdp"]
        assert "a=candidate:" in answer["sdp"]
        sources = [one["source"] for one in answer["sections"] if "source" in one]
        assert sources[:2] == ["microphone", "camera"]
        await asha.say("media-state", microphone=True, camera=False)
        mid = next(
            one["mid"]
            for one in answer["sections"]
            if (one["direction"], one["kind"]) == ("sendonly", "video")
        )
        await asha.say("layout", slots=[{"mid": mid, "want": "off"}])
        plane = server.app[SOURCES].plane
        assert await plane.participants("demo") == [me]
        url = f"{server.url}/metrics/classes/demo"
        async with aiohttp.ClientSession() as http, http.get(url, headers=READER) as response:
            (told,) = (await response.json())["transports"]
        assert (told["transport_id"], told["state"]) == (me, "connecting")
        assert mid in [slot["mid"] for slot in told["consumers"]]
        await asha.say("video-leave")
        assert await plane.participants("demo") == []


async def test_bad_offer_is_refused_with_the_sfus_code(tmp_path: Path) -> None:
    async with (
        class_server(tmp_path, local_plane) as server,
        joined(server, "asha", Role.TEACHER) as (asha, _),
    ):
        refused = await asha.call("video-offer", {"sdp": "v=0\r\nnonsense"})
        assert refused["error"]["code"] == "bad_sdp"
        await asha.say("video-offer", sdp=OFFER.read_text())


async def test_plane_opens_and_closes_without_order_mattering() -> None:
    plane = await LocalMediaPlane.start("127.0.0.1", 0, "127.0.0.1")
    try:
        await plane.run(OpenClass("demo"))
        await plane.run(OpenClass("demo"))
        await plane.run(OpenMedia("demo", "p1", True))
        with pytest.raises(PeerError):
            await plane.answer(OfferCommand("p1", ""))
        await plane.run(CloseMedia("p1"))
        await plane.run(CloseMedia("p1"))
        await plane.run(CloseClass("demo"))
        await plane.run(CloseClass("demo"))
        assert await plane.classes() == []
        assert (await plane.totals()).socket == SocketSnapshot()
    finally:
        plane.close()


async def test_a_class_has_room_for_as_many_as_are_let_in_and_for_staff() -> None:
    plane = await LocalMediaPlane.start("127.0.0.1", 0, "127.0.0.1", people=2)
    try:
        await plane.run(OpenClass("demo"))
        for number in range(2 + STAFF):
            await plane.run(OpenMedia("demo", f"p{number}", False))
        with pytest.raises(CapacityError):
            await plane.run(OpenMedia("demo", "one too many", False))
    finally:
        plane.close()


async def test_what_dtls_refuses_is_among_the_workers_drops() -> None:
    plane = await LocalMediaPlane.start("127.0.0.1", 0, "127.0.0.1")
    try:
        await plane.run(OpenClass("demo"))
        await plane.run(OpenMedia("demo", "p1", False))
        transport = plane._udp.worker.routers["demo"].transports["p1"]
        for _ in range(QUEUE_LENGTH + 3):
            transport._dtls.receive(b"\x16" * 100)
        assert (await plane.totals()).drops == {"dtls_queue_full": 3}
    finally:
        plane.close()


class Telling:
    """A DTLS session that notes its end, and whether the socket was there for a good-bye."""

    def __init__(self, plane: LocalMediaPlane, told: list[bool]) -> None:
        self._plane = plane
        self._told = told

    def close(self) -> None:
        self._told.append(self._plane._udp._socket is not None)


async def test_closing_ends_every_connection_before_the_socket_and_tells_no_class() -> None:
    plane = await LocalMediaPlane.start("127.0.0.1", 0, "127.0.0.1")
    told, events = list[bool](), list[Event]()
    plane.subscribe(events.append)
    for number in range(6):
        await plane.run(OpenClass(f"class{number % 2}"))
        await plane.run(OpenMedia(f"class{number % 2}", f"p{number}", False))
    for router in plane._udp.worker.routers.values():
        for transport in router.transports.values():
            transport._dtls = cast(DtlsSession, Telling(plane, told))
    plane.close()
    assert told == [True] * 6
    assert await plane.classes() == []
    assert events == []
    plane.close()


async def test_taken_port_is_an_error_of_the_system() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(OSError, match="in use"):
            await LocalMediaPlane.start("127.0.0.1", taken.getsockname()[1], "127.0.0.1")


async def test_fault_of_one_handler_does_not_keep_events_from_the_others() -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("broken")

    seen: list[Event] = []
    plane = await LocalMediaPlane.start("127.0.0.1", 0, "127.0.0.1")
    try:
        plane.subscribe(broken)
        plane.subscribe(seen.append)
        event = ActiveSpeakers("demo", (), None)
        plane.dispatch([event, event])
        assert seen == [event, event]
    finally:
        plane.close()


async def test_who_leaves_is_followed_by_the_seconds_they_were_sent() -> None:
    seen: list[Event] = []
    plane = await LocalMediaPlane.start("127.0.0.1", 0, "127.0.0.1")
    try:
        plane.subscribe(seen.append)
        shown: dict[str, SlotState | None] = {"4": SlotState("p2", "p2:camera", "video", 0)}
        plane.dispatch([SlotsChanged("demo", "p1", shown)])
        (so_far,) = await plane.delivered("demo")
        gone = TransportClosed("demo", "p1", "left")
        plane.dispatch([gone])
        assert await plane.delivered("demo") == []
        assert seen[1] == gone
        in_all = seen[2]
        assert isinstance(in_all, MediaDelivered)
        assert (in_all.transport_id, in_all.source) == ("p1", "camera")
        assert in_all.seconds >= so_far.seconds >= 0.0
    finally:
        plane.close()
