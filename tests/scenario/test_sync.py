"""One time line: sound and picture of one person, and of several, stay together."""

from dataclasses import replace

import pytest

from tests.support.netem import Conditions
from tests.support.peers import Peer
from tests.support.room import SEEN_STUDENT, STUDENT, TEACHER, Room, assert_unbroken
from tests.support.slots import Slot

HOUR = 3600.0


def offset(slot: Slot, newest: int = 1) -> float:
    """The reports' clock minus the capture time of a frame: the same for all that is in sync."""
    frame = slot.line.frames[-newest]
    return slot.capture_wall(frame.timestamp) - frame.captured


def lip_error(peer: Peer) -> float:
    return abs(offset(peer.slot("audio")) - offset(peer.slot("video")))


@pytest.mark.parametrize(
    ("up", "allowed"),
    [
        (Conditions(delay=0.02), 0.002),
        (Conditions(delay=0.05, jitter=0.04), 0.005),
        (Conditions(delay=0.05, jitter=0.02, loss=0.03, reorder=0.02), 0.005),
    ],
    ids=["plain", "jitter", "loss"],
)
def test_sound_and_picture_share_a_clock(up: Conditions, allowed: float) -> None:
    room = Room(seed=4)
    teacher = room.add(replace(TEACHER, up=up, wall_offset=-7 * HOUR))
    student = room.add(STUDENT)
    room.join(teacher, student)
    room.watch(student, ["teacher"], height=180)
    room.run(4)
    assert lip_error(student) < allowed
    for height in (720, 360, 720):
        room.watch(student, ["teacher"], height=height)
        room.run(3)
        assert lip_error(student) < allowed


def test_the_clock_survives_a_move_to_another_person_with_another_clock() -> None:
    room = Room()
    ada = room.add(replace(SEEN_STUDENT, wall_offset=HOUR), "ada")
    ben = room.add(replace(SEEN_STUDENT, wall_offset=-HOUR, up=Conditions(delay=0.08)), "ben")
    watcher = room.add(replace(STUDENT, video_slots=2, audio_slots=2), "watcher")
    room.join(ada, ben, watcher)
    room.watch(watcher, ["ada", "ben"])
    room.run(4)
    [first, second] = [offset(slot) for slot in watcher.slots if slot.kind == "video"]
    # Only the one-way delays, which nobody can measure, stand between the two.
    assert abs(first - second) < 0.07
    room.watch(watcher, ["ben", "ada"])
    room.run(4)
    assert offset(watcher.slot("video", 0)) == pytest.approx(second, abs=0.005)
    assert offset(watcher.slot("video", 1)) == pytest.approx(first, abs=0.005)
    assert_unbroken(watcher)


def test_reports_come_for_every_running_slot_and_agree_with_the_clock_of_the_line() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = room.add(replace(STUDENT, video_slots=2))
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    room.run(6)
    idle = student.slot("video", 1)
    assert idle.reports == []
    for slot in (student.slot("audio"), student.slot("video", 0)):
        assert len(slot.reports) >= 4
        steps = [
            (after.timestamp - before.timestamp) % 2**32 / slot.line.rate
            - (after.wall - before.wall)
            for before, after in zip(slot.reports, slot.reports[1:], strict=False)
        ]
        assert max(map(abs, steps)) < 0.002
