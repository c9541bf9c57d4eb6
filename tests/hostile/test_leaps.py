"""What a publisher may make 25 subscribers hear: numbers that leap, streams that change and end.

Counted are the messages that its packets cause, in virtual time.
"""

from dataclasses import replace

import pytest

from sfu.events import ActiveSpeakers, SlotsChanged
from tests.scenario.test_publishers import begin_again
from tests.support import rtcp_client
from tests.support.netem import Conditions
from tests.support.room import STUDENT, Room
from tests.support.senders import Microphone
from tests.support.siege import AnyLine
from tests.support.slots import SlotPolicy

NEAR = Conditions(delay=0.001)
WATCHING = 25
ANYTHING = SlotPolicy(nack=False, pli=False, line=lambda kind: AnyLine())
PUBLISHER = replace(
    STUDENT, publish=("microphone", "camera"), rids=("f",), policy=ANYTHING, up=NEAR, down=NEAR
)


class Hall:
    """Mallory, whom 25 see and hear."""

    def __init__(self) -> None:
        self.room = Room()
        self.mallory = self.room.add(PUBLISHER, "mallory")
        plan = replace(STUDENT, policy=ANYTHING, up=NEAR, down=NEAR)
        self.students = [self.room.add(plan, f"s{n}") for n in range(WATCHING)]
        self.room.join(self.mallory, *self.students)
        for student in self.students:
            self.room.watch(student, ["mallory"])
        self.room.run(2.0)
        self.camera = self.mallory.camera.encodings[0]
        self.since = self.room.rig.now

    def messages(self) -> int:
        """Slots told since the beginning."""
        return sum(when >= self.since for when, _ in self.room.events(SlotsChanged))

    def drops(self, reason: str) -> int:
        return self.room.totals().drops.get(reason, 0)


@pytest.mark.parametrize("keys", [True, False], ids=["with key frames", "without"])
def test_leaps_of_pictures_reach_subscribers_once_a_second(keys: bool) -> None:
    """120 in 4 s. A leap with a key frame goes on in the same flush: nothing to be told."""
    hall = Hall()
    for _ in range(120):
        hall.camera.stream.sequence = (hall.camera.stream.sequence + 300) & 0xFFFF
        hall.camera.wants_key |= keys
        hall.room.run(1 / 30)
    assert hall.drops("rtp_leaping") > 50
    if keys:
        assert hall.messages() == 0
    else:
        assert WATCHING <= hall.messages() <= 2 * 5 * WATCHING, "picture lost, picture back"
    hall.since = hall.room.rig.now
    hall.room.run(2.0)
    shown = [t for t in hall.room.transports() if t.transport_id != "mallory"]
    assert all(slot.layer == 0 for t in shown for slot in t.consumers if slot.kind == "video")


def test_leaps_of_sound_reach_nobody() -> None:
    """It goes on in the same flush: what was told is still so."""
    hall = Hall()
    stream = hall.mallory.microphone.stream
    for _ in range(200):
        stream.sequence = (stream.sequence + 300) & 0xFFFF
        hall.room.run(0.02)
    assert hall.drops("rtp_leaping") > 150
    assert hall.messages() == 0


def test_other_ssrcs_at_every_picture_are_leaps_too() -> None:
    hall = Hall()
    for _ in range(60):
        begin_again(hall.camera.stream)
        hall.camera.wants_key = True
        hall.room.run(1 / 30)
    assert hall.messages() <= 2 * 3 * WATCHING
    assert hall.drops("rtp_leaping") + hall.drops("rtp_too_many_streams") > 30


@pytest.mark.parametrize("rids", [("f",), ("q", "h", "f")], ids=["one layer", "three"])
def test_goodbyes_reach_subscribers_once_a_second(rids: tuple[str, ...]) -> None:
    """64 in a datagram, 50 a second: a layer ends at its publisher's tick at the earliest."""
    hall = Hall()
    streams = [stream.ssrc for stream in hall.mallory.camera.streams][-1:]
    compound = rtcp_client.receiver_report(1, []) + rtcp_client.bye(streams) * 64
    for _ in range(200):
        hall.mallory.send_rtcp(compound)
        hall.room.run(0.02)
    assert hall.messages() <= 2 * 5 * WATCHING


def test_levels_that_jump_are_told_five_times_a_second_at_most() -> None:
    hall = Hall()
    microphone = hall.mallory.microphone
    assert isinstance(microphone, Microphone)
    for number in range(200):
        microphone.level = 10 if number // 40 % 2 else 127
        hall.room.run(0.02)
    told = [when for when, _ in hall.room.events(ActiveSpeakers) if when >= hall.since]
    assert 0 < len(told) <= 5 * 4
    assert hall.messages() == 0
