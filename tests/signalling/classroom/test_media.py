"""The effects of the SFU's events on the people in a class."""

import pytest

from common.roles import Role
from sfu.events import (
    ActiveSpeakers,
    ProducerClosed,
    ProducerOpened,
    QualityChanged,
    SlotsChanged,
    SlotState,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)
from signalling.classroom.effects import Negotiate, SetSource
from tests.support.class_rig import ClassRig, Joined


def in_class() -> tuple[ClassRig, Joined, Joined]:
    """A live class whose teacher and student have media."""
    rig = ClassRig()
    teacher, ravi = rig.teacher(), rig.join("ravi")
    for one in (teacher, ravi):
        rig.say(one, "video-offer", sdp="offer")
    rig.advance(1)
    rig.forget()
    return rig, teacher, ravi


def connection_told(rig: ClassRig, socket: str) -> list[str]:
    rig.advance(0.2)
    return [
        person["connection"]
        for payload in rig.got(socket, "participant-updated")
        for person in payload["participants"]  # type: ignore[attr-defined]
    ]


def test_slots_reach_their_viewer_as_the_protocol_writes_them() -> None:
    rig, teacher, ravi = in_class()
    shown = SlotState(teacher.id, f"{teacher.id}:camera", "video", 2)
    rig.happens(SlotsChanged("demo", ravi.id, {"4": shown, "5": None}))
    assert rig.got("ravi", "slots") == [
        {
            "4": {
                "participant": teacher.id,
                "producer": f"{teacher.id}:camera",
                "kind": "video",
                "layer": 2,
            },
            "5": None,
        }
    ]
    assert rig.got("teacher", "slots") == []


def test_speakers_reach_everyone() -> None:
    rig, teacher, ravi = in_class()
    rig.happens(ActiveSpeakers("demo", (ravi.id, teacher.id), ravi.id))
    expected = [{"speakers": [ravi.id, teacher.id], "dominant": ravi.id}]
    assert rig.got("teacher", "active-speaker") == expected
    assert rig.got("ravi", "active-speaker") == expected


def test_media_silence_is_told_as_lost_and_its_return_as_connected() -> None:
    rig, _, ravi = in_class()
    rig.happens(TransportDisconnected("demo", ravi.id))
    assert connection_told(rig, "teacher") == ["lost"]
    rig.forget()
    rig.happens(TransportConnected("demo", ravi.id))
    assert connection_told(rig, "teacher") == ["connected"]


def test_poor_uplink_is_told_to_all_and_in_detail_to_its_owner() -> None:
    rig, _, ravi = in_class()
    rig.happens(QualityChanged("demo", ravi.id, "poor", "good", "loss"))
    assert rig.got("ravi", "quality") == [{"uplink": "poor", "downlink": "good", "reason": "loss"}]
    assert rig.got("teacher", "quality") == []
    assert connection_told(rig, "teacher") == ["poor"]
    rig.forget()
    rig.happens(QualityChanged("demo", ravi.id, "fair", "good", ""))
    assert connection_told(rig, "teacher") == ["connected"]


@pytest.mark.parametrize(("reason", "opens"), [("timeout", True), ("replaced", False)])
def test_the_offer_after_a_closed_transport_opens_a_new_one(reason: str, opens: bool) -> None:
    rig, _, ravi = in_class()
    rig.happens(TransportClosed("demo", ravi.id, reason))
    (negotiate,) = rig.say(ravi, "video-offer", sdp="again").effects
    assert isinstance(negotiate, Negotiate)
    assert negotiate.open_first is opens


def test_a_person_whose_media_closed_is_not_resumed_with_it() -> None:
    rig, _, ravi = in_class()
    rig.happens(TransportClosed("demo", ravi.id, "timeout"))
    again = rig.join("ravi", socket="ravi-2", resume=str(ravi.ack["resume"]))
    assert again.id == ravi.id
    assert again.ack["resumed"] is False


@pytest.mark.parametrize("source", ["microphone", "camera", "screen", "screen-audio"])
def test_sources_that_a_parent_publishes_all_the_same_are_not_forwarded(source: str) -> None:
    rig = ClassRig()
    rig.teacher()
    maya = rig.join("maya", Role.PARENT)
    opened = ProducerOpened("demo", maya.id, f"{maya.id}:{source}", source, "video")
    assert rig.happens(opened) == [SetSource(maya.id, source, False)]


def test_events_of_someone_who_left_change_nothing() -> None:
    rig, _, ravi = in_class()
    rig.say(ravi, "video-leave")
    rig.advance(1)
    rig.forget()
    for event in (
        TransportConnected("demo", ravi.id),
        TransportDisconnected("demo", ravi.id),
        TransportClosed("demo", ravi.id, "left"),
        ProducerOpened("demo", ravi.id, f"{ravi.id}:camera", "camera", "video"),
        ProducerClosed("demo", ravi.id, f"{ravi.id}:camera"),
        SlotsChanged("demo", ravi.id, {}),
        QualityChanged("demo", ravi.id, "poor", "poor", ""),
    ):
        assert rig.happens(event) == []
    rig.advance(1)
    assert rig.effects == []
