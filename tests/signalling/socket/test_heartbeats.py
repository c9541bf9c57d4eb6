"""Pings, silent sockets and stalls of the server itself, in virtual time."""

from signalling.socket.heartbeats import LONGEST_TICK, Heartbeats, LivedTime


def test_a_socket_is_pinged_after_each_interval_and_lives_while_it_answers() -> None:
    beats = Heartbeats(3.0, 5.0)
    beats.add("a", 0.0)
    assert beats.take_due(2.9) == []
    for round in range(1, 5):
        at = 4.0 * round - 1.0
        assert beats.take_due(at) == ["a"]
        assert beats.take_due(at + 0.5) == []
        beats.heard("a", at + 1.0)
        assert beats.take_dead(at + 1.0) == []


def test_silence_is_noticed_after_the_timeout_and_told_once() -> None:
    beats = Heartbeats(3.0, 5.0)
    beats.add("a", 0.0)
    beats.add("b", 0.1)
    beats.take_due(3.1)
    beats.heard("b", 3.2)
    assert beats.take_dead(8.0) == []
    assert beats.take_dead(8.1) == ["a"]
    assert beats.take_dead(100.0) == []
    assert len(beats) == 1


def test_frames_that_answer_no_ping_move_no_ping() -> None:
    beats = Heartbeats(3.0, 5.0)
    beats.add("a", 0.0)
    beats.heard("a", 2.9)
    assert beats.take_due(3.0) == ["a"]


def test_closed_sockets_are_forgotten() -> None:
    beats = Heartbeats(3.0, 5.0)
    for name in "ab":
        beats.add(name, 0.0)
    beats.remove("a")
    beats.remove("a")
    assert beats.take_due(3.0) == ["b"]
    beats.remove("b")
    beats.heard("b", 3.5)
    assert len(beats) == 0


def test_a_stall_of_any_length_counts_as_half_a_second() -> None:
    lived = LivedTime(100.0)
    assert lived.tick(100.1) == 0.09999999999999432
    before = lived.now
    assert lived.tick(104.1) == before + LONGEST_TICK
    assert lived.tick(3_700.0) == before + 2 * LONGEST_TICK
    assert lived.tick(3_600.0) == before + 2 * LONGEST_TICK, "the clock went back"


def test_a_stall_of_ten_seconds_disconnects_nobody() -> None:
    """A thousand sockets whose pongs wait in the kernel while the loop stands still."""
    lived, beats, now = LivedTime(0.0), Heartbeats(3.0, 5.0), 0.0
    sockets = [f"s{number}" for number in range(1_000)]
    for number, name in enumerate(sockets):
        beats.add(name, number / 1_000)
    asked: set[str] = set()
    while now < 3.5:
        now += 0.1
        asked |= set(beats.take_due(lived.tick(now)))
    assert len(asked) > 300, "many have been asked and not answered when the loop stops"
    now += 10.0
    assert beats.take_dead(lived.tick(now)) == []
    for name in asked:  # what arrived meanwhile is read before the next tick
        beats.heard(name, lived.now)
    for _ in range(200):
        now += 0.1
        at = lived.tick(now)
        for name in beats.take_due(at):
            beats.heard(name, at)
        assert beats.take_dead(at) == []
    assert len(beats) == 1_000
