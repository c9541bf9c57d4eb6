"""What a real Chromium sent, through the worker, to several subscribers: all of it decodable."""

from dataclasses import replace
from itertools import groupby

import pytest

from tests.support import offers
from tests.support.netem import Conditions
from tests.support.peers import Peer
from tests.support.recorded import (
    LARGE,
    MIDDLE,
    OFFER,
    SMALL,
    SOUND,
    PictureLine,
    Recording,
    decode,
    packets,
)
from tests.support.room import STUDENT, TEACHER, Room
from tests.support.slots import SlotPolicy

SIZES = [(320, 180), (640, 360), (1280, 720)]
WATCHER = replace(STUDENT, policy=SlotPolicy(line=lambda kind: PictureLine()), audio_slots=0)


def add_publisher(room: Room, *, reports: bool = True) -> Peer:
    """A peer that makes the recording's offer and plays its packets."""
    teacher = room.add(replace(TEACHER, template=offers.recorded(OFFER)))
    ssrcs = {"microphone": (SOUND,), "camera": (SMALL, MIDDLE, LARGE)}
    teacher.make_sender = lambda mid, source: Recording(mid, ssrcs[source], reports)
    return teacher


def line_of(peer: Peer) -> PictureLine:
    line = peer.slot("video").line
    assert isinstance(line, PictureLine)
    return line


def recorded_pictures(ssrc: int) -> int:
    """Markers in the recording; its probes have none."""
    return sum(ssrc == s and packet[1] > 0x7F for _, s, packet in packets())


def play(room: Room, teacher: Peer, *watchers: Peer, height: int | None = None) -> None:
    room.join(*watchers)
    room.join(teacher)
    for watcher in watchers:
        room.watch(watcher, ["teacher"], height=height)
    room.run(packets()[-1][0] + 0.5)


@pytest.mark.parametrize("reports", [True, False], ids=["reports", "no reports"])
def test_every_subscriber_decodes_the_720_line_picture(reports: bool) -> None:
    room = Room()
    teacher = add_publisher(room, reports=reports)
    watchers = [room.add(WATCHER, f"watcher-{number}") for number in range(3)]
    play(room, teacher, *watchers)
    for watcher in watchers:
        assert watcher.violations() == []
        assert watcher.slot("video").counters.holes == 0
    pictures = line_of(watchers[0]).pictures
    for watcher in watchers[1:]:
        assert [p.data for p in line_of(watcher).pictures] == [p.data for p in pictures]
    sizes = decode(pictures)
    assert len(sizes) == len(pictures)
    assert [size for size, _ in groupby(sizes)][-2:] == SIZES[-2:]
    assert sizes.count(SIZES[2]) == recorded_pictures(LARGE)


@pytest.mark.parametrize(("height", "ssrc"), [(180, SMALL), (360, MIDDLE)], ids=["180", "360"])
def test_the_smaller_pictures_are_whole_too(height: int, ssrc: int) -> None:
    room = Room()
    teacher = add_publisher(room)
    watcher = room.add(WATCHER)
    play(room, teacher, watcher, height=height)
    assert watcher.violations() == []
    sizes = decode(line_of(watcher).pictures)
    wanted = SIZES[0] if ssrc == SMALL else SIZES[1]
    assert sizes[-1] == wanted
    assert sizes.count(wanted) >= recorded_pictures(ssrc) - 1


def test_the_probes_of_the_recording_stay_behind() -> None:
    room = Room()
    teacher = add_publisher(room)
    watcher = room.add(WATCHER)
    play(room, teacher, watcher)
    probes = sum(packet[0] & 0x20 > 0 for _, _, packet in packets())
    assert probes == 1_797
    assert room.totals().drops == {"rtp_padding": probes}
    assert line_of(watcher).padding == 0
    assert teacher.heard.nacks == []


def test_a_lossy_uplink_costs_no_picture() -> None:
    room = Room(seed=12)
    teacher = add_publisher(room)
    watcher = room.add(WATCHER)
    watcher.plan.policy.patience = 3.0
    room.join(watcher)
    room.join(teacher)
    room.watch(watcher, ["teacher"])
    room.run(2)
    teacher.connection.path.up.conditions = Conditions(
        delay=0.03, jitter=0.005, loss=0.02, reorder=0.03, duplicate=0.02
    )
    room.run(packets()[-1][0] - 3)
    teacher.connection.path.up.conditions = Conditions(delay=0.03)
    room.run(1.5)
    assert watcher.violations() == []
    assert watcher.slot("video").counters.holes == 0
    assert teacher.heard.nacks
    sizes = decode(line_of(watcher).pictures)
    assert sizes.count(SIZES[2]) == recorded_pictures(LARGE)


def test_different_wishes_are_served_side_by_side_in_time() -> None:
    """The same moment of the class, whatever the size: capture times agree across layers."""
    room = Room()
    teacher = add_publisher(room)
    watchers = [room.add(WATCHER, f"at-{height}") for _, height in SIZES]
    room.join(*watchers)
    room.join(teacher)
    for watcher, (_, height) in zip(watchers, SIZES, strict=True):
        room.watch(watcher, ["teacher"], height=height)
    room.run(8)
    slots = [watcher.slot("video") for watcher in watchers]
    walls = [
        slot.capture_wall(line_of(w).pictures[-1].timestamp)
        for slot, w in zip(slots, watchers, strict=True)
    ]
    assert max(walls) - min(walls) < 0.07
