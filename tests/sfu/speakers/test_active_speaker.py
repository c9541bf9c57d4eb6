from typing import Any

from sfu.speakers.active_speaker import ActiveSpeaker

PACKET = 0.02
QUIET = 127


class Room:
    """Plays levels of 20 ms packets into an ActiveSpeaker, in virtual time."""

    def __init__(self, *keys: Any, size: Any = 3) -> None:
        self.speaker = ActiveSpeaker[str](size)
        self.now = 100.0
        self.changes = 0
        self.keys = list(keys)
        self.history: list[Any] = []
        for key in keys:
            self.speaker.add(key)

    def play(self, seconds: Any, **levels: Any) -> None:
        """Who is not named sends silence."""
        for _ in range(round(seconds / PACKET)):
            self.now += PACKET
            for key in self.keys:
                self.speaker.level(key, levels.get(key, QUIET), self.now)
            self.run_timers()

    def wait(self, seconds: Any) -> None:
        """Nobody sends anything (DTX)."""
        end = self.now + seconds
        while (deadline := self.speaker.next_deadline()) is not None and deadline <= end:
            self.now = deadline
            self.run_timers()
        self.now = end

    def run_timers(self) -> None:
        deadline = self.speaker.next_deadline()
        if deadline is not None and deadline <= self.now and self.speaker.handle_timers(self.now):
            self.changes += 1
            self.history.append((self.speaker.ranked(), self.speaker.dominant))


def test_nothing_is_decided_before_the_first_level() -> None:
    speaker = ActiveSpeaker[str]()
    speaker.add("a")
    assert speaker.next_deadline() is None
    assert speaker.handle_timers(1.0) is False
    assert (speaker.ranked(), speaker.speaking(), speaker.dominant) == ((), (), None)


def test_decides_every_200_ms_only() -> None:
    room = Room("a")
    room.speaker.level("a", 20, 5.0)
    assert room.speaker.next_deadline() == 5.2
    assert room.speaker.handle_timers(5.1) is False
    assert room.speaker.ranked() == ()
    assert room.speaker.handle_timers(5.2) is True
    assert room.speaker.ranked() == ("a",)


def test_background_noise_is_silence() -> None:
    room = Room("a", "b")
    room.play(5, a=65, b=58)
    assert room.speaker.ranked() == ()
    assert room.speaker.dominant is None


def test_a_speaker_is_ranked_soon_and_dominant_after_a_second() -> None:
    room = Room("a", "b")
    room.play(0.6, a=30)
    assert room.speaker.ranked() == ("a",)
    assert room.speaker.dominant is None
    room.play(1.0, a=30)
    assert room.speaker.dominant == "a"


def test_two_who_alternate_share_the_slots_and_take_turns_on_the_stage() -> None:
    room = Room("a", "b", "c")
    for _ in range(4):
        room.play(3, a=30)
        assert room.speaker.dominant == "a"
        room.play(3, b=32)
        assert room.speaker.dominant == "b"
        assert set(room.speaker.ranked()) == {"a", "b"}


def test_quick_turns_leave_the_stage_to_the_settled_speaker() -> None:
    room = Room("a", "b")
    room.play(3, a=30)
    for _ in range(10):
        room.play(0.6, b=30)
        room.play(0.6, a=30)
        assert room.speaker.dominant == "a"


def test_a_cough_takes_neither_the_stage_nor_a_filled_slot() -> None:
    room = Room("a", "b", "c", "d")
    room.play(3, a=32, b=34, c=36)
    before = (set(room.speaker.ranked()), room.speaker.dominant)
    room.play(0.2, a=32, b=34, c=36, d=5)
    room.play(2, a=32, b=34, c=36)
    assert (set(room.speaker.ranked()), room.speaker.dominant) == before


def test_a_cough_in_silence_does_not_take_the_stage() -> None:
    room = Room("a", "b")
    room.play(3, a=30)
    room.play(5)
    room.play(0.2, b=0)
    room.play(5)
    assert room.speaker.dominant == "a"


