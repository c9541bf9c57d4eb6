import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.clock import ClockMap, RtpClock

RATE = 90_000
HOURS_OFF = 3_900_000_000.0 + 5 * 3600  # NTP counts from 1900, and the clock is wrong too


def test_nothing_is_known_before_the_first_report() -> None:
    clockmap, clock = ClockMap(), RtpClock(RATE)
    assert clockmap.to_server(1.0) is None
    assert clock.ntp_at(0) is None
    assert clock.rtp_at(1.0, clockmap) is None
    clockmap.sender_report(HOURS_OFF, 10.0)
    assert clock.rtp_at(1.0, clockmap) is None
    clock.sender_report(0, HOURS_OFF)
    assert clock.rtp_at(10.0, clockmap) == pytest.approx(0.0)
    assert clock.rtp_at(10.0, ClockMap()) is None


def test_a_clock_hours_off_maps_to_the_arrival() -> None:
    clockmap = ClockMap()
    clockmap.sender_report(HOURS_OFF, 10.0)
    assert clockmap.to_server(HOURS_OFF + 2.5) == pytest.approx(12.5, abs=1e-5)
    assert clockmap.to_publisher(12.5) == pytest.approx(HOURS_OFF + 2.5, abs=1e-5)


def known(value: float | None) -> float:
    assert value is not None
    return value


def test_jitter_of_the_path_does_not_move_the_offset() -> None:
    rng = random.Random(7)
    clockmap = ClockMap()
    mapped: list[float] = []
    for second in range(300):
        delay = 0.03 if second % 20 == 0 else 0.03 + rng.random() * 0.2
        clockmap.sender_report(HOURS_OFF + second, second + delay)
        mapped.append(known(clockmap.to_server(HOURS_OFF + second)) - second)
    assert max(mapped) - min(mapped) < 0.003
    assert mapped[-1] == pytest.approx(0.03, abs=0.003)


@pytest.mark.parametrize("drift", [-50e-6, 50e-6])
def test_follows_a_clock_that_drifts(drift: Any) -> None:
    clockmap = ClockMap()
    for second in range(3600):
        clockmap.sender_report(HOURS_OFF + second * (1 + drift), second + 0.03)
    last = clockmap.to_server(HOURS_OFF + 3599 * (1 + drift))
    assert last == pytest.approx(3599.03, abs=0.001)


def test_a_clock_set_forward_is_followed_at_once() -> None:
    clockmap = ClockMap()
    clockmap.sender_report(HOURS_OFF, 0.0)
    clockmap.sender_report(HOURS_OFF + 61.0, 1.0)
    assert clockmap.to_server(HOURS_OFF + 61.0) == pytest.approx(1.0, abs=1e-5)


def test_a_clock_set_back_is_followed_after_five_reports() -> None:
    clockmap = ClockMap()
    clockmap.sender_report(HOURS_OFF, 0.0)
    for second in range(1, 5):
        clockmap.sender_report(HOURS_OFF - 60.0 + second, float(second))
        assert clockmap.to_server(HOURS_OFF) == pytest.approx(0.0, abs=0.001)
    clockmap.sender_report(HOURS_OFF - 60.0 + 5, 5.0)
    assert clockmap.to_server(HOURS_OFF - 60.0 + 5) == pytest.approx(5.0, abs=1e-5)


def test_a_burst_of_late_reports_is_no_step() -> None:
    clockmap = ClockMap()
    for second, delay in enumerate([0.03, 2.0, 1.5, 1.8, 0.9, 0.05, 2.0, 2.0, 2.0, 2.0]):
        clockmap.sender_report(HOURS_OFF + second, second + delay)
    assert clockmap.to_server(HOURS_OFF) == pytest.approx(0.03, abs=0.002)


def test_streams_of_one_publisher_line_up() -> None:
    """Two layers with unrelated timestamps: the same moment has the right timestamp on each."""
    clockmap, low, high = ClockMap(), RtpClock(RATE), RtpClock(RATE)
    clockmap.sender_report(HOURS_OFF, 10.0)
    low.sender_report(1_000_000, HOURS_OFF)
    clockmap.sender_report(HOURS_OFF + 1.0, 11.2)
    high.sender_report(50_000, HOURS_OFF + 1.0)
    moment = known(clockmap.to_server(known(low.ntp_at(1_000_000 + 3 * RATE))))
    assert high.rtp_at(moment, clockmap) == pytest.approx(50_000 + 2 * RATE, abs=1)


def test_extrapolates_across_the_wrap() -> None:
    clockmap, clock = ClockMap(), RtpClock(RATE)
    clockmap.sender_report(HOURS_OFF, 10.0)
    clock.sender_report(2**32 - RATE, HOURS_OFF)
    assert clock.rtp_at(12.0, clockmap) == pytest.approx(RATE, abs=1)
    assert clock.ntp_at(RATE) == pytest.approx(HOURS_OFF + 2.0, abs=1e-5)


def test_extrapolates_backwards() -> None:
    clockmap, clock = ClockMap(), RtpClock(RATE)
    clockmap.sender_report(HOURS_OFF, 10.0)
    clock.sender_report(RATE, HOURS_OFF)
    assert clock.rtp_at(8.0, clockmap) == pytest.approx(2**32 - RATE, abs=1)
    assert clock.ntp_at(2**32 - RATE) == pytest.approx(HOURS_OFF - 2.0, abs=1e-5)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([8000, 48_000, 90_000]),
)
def test_timestamp_to_server_time_and_back(reported: Any, timestamp: Any, rate: Any) -> None:
    clockmap, clock = ClockMap(), RtpClock(rate)
    clockmap.sender_report(HOURS_OFF, 10.0)
    clock.sender_report(reported, HOURS_OFF)
    moment = known(clockmap.to_server(known(clock.ntp_at(timestamp))))
    back = known(clock.rtp_at(moment, clockmap))
    assert abs((back - timestamp + 2**31) % 2**32 - 2**31) < 1
