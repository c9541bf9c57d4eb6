"""The records that cross to the media plane, written as bytes and read again."""

from typing import get_args

import msgspec
import pytest
from msgspec import msgpack

from common.errors import CapacityError, PeerError
from sfu import events
from sfu.events import Event
from sfu.layout import SlotWant
from sfu.stats import RouterSums, SocketSnapshot, TrafficTotals, WorkerSnapshot
from signalling.classroom.effects import CloseClass, CloseMedia, OpenClass, SetLayout, SetSource
from signalling.media_plane import AnsweredSection, Command, MediaAnswer, OfferCommand, OpenMedia
from tests.support.coded_plane import CodedMediaPlane, crossed, crossed_event
from tests.support.fakes import RecordingMediaPlane
from tests.support.snapshots import transport

COMMANDS: list[Command] = [
    OpenClass("demo"),
    CloseClass("demo"),
    OpenMedia("demo", "p1", True),
    CloseMedia("p1"),
    SetSource("p1", "camera", False),
    SetLayout("p1", (SlotWant("4", "page", "p2:camera", 180), SlotWant("5", "off"))),
]
EVENTS: list[Event] = [
    events.TransportConnected("demo", "p1"),
    events.TransportDisconnected("demo", "p1"),
    events.TransportClosed("demo", "p1", "left"),
    events.ProducerOpened("demo", "p1", "p1:camera", "camera", "video"),
    events.ProducerClosed("demo", "p1", "p1:camera"),
    events.SlotsChanged(
        "demo", "p1", {"4": events.SlotState("p2", "p2:camera", "video", 1), "5": None}
    ),
    events.ActiveSpeakers("demo", ("p1", "p2"), "p1"),
    events.QualityChanged("demo", "p1", "good", "poor", "loss"),
    events.MediaDelivered("demo", "p1", "camera", 12.5, 25.0),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: type(one).__name__)
def test_a_command_crosses_whole(command: Command) -> None:
    assert crossed(command, Command) == command


@pytest.mark.parametrize("event", EVENTS, ids=lambda one: type(one).__name__)
def test_an_event_crosses_whole(event: Event) -> None:
    found = crossed_event(event)
    assert found == event
    assert found is not event
    assert type(found) is type(event)


def test_every_command_and_event_is_tried() -> None:
    assert {type(one) for one in COMMANDS} == set(get_args(Command))
    assert {type(one) for one in EVENTS} == set(get_args(Event))


@pytest.mark.parametrize(
    "record",
    [
        OfferCommand("p1", "v=0"),
        MediaAnswer(
            "v=0",
            (AnsweredSection("0", "recvonly", "audio"), AnsweredSection("1", "sendonly", "video")),
        ),
        WorkerSnapshot(1, 2, 3, 4, 5, 6, {"empty": 7}, 8, SocketSnapshot(1, 2, 3, 4), 9),
        RouterSums("demo", TrafficTotals(drops=3), 2, 1, 0.5, 40.0),
        transport("p1"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_answers_and_statistics_cross_whole(record: object) -> None:
    assert crossed(record, type(record)) == record


def test_a_field_that_a_newer_side_has_added_is_passed_over() -> None:
    newer = {"type": "close-media", "participant_id": "p1", "reason": "left"}
    assert msgpack.decode(msgpack.encode(newer), type=Command) == CloseMedia("p1")


@pytest.mark.parametrize(
    "unknown",
    [
        {"type": "record-class", "class_id": "demo"},
        {"class_id": "demo"},
        {"type": "open-class"},
        {"type": "open-media", "class_id": "demo", "participant_id": "p1", "pinned": "yes"},
    ],
)
def test_what_is_no_command_is_refused(unknown: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgpack.decode(msgpack.encode(unknown), type=Command)


async def test_an_error_keeps_its_kind_its_code_and_its_sentence() -> None:
    plane = RecordingMediaPlane()
    plane.refuse_join = CapacityError("server_full", "The server is full.")
    with pytest.raises(CapacityError, match=r"^server_full: The server is full\.$") as caught:
        await CodedMediaPlane(plane).run(OpenMedia("demo", "p1", False))
    assert not isinstance(caught.value, PeerError)


def test_an_answer_is_told_without_what_a_section_has_not() -> None:
    answer = MediaAnswer(
        "v=0",
        (
            AnsweredSection("0", "recvonly", "audio", "microphone"),
            AnsweredSection("1", "sendonly", "video"),
        ),
    )
    assert answer.describe() == {
        "sdp": "v=0",
        "sections": [
            {"mid": "0", "direction": "recvonly", "kind": "audio", "source": "microphone"},
            {"mid": "1", "direction": "sendonly", "kind": "video"},
        ],
    }


@pytest.mark.parametrize(
    "slot",
    [
        {"mid": "4\n", "want": "off"},
        {"mid": "4", "want": "off\n"},
        {"mid": "4", "want": "page", "producer": "a:camera\n"},
        {"mid": "4", "want": "page", "maxHeight": True},
        {"mid": "4", "want": "page", "maxHeight": 90.0},
        {"mid": "4"},
        {"mid": "4", "want": "off", "max_height": 90},
    ],
)
def test_a_slot_s_wish_is_strict_about_what_comes_from_outside(slot: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(slot, SlotWant)


def test_a_slot_s_wish_is_the_same_record_on_the_wire() -> None:
    wire = {"mid": "4", "want": "page", "producer": "a:camera", "maxHeight": 90}
    wish = msgspec.convert(wire, SlotWant)
    assert wish == SlotWant("4", "page", "a:camera", 90)
    assert msgspec.to_builtins(wish) == wire
