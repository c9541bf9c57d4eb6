from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.twcc import MAX_LEAP, MAX_STATUSES, MAX_STORED, MAX_UNTOLD, TwccRecorder
from sfu.wire.transport_cc import TransportFeedback

SENDER, MEDIA = 1, 2


def recorded(*packets: Any) -> Any:
    """A recorder that received (sequence, time) pairs."""
    twcc = TwccRecorder()
    for sequence, now in packets:
        twcc.receive(sequence, now)
    return twcc


def build(twcc: Any, now: Any) -> Any:
    """The feedbacks after a round trip through their wire form."""
    feedbacks = twcc.build(now, SENDER, MEDIA)
    return [TransportFeedback.parse(feedback.build()[4:]) for feedback in feedbacks]


def told(feedbacks: Any) -> Any:
    return [(seq, time) for feedback in feedbacks for seq, time in feedback.arrivals]


def test_nothing_received_has_nothing_to_tell() -> None:
    twcc = TwccRecorder()
    assert twcc.next_deadline() is None
    assert twcc.build(1.0, SENDER, MEDIA) == []


def test_is_due_100_ms_after_the_first_unreported_packet() -> None:
    twcc = recorded((10, 5.0), (11, 5.05))
    assert twcc.next_deadline() == pytest.approx(5.1)
    build(twcc, 5.1)
    assert twcc.next_deadline() is None
    twcc.receive(12, 6.0)
    assert twcc.next_deadline() == pytest.approx(6.1)


def test_is_due_sooner_when_many_wait() -> None:
    twcc = recorded(*((number, 5.0 + number * 0.001) for number in range(32)))
    assert twcc.next_deadline() == pytest.approx(5.1)
    twcc.receive(32, 5.032)
    assert twcc.next_deadline() == pytest.approx(5.05)


def test_arrivals_come_with_quarter_millisecond_times_and_losses_as_none() -> None:
    twcc = recorded((10, 5.0), (11, 5.001), (14, 5.0305))
    (feedback,) = build(twcc, 5.1)
    assert (feedback.sender_ssrc, feedback.media_ssrc) == (SENDER, MEDIA)
    assert feedback.base_sequence == 10
    assert feedback.reference_time == 5_000_000 // 64_000
    assert feedback.arrivals == (
        (10, 5_000_000),
        (11, 5_001_000),
        (12, None),
        (13, None),
        (14, 5_030_500),
    )


def test_each_feedback_goes_on_where_the_last_ended() -> None:
    twcc = recorded((10, 5.0))
    build(twcc, 5.1)
    twcc.receive(13, 5.2)
    (feedback,) = build(twcc, 5.3)
    assert feedback.base_sequence == 11
    assert told([feedback]) == [(11, None), (12, None), (13, 5_200_000)]


def test_feedback_count_goes_up_and_wraps() -> None:
    twcc = TwccRecorder()
    counts = []
    for number in range(300):
        twcc.receive(number, number * 0.1)
        counts += [feedback.feedback_count for feedback in build(twcc, number * 0.1)]
    assert counts == [number & 0xFF for number in range(300)]


def test_sequence_wraps() -> None:
    twcc = recorded((65_534, 5.0), (65_535, 5.001), (0, 5.002), (1, 5.003))
    assert [seq for seq, _ in told(build(twcc, 5.1))] == [65_534, 65_535, 0, 1]


def test_reordered_packets_are_in_order_and_times_may_go_back() -> None:
    twcc = recorded((10, 5.0), (12, 5.001), (11, 5.002))
    assert told(build(twcc, 5.1)) == [(10, 5_000_000), (11, 5_002_000), (12, 5_001_000)]


def test_a_late_packet_is_told_together_with_what_came_after_it() -> None:
    twcc = recorded((10, 5.0), (12, 5.001))
    build(twcc, 5.1)
    twcc.receive(11, 5.15)
    twcc.receive(13, 5.16)
    assert told(build(twcc, 5.2)) == [(11, 5_150_000), (12, 5_001_000), (13, 5_160_000)]


def test_a_packet_older_than_the_memory_is_not_told() -> None:
    twcc = recorded((10, 5.0), (12, 5.001))
    build(twcc, 5.1)
    twcc.receive(13, 6.0)
    build(twcc, 6.1)
    twcc.receive(11, 6.2)
    assert twcc.next_deadline() is None


def test_duplicates_keep_the_first_arrival() -> None:
    twcc = recorded((10, 5.0), (10, 5.05))
    assert told(build(twcc, 5.1)) == [(10, 5_000_000)]


def test_many_packets_are_split() -> None:
    twcc = recorded(*((number, 5.0 + number * 0.0001) for number in range(1200)))
    feedbacks = build(twcc, 5.2)
    assert [len(feedback.arrivals) for feedback in feedbacks] == [MAX_STATUSES, MAX_STATUSES, 200]
    assert [seq for seq, _ in told(feedbacks)] == list(range(1200))
    assert all(len(feedback.build()) < 1200 for feedback in feedbacks)


def test_arrivals_too_far_apart_are_split() -> None:
    twcc = recorded((10, 5.0), (11, 5.001), (13, 20.0))
    feedbacks = build(twcc, 20.0)
    assert len(feedbacks) == 2
    assert told(feedbacks) == [(10, 5_000_000), (11, 5_001_000), (12, None), (13, 20_000_000)]


def test_a_stretch_without_any_arrival_is_told_as_lost() -> None:
    twcc = recorded((10, 5.0), (10 + MAX_LEAP, 5.01))
    statuses = told(build(twcc, 5.1))
    assert len(statuses) == MAX_LEAP + 1
    assert sum(time is not None for _, time in statuses) == 2


def test_a_larger_leap_than_loss_explains_starts_anew() -> None:
    twcc = recorded((10, 5.0), (11 + MAX_LEAP, 5.01))
    assert len(told(build(twcc, 5.1))) == 1


def test_many_leaps_before_a_report_are_not_all_told() -> None:
    twcc = recorded(*((MAX_LEAP * number, 5.0) for number in range(100)))
    assert len(told(build(twcc, 5.1))) <= MAX_UNTOLD + 1


def test_a_jump_starts_anew() -> None:
    twcc = recorded((10, 5.0), (20_000, 5.01))
    assert told(build(twcc, 5.1)) == [(20_000, 5_010_000)]


def test_memory_is_bounded_when_nobody_builds() -> None:
    twcc = recorded(*((number & 0xFFFF, number * 0.001) for number in range(3 * MAX_STORED)))
    assert len(twcc._times) <= MAX_STORED
    assert twcc.next_deadline() is not None
    assert build(twcc, 20.0)


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 2000)), min_size=1, max_size=100),
    st.integers(0, 65_535),
)
def test_tells_every_packet_with_its_time(packets: Any, first: Any) -> None:
    twcc = TwccRecorder()
    now = 1.0
    arrived: dict[int, float] = {}
    for offset, wait in [(0, 0), *packets]:
        now += wait / 1_000_000
        twcc.receive((first + offset) & 0xFFFF, now)
        arrived.setdefault(offset, int(now * 1_000_000))
    statuses = told(build(twcc, now))
    assert [seq for seq, _ in statuses] == [
        (first + offset) & 0xFFFF for offset in range(max(arrived) + 1)
    ]
    for offset, (_, time) in enumerate(statuses):
        expected = arrived.get(offset)
        assert time == (None if expected is None else expected // 250 * 250)
