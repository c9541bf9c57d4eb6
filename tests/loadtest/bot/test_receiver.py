"""Streams in virtual time: loss, repair, frames and freezes by header fields alone."""

import pytest

from loadtest.bot.receiver import (
    ASK_AFTER,
    IRREGULAR,
    LOST_AFTER,
    MARKER,
    MAX_MISSING,
    MAX_TRIES,
    MIN_ROUND_TRIP,
    ReceivedStream,
)

NOW = 1_000.0
FRAME = 1 / 30
RTT = 0.1


def video() -> ReceivedStream:
    return ReceivedStream("4", True, 1, 2)


def sound() -> ReceivedStream:
    return ReceivedStream("3", False, 3, None)


def feed(stream: ReceivedStream, *seqs: int, now: float = NOW, last: bool = False) -> None:
    """Packets with these numbers; `last`: the last one ends a frame."""
    for place, seq in enumerate(seqs):
        ends = last and place == len(seqs) - 1
        stream.receive(seq & 0xFFFF, 96 | (MARKER if ends else 0), 100, now)


def frames(stream: ReceivedStream, count: int, first: int = 0, start: float = NOW) -> float:
    """Frames of two packets each; the time of the last."""
    for n in range(count):
        feed(stream, first + 2 * n, first + 2 * n + 1, now=start + n * FRAME, last=True)
    return start + (count - 1) * FRAME


def test_packets_in_order_are_counted_over_the_wrap() -> None:
    stream = video()
    feed(stream, *range(65_530, 65_545))
    assert (stream.packets, stream.bytes, stream.first, stream.next) == (15, 1_500, 65_530, 65_545)
    assert (stream.lost, stream.duplicates, stream.missing) == (0, 0, {})
    assert stream.expected == 65_545 & 0xFFFF


def test_a_gap_is_asked_for_again_and_again_until_it_is_lost() -> None:
    stream = video()
    feed(stream, 10, 11, 14)
    assert stream.expected == IRREGULAR
    assert stream.chase(NOW, RTT) == []
    now, asked = NOW + ASK_AFTER, []
    while stream.missing:
        if wanted := stream.chase(now, RTT):
            assert wanted == [12, 13]
            asked.append(now)
        deadline = stream.next_chase()
        now = now if deadline is None else max(deadline, now)
    assert now == NOW + LOST_AFTER
    assert len(asked) == pytest.approx(LOST_AFTER / (1.5 * RTT), abs=1)
    assert stream.lost == 2
    assert stream.expected == 15


def test_nobody_asks_more_often_than_the_limit() -> None:
    stream = video()
    feed(stream, 1, 3)
    tries = [stream.chase(NOW + n * 2 * MIN_ROUND_TRIP, 0.0) for n in range(1, 15)]
    assert sum(map(len, tries)) == MAX_TRIES
    assert stream.next_chase() == NOW + LOST_AFTER


def test_sound_is_never_asked_for_but_its_loss_counts() -> None:
    stream = sound()
    feed(stream, 1, 3)
    assert stream.chase(NOW + 0.5, RTT) == []
    assert stream.next_chase() == NOW + LOST_AFTER
    stream.chase(NOW + LOST_AFTER, RTT)
    assert (stream.lost, stream.next_chase()) == (1, None)


def test_a_late_packet_fills_its_gap_and_is_recovered_only_when_it_was_asked_for() -> None:
    stream = video()
    feed(stream, 1, 3, 2)
    assert (stream.missing, stream.recovered, stream.duplicates, stream.next) == ({}, 0, 0, 4)
    feed(stream, 6)
    stream.chase(NOW + 0.1, RTT)
    stream.repair(4, 96, 100, NOW + 0.1)
    stream.repair(5, 96, 100, NOW + 0.1)
    assert (stream.missing, stream.recovered, stream.next) == ({}, 2, 7)
    feed(stream, 7)
    assert stream.packets == 7


def test_what_was_there_already_is_a_duplicate() -> None:
    stream = video()
    feed(stream, 5, 6, 6, 5)
    stream.repair(6, 96, 100, NOW)
    assert (stream.duplicates, stream.next, stream.expected) == (3, 7, 7)


def test_a_repair_may_come_first_of_all_or_ahead() -> None:
    stream = video()
    stream.repair(5, 96, 100, NOW)
    assert not stream.begun
    feed(stream, 5)
    stream.repair(6, 96 | MARKER, 100, NOW)
    assert (stream.next, stream.frames) == (7, 1)


