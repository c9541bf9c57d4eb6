"""A class too large to look at everybody's slots in one go."""

import pytest

from sfu.layout import SlotWant
from sfu.publish.producer import Layer
from sfu.router import SLICE
from sfu.subscribe.consumer import Consumer
from tests.support.core import Classroom
from tests.support.offers import audio, video

SIZE = 3 * SLICE
NAMES = [f"s{number}" for number in range(SIZE)]
CAMERA = SlotWant("0", "pinned", "ada:camera")


class LargeClass(Classroom):
    """SIZE students with a slot of each kind; counts whose slots are pointed anew."""

    def __init__(self, want: SlotWant = CAMERA) -> None:
        super().__init__()
        self.due: list[str] = []
        self.router._on_due = lambda router: self.due.append(router.router_id)
        for name in NAMES:
            self.join(name, video("recvonly"), audio("recvonly"))
            self.router.set_layout(self.members[name].transport, [want], 0.0)
        self.settle()
        self.due.clear()

    def settle(self, now: float = 0.0) -> int:
        """Lets the router come to rest; how many turns that took."""
        turns = 0
        while (deadline := self.router.next_deadline()) is not None and deadline <= now:
            self.router.handle_timers(now)
            turns += 1
        return turns

    def who_sees(self, producer_id: str, kind: str = "video") -> list[str]:
        return [name for name in NAMES if producer_id in self.shown(name, kind)]


def test_a_camera_that_opens_is_shown_to_a_few_at_once_and_to_the_others_in_turns() -> None:
    room = LargeClass()
    room.join("ada", video("sendonly"))
    assert len(room.who_sees("ada:camera")) == SLICE - 1  # and ada herself
    assert room.due == ["class"]
    assert room.router.next_deadline() == 0.0
    assert room.settle() == 3
    assert room.who_sees("ada:camera") == NAMES
    assert room.router.next_deadline() is None


def test_a_camera_nobody_follows_concerns_nobody() -> None:
    room = LargeClass()
    room.join("ben", video("sendonly"))
    assert room.due == []
    assert room.settle() == 0
    assert room.who_sees("ben:camera") == []


def test_a_camera_that_ends_leaves_every_slot_at_once() -> None:
    room = LargeClass()
    room.join("ada", video("sendonly"))
    room.settle()
    room.leave("ada")
    assert room.who_sees("ada:camera") == []
    room.settle()
    assert room.router.next_deadline() is None


def test_a_voice_is_heard_by_all_after_the_turns() -> None:
    room = LargeClass()
    room.join("ada", audio("sendonly"))
    room.settle()
    room.speak("ada")
    assert 0 < len(room.who_sees("ada:microphone", "audio")) <= SLICE
    room.settle()
    assert room.who_sees("ada:microphone", "audio") == NAMES
    room.router.set_source(room.members["ada"].transport, "microphone", False, 0.0)
    room.settle()
    assert room.who_sees("ada:microphone", "audio") == []


def test_the_speakers_camera_is_followed_in_turns() -> None:
    room = LargeClass(SlotWant("0", "speaker"))
    for name in ("ada", "ben"):
        room.join(name, audio("sendonly"), video("sendonly"))
        room.film(name, mid="1")
    room.settle()
    for name, since in (("ada", 0.0), ("ben", 5.0)):
        room.talk(name, since, since + 4.0)
        room.settle(since + 4.0)
        assert room.who_sees(f"{name}:camera") == NAMES


def test_who_leaves_while_waiting_is_not_looked_for() -> None:
    room = LargeClass()
    room.join("ada", video("sendonly"))
    room.leave(NAMES[-1])
    room.settle()
    assert [name for name in NAMES[:-1] if room.shown(name) != ["ada:camera"]] == []


def test_a_layer_that_starts_is_waited_for_by_all_who_watch_at_once() -> None:
    room = LargeClass()
    ada = room.join("ada", video("sendonly", rids=("q", "h", "f")))
    room.settle()
    layer = ada.uplink.producers["ada:camera"].layers[0]
    room.router.layer_started(layer, 0.0)
    assert room.router.next_deadline() == 0.0, "most have yet to choose"
    assert {consumer.context.transport_id for consumer in layer.waiters} == set(NAMES)
    room.settle()
    assert len(layer.waiters) == SIZE


def test_who_cannot_wait_for_a_layer_costs_the_others_and_the_publisher_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = LargeClass()
    ada = room.join("ada", video("sendonly", rids=("q", "h", "f")))
    room.settle()
    broken = room.members[NAMES[3]].viewer.slot()
    set_target = Consumer.set_target

    def fail(consumer: Consumer, layer: Layer | None, now: float) -> None:
        if consumer is broken:
            raise OverflowError
        set_target(consumer, layer, now)

    room.expected = (OverflowError,)
    monkeypatch.setattr(Consumer, "set_target", fail)
    layer = ada.uplink.producers["ada:camera"].layers[0]
    room.router.layer_started(layer, 0.0)
    assert set(room.faults) == {NAMES[3]}
    assert {one.context.transport_id for one in layer.waiters} == set(NAMES) - {NAMES[3]}


def test_a_fault_in_one_subscriber_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = LargeClass()
    broken = room.members[NAMES[3]].downlink

    def fail(now: float) -> None:
        raise OverflowError

    room.expected = (OverflowError,)
    monkeypatch.setattr(broken, "allocate", fail)
    room.join("ada", video("sendonly"))
    assert len(room.who_sees("ada:camera")) == SLICE - 1, "the first turn goes on"
    assert room.faults == [NAMES[3]]
    room.settle()
    assert room.who_sees("ada:camera") == NAMES
