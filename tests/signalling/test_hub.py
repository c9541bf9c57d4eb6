"""The hub without a network: messages in, effects on a media plane, events out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from common.errors import LiveclassError
from common.roles import Admission, Role
from sfu.events import TransportClosed
from signalling.classroom.effects import CloseMedia, OpenClass
from signalling.classroom.permissions import Identity
from signalling.hub import Hub, HubSettings
from signalling.media_plane import OfferCommand, OpenMedia
from signalling.socket.outgoing import Outgoing
from tests.support.class_rig import CountingRng
from tests.support.coded_plane import across
from tests.support.fakes import CollectingEmitter, RecordingMediaPlane
from tests.support.sio_client import NOW, SECRET, token_for


class Desk:
    """A hub, the media plane behind it, and what took time."""

    def __init__(self, outgoing: Outgoing, gate: "OnlyAsha | None" = None) -> None:
        self.took: list[str] = []
        self.plane = RecordingMediaPlane()
        settings = HubSettings(
            SECRET, lambda: NOW, CountingRng(), took=lambda what, start, end: self.took.append(what)
        )
        self.hub = Hub(settings, across(self.plane), outgoing, gate)

    async def join(self, user: str, role: Role = Role.STUDENT) -> dict[str, object]:
        """The acknowledgement of a join on a socket that is called as the user."""
        self.hub.connect(user, token_for(user, role))
        return dict(await self.hub.receive(user, "video-join", ({"classId": "demo"},)))


class OnlyAsha:
    """A gate that knows one person, who has become an assistant."""

    async def admit(self, identity: Identity) -> Admission | None:
        if identity.user_id != "asha":
            raise LiveclassError("not_enrolled", "Enrol first.")
        return Admission("Algebra", Role.ASSISTANT)


@asynccontextmanager
async def desk(gate: OnlyAsha | None = None) -> AsyncIterator[Desk]:
    """A hub that is closed in the end."""
    outgoing = Outgoing(CollectingEmitter())
    opened = Desk(outgoing, gate)
    writing = asyncio.create_task(outgoing.run())
    try:
        yield opened
    finally:
        await opened.hub.close()
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)


async def test_an_offer_reaches_the_media_plane_as_records() -> None:
    async with desk() as at:
        me = (await at.join("asha", Role.TEACHER))["self"]
        assert isinstance(me, dict)
        assert await at.hub.receive("asha", "video-offer", ({"sdp": "v=0"},)) == {"ok": True}
        opened = OpenMedia("demo", me["id"], True)
        assert at.plane.calls == [OpenClass("demo"), opened, OfferCommand(me["id"], "v=0")]


async def test_the_loop_s_watch_is_told_what_each_decision_took() -> None:
    async with desk() as at:
        await at.join("asha", Role.TEACHER)
        await at.hub.receive("asha", "hand", ({"raised": True},))
        await at.hub.receive("asha", "hand", ({"raised": 1},))
        assert at.took == ["VideoJoin", "Hand"]


async def test_the_gate_that_the_hub_was_given_decides() -> None:
    async with desk(OnlyAsha()) as at:
        assert (await at.join("asha", Role.TEACHER))["ok"] is True
        (one,) = at.hub.present("demo")
        assert one.role is Role.ASSISTANT
        refused = await at.join("ravi")
        assert refused["error"] == {"code": "not_enrolled", "message": "Enrol first."}


async def test_an_evicted_person_s_media_ends() -> None:
    async with desk() as at:
        await at.join("asha", Role.TEACHER)
        me = (await at.join("ravi"))["self"]
        assert isinstance(me, dict)
        await at.hub.receive("ravi", "video-offer", ({"sdp": "v=0"},))
        at.hub.evict("demo", "ravi", "refunded")
        at.hub.evict("demo", "nobody", "refunded")
        await at.hub.close()
        assert CloseMedia(me["id"]) in at.plane.calls
        assert [one.user_id for one in at.hub.present("demo")] == ["asha"]


async def test_a_flood_of_packets_evicts_its_sender() -> None:
    async with desk() as at:
        await at.join("asha", Role.TEACHER)
        me = (await at.join("ravi"))["self"]
        assert isinstance(me, dict)
        await at.hub.receive("ravi", "video-offer", ({"sdp": "v=0"},))
        at.plane.handler(TransportClosed("demo", me["id"], "flooding"))
        assert "ravi" not in at.hub.sessions
        assert at.hub.counts.refusals["flooding"] == 1


async def test_events_of_classes_that_are_gone_are_ignored() -> None:
    async with desk() as at:
        at.plane.handler(TransportClosed("gone", "p1", "left"))
        assert at.hub.class_ids == frozenset()