def test_a_cough_without_packets_around_it_does_not_take_the_stage() -> None:
    room = Room("a")
    room.play(0.2, a=0)
    room.wait(5)
    assert room.speaker.dominant is None


def test_double_talk_keeps_both_and_the_stage() -> None:
    room = Room("a", "b")
    room.play(3, a=30)
    room.play(2, a=30, b=33)
    changes = room.changes
    for turn in range(40):
        room.play(0.2, a=28 + turn % 5, b=32 - turn % 5)
    assert set(room.speaker.speaking()) == {"a", "b"}
    assert room.speaker.dominant == "a"
    assert room.changes <= changes + 2


def test_silence_keeps_slots_and_stage_but_nobody_speaks() -> None:
    room = Room("a", "b")
    room.play(3, a=30, b=40)
    room.wait(30)
    assert room.speaker.ranked() == ("a", "b")
    assert room.speaker.dominant == "a"
    assert room.speaker.speaking() == ()


def test_a_fourth_voice_takes_the_place_of_the_silent_one() -> None:
    room = Room("a", "b", "c", "d")
    room.play(3, a=30, b=32, c=34)
    room.play(2, a=30, b=32)
    room.play(1.2, a=30, b=32, d=35)
    assert set(room.speaker.ranked()) == {"a", "b", "d"}


def test_a_slightly_louder_fourth_voice_does_not_push_anyone_out() -> None:
    room = Room("a", "b", "c", "d")
    room.play(3, a=30, b=32, c=34)
    room.play(5, a=30, b=32, c=34, d=31)
    assert set(room.speaker.ranked()) == {"a", "b", "c"}


def test_the_clearly_louder_fourth_voice_gets_in_after_400_ms_not_before() -> None:
    room = Room("a", "b", "c", "d")
    room.play(3, a=30, b=32, c=45)
    room.play(0.2, a=30, b=32, c=45, d=10)
    assert "d" not in room.speaker.ranked()
    room.play(0.8, a=30, b=32, c=45, d=10)
    assert set(room.speaker.ranked()) == {"a", "b", "d"}


def test_a_removed_key_disappears_at_once() -> None:
    room = Room("a", "b")
    room.play(3, a=30, b=40)
    room.speaker.remove("a")
    assert room.speaker.ranked() == ("b",)
    assert room.speaker.speaking() == ("b",)
    assert room.speaker.dominant is None
    assert room.speaker.handle_timers(room.now) is True
    assert room.speaker.handle_timers(room.now) is False


def test_levels_of_a_removed_key_are_ignored() -> None:
    room = Room("a", "b")
    room.play(3, a=30)
    room.speaker.remove("a")
    room.play(3, a=10)
    assert room.speaker.ranked() == ()


def test_a_key_that_comes_back_begins_anew() -> None:
    room = Room("a")
    room.play(3, a=30)
    room.speaker.remove("a")
    room.speaker.add("a")
    assert room.speaker.ranked() == ()
    room.play(3, a=30)
    assert room.speaker.dominant == "a"


def test_adding_twice_keeps_the_score() -> None:
    room = Room("a")
    room.play(3, a=30)
    room.speaker.add("a")
    room.play(0.2, a=30)
    assert room.speaker.speaking() == ("a",)


def test_timers_stop_when_nobody_is_left() -> None:
    room = Room("a")
    room.play(1, a=30)
    room.speaker.remove("a")
    room.wait(1)
    assert room.speaker.next_deadline() is None


def test_five_hundred_keys() -> None:
    keys = [f"k{number}" for number in range(500)]
    room = Room(*keys)
    room.play(2, k7=30, k400=40)
    assert room.speaker.ranked() == ("k7", "k400")
    assert room.speaker.dominant == "k7"


def test_the_size_is_kept() -> None:
    room = Room("a", "b", "c", size=1)
    room.play(3, a=30, b=30, c=30)
    assert len(room.speaker.ranked()) == 1
