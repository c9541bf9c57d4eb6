"""Percentiles and trends."""

import pytest

from loadtest.figures.arithmetic import Spread, percentile, spread, thinned, trend


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


def test_a_spread_counts_and_keeps_the_worst() -> None:
    assert spread([5.0, 1.0, 3.0]) == Spread(p50=3.0, p95=5.0, p99=5.0, max=5.0, count=3)
    assert spread([]) is None


def test_a_few_wild_points_do_not_move_a_trend() -> None:
    points = [(float(x), 2.0 * x) for x in range(50)]
    points[7] = (7.0, 900.0)
    points[31] = (31.0, -400.0)
    found = trend(points)
    assert found is not None
    assert found.slope == pytest.approx(2.0)
    assert found.steadiness > 0.8


def test_noise_that_goes_nowhere_is_not_steady() -> None:
    found = trend([(float(x), float(x * 7919 % 101)) for x in range(200)])
    assert found is not None
    assert abs(found.steadiness) < 0.1


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (1.0, 5.0)]])
def test_there_is_no_trend_without_two_places(points: list[tuple[float, float]]) -> None:
    assert trend(points) is None


def test_a_long_series_still_has_its_trend() -> None:
    found = trend([(float(x), 0.5 * x) for x in range(5_000)])
    assert found is not None
    assert found.slope == pytest.approx(0.5)


def test_thinning_keeps_order_and_ends_early_for_few() -> None:
    assert thinned([1, 2, 3], 3) == [1, 2, 3]
    assert thinned(list(range(10)), 5) == [0, 2, 4, 6, 8]