def test_an_outage_is_lost_at_once() -> None:
    stream = video()
    feed(stream, 1, 2 + MAX_MISSING + 1)
    assert stream.lost == MAX_MISSING + 1
    assert not stream.missing
    feed(stream, 2 + MAX_MISSING + 2)
    assert stream.expected == 2 + MAX_MISSING + 3


def test_frames_wait_for_what_is_missing_before_them_and_then_come_in_order() -> None:
    stream = video()
    stamps = iter(range(1, 10))
    stream.receive(1, 96 | MARKER, 100, NOW, next(stamps))
    stream.receive(3, 96 | MARKER, 100, NOW, next(stamps))  # 2 is missing
    stream.receive(4, 96, 100, NOW)
    stream.receive(5, 96 | MARKER, 100, NOW, next(stamps))
    assert (stream.frames, stream.stamps) == (1, [1])
    stream.repair(2, 96, 100, NOW + 0.1)
    assert (stream.frames, stream.stamps) == (3, [1, 2, 3])


def test_a_frames_own_last_packet_may_be_the_late_one() -> None:
    stream = video()
    stream.receive(1, 96, 100, NOW)
    stream.receive(3, 96 | MARKER, 100, NOW, 33)
    stream.receive(2, 96 | MARKER, 100, NOW, 22)
    assert stream.stamps == [22, 33]


def test_first_packet_and_first_frame_are_remembered() -> None:
    stream = video()
    feed(stream, 1, now=NOW)
    feed(stream, 2, now=NOW + 0.2, last=True)
    feed(stream, 3, now=NOW + 0.3, last=True)
    assert (stream.first_at, stream.first_frame_at) == (NOW, NOW + 0.2)


@pytest.mark.parametrize(
    ("gap", "freezes"), [(FRAME, 0), (0.15, 0), (FRAME + 0.14, 0), (FRAME + 0.16, 1), (2.0, 1)]
)
def test_a_wait_well_beyond_the_mean_is_a_freeze(gap: float, freezes: int) -> None:
    stream = video()
    last = frames(stream, 60)
    stream.mark()
    last = frames(stream, 60, 120, last + FRAME)
    stream.mark()
    feed(stream, 240, now=last + gap, last=True)
    assert stream.freezes == freezes
    assert stream.freeze_s == pytest.approx(gap if freezes else 0)


def test_a_slow_picture_is_not_frozen() -> None:
    stream = video()
    for n in range(20):
        feed(stream, n, now=NOW + n * 0.2, last=True)
        if n % 5 == 0:
            stream.mark()
    before = stream.freezes  # the first ones, when no mean was known
    feed(stream, 20, now=NOW + 19 * 0.2 + 0.34, last=True)
    assert stream.freezes == before


def test_a_pause_is_no_freeze_and_an_end_that_waits_is() -> None:
    stream = video()
    last = frames(stream, 30)
    stream.pause()
    feed(stream, 60, now=last + 5, last=True)
    assert stream.freezes == 0
    stream.finish(last + 6)
    stream.finish(last + 9)
    assert stream.freezes == 1
    assert stream.freeze_s == pytest.approx(1.0)


def test_a_freeze_that_lasts_counts_once_with_its_length_so_far() -> None:
    stream = video()
    last = frames(stream, 30)
    stream.look(last + 0.1)
    assert (stream.freezes, stream.is_frozen) == (0, False)
    for seconds in (1, 2, 3):
        stream.mark()
        stream.look(last + seconds)
        assert (stream.freezes, stream.is_frozen) == (1, True)
        assert stream.freeze_s == pytest.approx(seconds)
    feed(stream, 60, now=last + 3.5, last=True)
    assert (stream.freezes, stream.is_frozen) == (1, False)
    assert stream.freeze_s == pytest.approx(3.5)
    stream.look(last + 3.5 + FRAME)
    assert stream.freezes == 1


def test_nothing_stands_still_that_was_taken_away_or_never_came() -> None:
    stream = video()
    stream.look(NOW + 60)
    last = frames(stream, 30)
    stream.look(last + 1)
    stream.pause()
    stream.look(last + 60)
    assert (stream.freezes, stream.is_frozen) == (1, False)
    assert stream.freeze_s == pytest.approx(1.0)
