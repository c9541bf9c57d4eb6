"""Effects on the media plane and the sockets."""

import asyncio

import pytest

from common.errors import CapacityError, LiveclassError, StateError
from signalling.classroom import media
from signalling.classroom.effects import CloseMedia, Negotiate, OpenClass, Send
from signalling.effect_runner import EffectRunner
from signalling.media_plane import MediaAnswer, OfferCommand, OpenMedia
from signalling.socket.outgoing import Outgoing
from tests.support.class_rig import ClassRig
from tests.support.coded_plane import across
from tests.support.fakes import CollectingEmitter, RecordingMediaPlane


def negotiate(offer: int | None = None, *, open_first: bool = True) -> Negotiate:
    return Negotiate("demo", "p1", "socket", "v=0", open_first, pinned=False, offer=offer)


class Stage:
    """An effect runner, and what it sends."""

    def __init__(self) -> None:
        self.rig = ClassRig()
        self.plane = RecordingMediaPlane()
        self.emitter = CollectingEmitter()
        self.outgoing = Outgoing(self.emitter)
        self.runner = EffectRunner(across(self.plane), self.outgoing, lambda: self.rig.now)

    async def sent(self, count: int) -> list[tuple[object, ...]]:
        writing = asyncio.create_task(self.outgoing.run())
        await self.emitter.has_sent(count)
        writing.cancel()
        await asyncio.gather(writing, return_exceptions=True)
        return self.emitter.sent


async def test_the_answer_is_sent_once_with_the_number_of_its_offer() -> None:
    stage = Stage()
    await stage.runner.carry_out(stage.rig.classroom, [negotiate(7)])
    await stage.runner.carry_out(stage.rig.classroom, [negotiate(open_first=False)])
    first, second = await stage.sent(2)
    section = {"mid": "0", "direction": "recvonly", "kind": "audio"}
    answer = {"sdp": "answer to v=0", "sections": [section]}
    assert first == ("video-answer", {**answer, "offer": 7}, ("socket",))
    assert second == ("video-answer", answer, ("socket",))


async def test_a_transport_that_went_unnoticed_is_opened_anew() -> None:
    stage = Stage()
    await stage.runner.carry_out(stage.rig.classroom, [negotiate(open_first=False)])
    assert [type(call) for call in stage.plane.calls] == [OpenMedia, OfferCommand]


async def test_news_of_the_end_that_comes_while_a_new_transport_opens_is_old() -> None:
    stage = Stage()
    person = stage.rig.join("student").person
    person.media_open = True

    class Late(RecordingMediaPlane):
        """Refuses the first offer, and tells then that the transport has gone."""

        async def answer(self, offer: OfferCommand) -> MediaAnswer:
            try:
                return await super().answer(offer)
            except StateError:
                media.closed(stage.rig.classroom, person, stage.rig.now)
                raise

    runner = EffectRunner(across(Late()), stage.outgoing, lambda: stage.rig.now)
    negotiation = Negotiate("demo", person.id, "socket", "v=0", False, pinned=False, offer=None)
    await runner.carry_out(stage.rig.classroom, [negotiation])
    assert person.media_open


async def test_the_first_failure_is_raised_when_all_were_tried() -> None:
    stage = Stage()
    stage.plane.refuse_join = CapacityError("server_full", "no room")
    with pytest.raises(LiveclassError, match="server_full"):
        await stage.runner.carry_out(stage.rig.classroom, [negotiate(), CloseMedia("p2")])
    assert stage.plane.calls == [CloseMedia("p2")]


async def test_what_nobody_waits_for_is_done_by_the_end() -> None:
    stage = Stage()
    send = Send(("socket",), "hands", {})
    stage.runner.apply(stage.rig.classroom, [OpenClass("demo"), send, negotiate(open_first=False)])
    stage.plane.refuse_join = CapacityError("server_full", "no room")
    await stage.runner.close()
    assert stage.plane.calls == [OpenClass("demo")]
    assert await stage.sent(1) == [("hands", {}, ("socket",))]
    await stage.runner.close()
