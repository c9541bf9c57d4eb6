"""A slot changes its layer and its person: on a key frame, on one continuous line."""

from dataclasses import replace

import pytest

from sfu.events import SlotsChanged
from tests.support.peers import Peer
from tests.support.room import (
    SEEN_STUDENT,
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    path,
    pictures,
    runs,
    worst_skew,
)
from tests.support.senders import Numbers

LIP_SYNC = 0.005  # s that a timestamp may be off its capture time
BEFORE_THE_WRAP = Numbers(
    sequence=65_500, timestamp=2**32 - 9_000, picture_id=32_700, tl0picidx=250
)


def one_and_one(teacher: Peer, room: Room) -> Peer:
    student = room.add(STUDENT)
    room.join(student)
    room.join(teacher)
    return student


@pytest.mark.parametrize("numbers", [None, BEFORE_THE_WRAP], ids=["random", "wrapping"])
def test_layers_change_on_key_frames_with_continuous_numbers(numbers: Numbers | None) -> None:
    room = Room()
    student = one_and_one(teacher := room.add(replace(TEACHER, numbers=numbers)), room)
    room.watch(student, ["teacher"], height=180)
    room.run(2)
    for height in (360, 720, 180, 720, 360, 180):
        room.watch(student, ["teacher"], height=height)
        room.run(1.5)
    assert_unbroken(student)
    shown = runs(pictures(student))
    assert [run[0].layer for run in shown] == [0, 1, 2, 0, 2, 1, 0]
    for run in shown:
        assert run[0].key
        assert_consecutive(run, least=30)
    assert worst_skew(student) < LIP_SYNC
    assert [e.stream.resent for e in teacher.camera.encodings] == [0, 0, 0]


def test_the_old_layer_stays_until_the_new_one_can_begin() -> None:
    room = Room()
    student = one_and_one(room.add(TEACHER), room)
    room.watch(student, ["teacher"], height=180)
    room.run(2)
    room.watch(student, ["teacher"], height=720)
    room.run(2)
    small, large = runs(pictures(student))
    assert 0 <= large[0].captured - small[-1].captured < 0.034


def test_without_sender_reports_layers_are_aligned_by_their_arrival() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    teacher.sender_reports = False
    student = one_and_one(teacher, room)
    for height in (180, 720, 360):
        room.watch(student, ["teacher"], height=height)
        room.run(1.5)
    assert_unbroken(student)
    assert path(pictures(student)) == [0, 2, 1]
    assert worst_skew(student) < 0.04


def test_a_slot_moves_between_people_without_a_seam() -> None:
    room = Room()
    people = [room.add(SEEN_STUDENT, name) for name in ("ada", "ben", "cem")]
    watcher = room.add(STUDENT, "watcher")
    room.join(watcher, *people)
    shown = ["ada", "ben", "cem", "ada", "cem"]
    for name in shown:
        room.watch(watcher, [name])
        room.run(1.5)
    assert_unbroken(watcher)
    seen = runs(pictures(watcher))
    assert [run[0].publisher for run in seen if run[0].layer == 2] == [
        room.peers[name].publisher for name in shown
    ]
    for run in seen:
        assert run[0].key
    told = [
        state.participant
        for _, event in room.events(SlotsChanged)
        if event.transport_id == "watcher"
        for state in event.slots.values()
        if state is not None and state.kind == "video"
    ]
    assert told == shown


def test_picture_numbers_continue_although_the_publishers_own_have_wrapped() -> None:
    room = Room()
    ada = room.add(replace(SEEN_STUDENT, numbers=BEFORE_THE_WRAP), "ada")
    ben = room.add(replace(SEEN_STUDENT, numbers=Numbers(5, 5, picture_id=5, tl0picidx=5)), "ben")
    watcher = room.add(STUDENT, "watcher")
    room.join(watcher, ada, ben)
    for name, seconds in (("ben", 1), ("ada", 4), ("ben", 9), ("ada", 2)):
        room.watch(watcher, [name])
        room.run(seconds)
    assert_unbroken(watcher)
    assert pictures(watcher)[-1].publisher == ada.publisher


