from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.reception import ReceptionStats
from sfu.wire.arith import ntp_from_seconds

RATE = 90_000


def feed(
    stats: Any, indices: Any, start: Any = 0.0, interval: Any = 1 / 30, size: Any = 1000
) -> None:
    for index in indices:
        now = start + index * interval
        stats.receive(index, int(index * interval * RATE) & 0xFFFFFFFF, now, size)


def test_nothing_received_reports_zeros() -> None:
    stats = ReceptionStats(RATE)
    assert stats.report(1.0) == (0, 0, 0, 0)
    assert stats.bitrate(1.0) == 0
    assert stats.lsr_dlsr(1.0) == (0, 0)
    assert stats.highest_index is None


def test_no_loss_and_no_jitter_on_a_perfect_path() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, range(100))
    fraction, lost, highest, jitter = stats.report(4.0)
    assert (fraction, lost, highest) == (0, 0, 99)
    assert jitter <= 1


def test_fraction_counts_only_since_the_last_report() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, [index for index in range(100) if index % 4])  # 0 is missing, so 1 is the base
    assert stats.report(4.0)[:2] == ((24 << 8) // 99, 24)
    feed(stats, range(100, 200))
    assert stats.report(8.0)[:2] == (0, 24)
    feed(stats, range(250, 300))
    assert stats.report(12.0)[:2] == (128, 74)
    assert stats.report(13.0)[:2] == (0, 74)


def test_late_packets_reduce_the_loss_and_duplicates_may_make_it_negative() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, [10, 12, 11])
    assert stats.report(1.0)[1] == 0
    feed(stats, [12, 12])
    assert stats.report(2.0)[:2] == (0, -2)


def test_a_packet_before_the_first_one_moves_the_base() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, [10, 9, 11])
    assert stats.report(1.0)[1] == 0


def test_highest_sequence_carries_the_cycles() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, range(65_530, 65_540))
    assert stats.report(3000.0)[2] == 0x10003
    assert stats.highest_index == 0x10003
    stats.receive(2**32 + 5, 0, 3000.0, 10)
    assert stats.report(3001.0)[2] == 5


def test_jitter_follows_rfc_3550_a8() -> None:
    stats = ReceptionStats(8000)
    arrivals = [0.0, 0.025, 0.040, 0.070]
    expected, transit = 0.0, 0.0
    for number, now in enumerate(arrivals):
        stats.receive(number, number * 160, now, 100)
        step = abs(now * 8000 - number * 160 - transit)
        transit = now * 8000 - number * 160
        expected += (step - expected) / 16
    assert stats.report(1.0)[3] == int(expected)
    assert expected > 5


def test_packets_of_one_frame_are_not_jitter() -> None:
    stats = ReceptionStats(RATE)
    for frame in range(60):
        for part in range(5):
            stats.receive(frame * 5 + part, frame * 3000, frame / 30 + part * 0.003, 1200)
    assert stats.report(2.0)[3] == 0


def test_timestamp_wrap_is_not_jitter() -> None:
    stats = ReceptionStats(RATE)
    for number in range(20):
        timestamp = (2**32 - 30_000 + number * 3000) & 0xFFFFFFFF
        stats.receive(number, timestamp, number / 30, 100)
    assert stats.report(1.0)[3] <= 1


def test_a_new_timeline_is_not_jitter() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, range(30))
    stats.receive(30, 2_000_000_000, 1.0, 100)
    stats.receive(31, 2_000_003_000, 1.0 + 1 / 30, 100)
    assert stats.report(2.0)[3] <= 1


def test_lsr_and_dlsr_count_from_the_last_sender_report() -> None:
    stats = ReceptionStats(RATE)
    ntp = ntp_from_seconds(1000.25)
    stats.sender_report(ntp, 5.0)
    assert stats.lsr_dlsr(5.5) == ((1000 << 16) | 0x4000, 32_768)


def test_bitrate_is_measured_over_whole_windows() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, range(31))  # the packets of one second and the one that begins the next
    assert stats.bitrate(1.0) == pytest.approx(31 * 8000)
    assert stats.bitrate(1.5) == pytest.approx(31 * 8000)
    assert stats.bitrate(2.0) == 0


def test_bitrate_is_positive_as_soon_as_packets_come() -> None:
    stats = ReceptionStats(RATE)
    feed(stats, range(3), interval=0.01)
    assert stats.bitrate(0.02) == pytest.approx(3 * 8000 / 0.5)


def test_totals_are_counted_from_the_start() -> None:
    stats = ReceptionStats(8000)
    for number, now in enumerate([0.0, 0.1]):
        stats.receive(number, number * 160, now, 300)
    assert (stats.packets, stats.bytes) == (2, 600)
    assert stats.jitter == pytest.approx((0.1 - 0.02) / 16)


@given(st.permutations(range(40)), st.integers(0, 39))
def test_order_of_arrival_does_not_change_the_loss(order: Any, missing: Any) -> None:
    stats = ReceptionStats(RATE)
    feed(stats, [100] + [101 + index for index in order if index != missing] + [141])
    assert stats.report(10.0)[1] == 1
