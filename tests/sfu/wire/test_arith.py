import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.arith import (
    compact_ntp,
    extend_seq,
    ntp_from_seconds,
    seconds_from_ntp,
    seq_delta,
    ts_delta,
)

SEQUENCES = st.integers(0, 0xFFFF)
TIMESTAMPS = st.integers(0, 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("a", "b", "delta"),
    [
        (5, 5, 0),
        (6, 5, 1),
        (5, 6, -1),
        (0, 65535, 1),
        (65535, 0, -1),
        (10, 65530, 16),
        (32767, 0, 32767),
        (32768, 0, -32768),
        (0, 32768, -32768),
    ],
)
def test_sequence_delta_takes_the_short_way_round(a: int, b: int, delta: int) -> None:
    assert seq_delta(a, b) == delta


@pytest.mark.parametrize(
    ("a", "b", "delta"),
    [
        (0, 0, 0),
        (0, 0xFFFFFFFF, 1),
        (0xFFFFFFFF, 0, -1),
        (3000, 0xFFFFF448, 6000),
        (0x7FFFFFFF, 0, 0x7FFFFFFF),
        (0x80000000, 0, -0x80000000),
    ],
)
def test_timestamp_delta_takes_the_short_way_round(a: int, b: int, delta: int) -> None:
    assert ts_delta(a, b) == delta


@given(SEQUENCES, st.integers(-32768, 32767))
def test_sequence_delta_undoes_a_step(start: int, step: int) -> None:
    assert seq_delta((start + step) & 0xFFFF, start) == step


@given(TIMESTAMPS, st.integers(-(1 << 31), (1 << 31) - 1))
def test_timestamp_delta_undoes_a_step(start: int, step: int) -> None:
    assert ts_delta((start + step) & 0xFFFFFFFF, start) == step


@pytest.mark.parametrize(
    ("seq", "reference", "index"),
    [
        (7, 7, 7),
        (0, 65535, 65536),
        (65535, 65536, 65535),
        (65530, 0x3_0005, 0x2_FFFA),
        (5, 0x2_FFFA, 0x3_0005),
        (65535, 3, 65535),  # the nearest would be -1
        (40000, 3, 40000),
        (0, 0, 0),
    ],
)
def test_sequence_is_extended_near_the_reference(seq: int, reference: int, index: int) -> None:
    assert extend_seq(seq, reference) == index


@given(SEQUENCES, st.integers(0, (1 << 48) - 1))
def test_extended_sequence_keeps_its_low_bits_and_is_nearest(seq: int, reference: int) -> None:
    index = extend_seq(seq, reference)
    assert index >= 0
    assert index & 0xFFFF == seq
    assert abs(index - reference) <= 32768 or reference < 32768


@pytest.mark.parametrize(
    ("seconds", "ntp"), [(0.0, 0), (1.0, 1 << 32), (2.5, 0x2_8000_0000), (0.25, 1 << 30)]
)
def test_ntp_is_32_32_fixed_point(seconds: float, ntp: int) -> None:
    assert ntp_from_seconds(seconds) == ntp
    assert seconds_from_ntp(ntp) == seconds


@given(st.floats(0, 4_000_000_000))
def test_ntp_round_trip_is_within_a_microsecond(seconds: float) -> None:
    assert seconds_from_ntp(ntp_from_seconds(seconds)) == pytest.approx(seconds, abs=1e-6)


def test_compact_ntp_is_the_middle_word() -> None:
    assert compact_ntp(0x1122_3344_5566_7788) == 0x3344_5566