def test_moving_a_slot_keeps_the_old_picture_until_the_new_person_has_a_key_frame() -> None:
    room = Room()
    ada, ben = room.add(SEEN_STUDENT, "ada"), room.add(SEEN_STUDENT, "ben")
    watcher = room.add(STUDENT, "watcher")
    room.join(watcher, ada, ben)
    room.watch(watcher, ["ada"])
    room.run(2)
    ben.camera.enabled = False  # nothing comes of ben for a while
    room.watch(watcher, ["ben"])
    room.run(1)
    assert pictures(watcher)[-1].publisher == ada.publisher
    assert room.rig.now - pictures(watcher)[-1].at < 0.05
    ben.camera.enabled = True
    room.run(1)
    assert pictures(watcher)[-1].publisher == ben.publisher
    assert_unbroken(watcher)


def test_a_camera_that_is_switched_off_empties_the_slot_and_returns_with_a_key_frame() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = one_and_one(teacher, room)
    room.watch(student, ["teacher"])
    room.run(2)
    room.rig.events.clear()
    room.set_source(teacher, "camera", False)
    room.run(0.1)
    before = len(pictures(student))
    mid = student.slot("video").mid
    room.run(2)
    assert [event.slots for _, event in room.events(SlotsChanged)] == [{mid: None}]
    assert len(pictures(student)) == before
    assert room.totals().drops["producer_paused"] > 200
    room.set_source(teacher, "camera", True)
    room.run(2)
    assert_unbroken(student)
    again = pictures(student)[before:]
    assert again[0].key
    assert again[0].layer == 2
    assert_consecutive(again, least=50)
    assert worst_skew(student) < LIP_SYNC


def test_a_layer_that_the_publisher_gives_up_is_replaced_by_the_next() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = one_and_one(teacher, room)
    room.watch(student, ["teacher"])
    room.run(2)
    teacher.camera.encodings[2].active = False
    room.run(4)
    assert path(pictures(student))[-2:] == [2, 1]
    assert room.rig.now - pictures(student)[-1].at < 0.05
    top = teacher.camera.encodings[2]
    top.active = top.wants_key = True
    room.run(2)
    assert_unbroken(student)
    assert path(pictures(student))[-2:] == [1, 2]


def test_a_top_layer_that_starts_late_is_taken_at_its_first_key_frame() -> None:
    room = Room()
    teacher = room.add(TEACHER)
    student = room.add(STUDENT)
    room.join(student)
    teacher.join()
    top = teacher.camera.encodings[2]
    top.active = False
    room.watch(student, ["teacher"])
    room.run(3)
    assert path(pictures(student))[-1] == 1
    top.active = True
    room.run(1)
    assert_unbroken(student)
    last = runs(pictures(student))[-1]
    assert (last[0].layer, last[0].number) == (2, 0)
    assert_consecutive(last, least=25)


def test_no_more_than_the_wanted_height_is_sent() -> None:
    room = Room()
    student = one_and_one(room.add(TEACHER), room)
    room.watch(student, ["teacher"], height=200)
    room.run(2)
    assert path(pictures(student))[-1] == 1  # the smallest that fills 200 lines
    room.watch(student, [None])
    room.run(0.1)
    before = len(pictures(student))
    room.run(1)
    assert len(pictures(student)) == before


def test_outgoing_numbers_wrap_like_any_others() -> None:
    """The slots' own lines begin just before the wrap of sequence numbers and timestamps."""
    room = Room(first_numbers=bytes.fromhex("7fffffff0000 7fff"))
    teacher = room.add(replace(TEACHER, rids=("f",)))
    student = room.add(STUDENT)
    room.join(student)
    teacher.join()
    teacher.camera.encodings[0].packet_sizes = (150,) * 40
    room.watch(student, ["teacher"])
    room.run(30)
    assert_unbroken(student)
    slot = student.slot("video")
    assert slot.counters.packets > 33_000
    assert_consecutive(pictures(student), least=890)
