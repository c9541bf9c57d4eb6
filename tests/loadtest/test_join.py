"""The arithmetic of the join measurement; the measurement itself is `make bench-join`."""

import pytest

from loadtest.join import Percentiles, percentile, summary


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7.0], 0.5, 7.0),
        ([7.0], 0.95, 7.0),
        ([4.0, 1.0, 3.0, 2.0], 0.5, 2.0),
        ([float(n) for n in range(1, 21)], 0.95, 19.0),
        ([float(n) for n in range(1, 21)], 1.0, 20.0),
    ],
)
def test_percentiles_are_nearest_rank(values: list[float], share: float, expected: float) -> None:
    assert percentile(values, share) == expected


def test_a_summary_is_in_tenths_of_milliseconds() -> None:
    assert summary([10.04, 20.06, 30.0]) == Percentiles(p50=20.1, p95=30.0, worst=30.0)
