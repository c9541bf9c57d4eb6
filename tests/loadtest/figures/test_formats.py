"""Figures read well."""

import pytest

from loadtest.figures.formats import clock, formatted


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "ms", "unknown"),
        (8.244, "ms", "8.24 ms"),
        (82.44, "ms", "82.4 ms"),
        (1_234.5, "ms", "1,234 ms"),
        (0.0, "share", "0 %"),
        (0.000001, "share", "under 0.001 %"),
        (0.0004, "share", "0.040 %"),
        (0.012, "share", "1.20 %"),
        (1.0, "share", "100 %"),
        (0.553, "core", "55.3 %"),
        (36_000.4, "per s", "36,000/s"),
        (-1.25, "MB/h", "-1.2 MB/h"),
    ],
)
def test_figures_read_well(value: float | None, unit: str, text: str) -> None:
    assert formatted(value, unit) == text


def test_the_clock_counts_whole_minutes_and_seconds_from_zero() -> None:
    assert [clock(at) for at in (-3, 0.5, 65.9, 3_605)] == ["00:00", "00:00", "01:05", "60:05"]
