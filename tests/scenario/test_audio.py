"""Who is heard: the teacher in the first slot, the loudest others in the rest."""

from dataclasses import replace

from sfu.events import ActiveSpeakers
from tests.support.peers import Peer
from tests.support.room import (
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    runs,
    sounds,
)

LOUD, NORMAL, SOFT, SILENT = 15, 30, 45, 127
LISTENER = replace(STUDENT, audio_slots=3, video_slots=0)
SPEAKER = replace(LISTENER, publish=("microphone",))


def heard(peer: Peer, since: float) -> list[set[int]]:
    """Per audio slot: whose sound came since then."""
    return [
        {frame.publisher for frame in sounds(peer, number) if frame.at > since}
        for number in range(3)
    ]


def class_with(count: int) -> tuple[Room, Peer, list[Peer], Peer]:
    """A teacher, some students who can speak, and one who only listens."""
    room = Room()
    teacher = room.add(TEACHER)
    speakers = [room.add(SPEAKER, f"speaker-{number}") for number in range(count)]
    listener = room.add(LISTENER, "listener")
    room.join(teacher, listener, *speakers)
    teacher.microphone.level = NORMAL
    return room, teacher, speakers, listener


def settle(room: Room, seconds: float = 2.0) -> float:
    """Lets the levels take effect; from the time returned the slots should be as wished."""
    room.run(seconds)
    since = room.rig.now + 0.1
    room.run(1)
    return since


def test_teacher_has_the_first_slot_and_the_two_loudest_the_others() -> None:
    room, teacher, speakers, listener = class_with(5)
    speakers[1].microphone.level = LOUD
    speakers[4].microphone.level = NORMAL
    since = settle(room)
    first, *others = heard(listener, since)
    assert first == {teacher.publisher}
    assert sorted(others, key=min) == [{speakers[1].publisher}, {speakers[4].publisher}]

    speakers[1].microphone.level = SILENT
    speakers[0].microphone.level = LOUD
    since = settle(room)
    first, *others = heard(listener, since)
    assert first == {teacher.publisher}
    assert sorted(others, key=min) == [{speakers[0].publisher}, {speakers[4].publisher}]
    assert_unbroken(listener, *speakers)


def test_the_pinned_voice_keeps_its_slot_while_silent() -> None:
    room, teacher, speakers, listener = class_with(5)
    teacher.microphone.level = SILENT
    for number, speaker in enumerate(speakers):
        speaker.microphone.level = LOUD + 10 * number
    since = settle(room)
    assert heard(listener, since)[0] == {teacher.publisher}


def test_nobody_hears_their_own_voice() -> None:
    room, _, speakers, _ = class_with(3)
    for speaker in speakers:
        speaker.microphone.level = NORMAL
    settle(room)
    for speaker in speakers:
        assert speaker.publisher not in set().union(*heard(speaker, 0.0))


def test_a_voice_stays_in_its_slot_while_others_come_and_go() -> None:
    room, _, speakers, listener = class_with(4)
    speakers[0].microphone.level = LOUD
    settle(room)
    begun = room.rig.now
    for number in (1, 2, 3, 1):
        for speaker in speakers[1:]:
            speaker.microphone.level = SILENT
        speakers[number].microphone.level = NORMAL
        room.run(2)
    slots_used = [n for n in (1, 2) if speakers[0].publisher in heard(listener, begun)[n]]
    assert len(slots_used) == 1
    assert_unbroken(listener)


def test_equally_loud_voices_do_not_push_each_other_out() -> None:
    room, _, speakers, listener = class_with(5)
    for number, speaker in enumerate(speakers):
        speaker.microphone.level = NORMAL + number % 2
    settle(room)
    begun = room.rig.now
    room.run(5)
    assert [len(publishers) for publishers in heard(listener, begun)] == [1, 1, 1]


def test_the_settled_speaker_is_told_to_the_class() -> None:
    room, teacher, speakers, _ = class_with(3)
    teacher.microphone.level = SILENT
    speakers[2].microphone.level = LOUD
    settle(room)
    last = room.events(ActiveSpeakers)[-1][1]
    assert last.speakers == ("speaker-2",)
    assert last.dominant == "speaker-2"


def test_a_muted_voice_leaves_its_slot_and_is_not_forwarded() -> None:
    room, _, speakers, listener = class_with(1)
    speakers[0].microphone.level = LOUD
    settle(room)
    room.set_source(speakers[0], "microphone", False)
    room.run(0.1)
    since = room.rig.now
    room.run(1)
    assert speakers[0].publisher not in set().union(*heard(listener, since))
    room.set_source(speakers[0], "microphone", True)
    since = settle(room)
    assert speakers[0].publisher in set().union(*heard(listener, since))
    assert_unbroken(listener)


def test_shared_sound_is_heard_beside_its_sharers_voice() -> None:
    room = Room()
    sources = ("microphone", "camera", "screen", "screen-audio")
    teacher = room.add(replace(TEACHER, publish=sources))
    listener = room.add(replace(LISTENER, video_slots=1), "listener")
    room.join(teacher, listener)
    teacher.microphone.level = NORMAL
    room.watch(listener, ["teacher:screen"])
    room.run(3)
    kinds = {
        (frame.publisher, frame.layer) for number in range(3) for frame in sounds(listener, number)
    }
    assert kinds == {(teacher.publisher, 0), (teacher.publisher, 1)}
    screen = listener.slot("video").line.frames
    assert_consecutive(screen, least=80)
    assert_unbroken(listener)


def test_sound_has_no_seam_when_a_slot_changes_its_voice() -> None:
    room, _, speakers, listener = class_with(6)
    for turn in range(6):
        for number, speaker in enumerate(speakers):
            speaker.microphone.level = LOUD if number in (turn, (turn + 1) % 6) else SILENT
        room.run(2)
    assert_unbroken(listener)
    for number in range(3):
        for run in runs(sounds(listener, number)):
            assert_consecutive(run)
    assert len(runs(sounds(listener, 1))) + len(runs(sounds(listener, 2))) > 5
