"""Percentiles and trends as every measurement here states them. Pure: no I/O, no clock."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import TypeVar

T = TypeVar("T")
Point = tuple[float, float]

# A trend compares every pair of points; more points than this are thinned evenly first.
TREND_POINTS = 300


@dataclass(frozen=True, slots=True)
class Spread:
    """How values are spread, in their own unit; percentiles are nearest-rank."""

    p50: float
    p95: float
    p99: float
    max: float
    count: int


@dataclass(frozen=True, slots=True)
class Trend:
    """The direction of a series of points."""

    slope: float  # the median of all pairs' slopes (Theil-Sen): outliers do not move it
    steadiness: float  # share of pairs that rise less share that fall (Kendall's tau), -1 to 1


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile: the smallest value that is not below that share of all."""
    return _rank(sorted(values), share)


def spread(values: Sequence[float]) -> Spread | None:
    """None where there are no values."""
    if not values:
        return None
    ordered = sorted(values)
    p50, p95, p99 = (_rank(ordered, share) for share in (0.5, 0.95, 0.99))
    return Spread(p50, p95, p99, ordered[-1], len(ordered))


def _rank(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def trend(points: Sequence[Point]) -> Trend | None:
    """None unless two points differ in their place."""
    pairs = combinations(thinned(points, TREND_POINTS), 2)
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in pairs if x2 != x1]
    if not slopes:
        return None
    rising = sum(slope > 0 for slope in slopes) - sum(slope < 0 for slope in slopes)
    return Trend(median(slopes), rising / len(slopes))


def thinned(values: Sequence[T], most: int) -> Sequence[T]:
    """At most that many of the values, evenly spaced, in their order."""
    if len(values) <= most:
        return values
    return [values[index * len(values) // most] for index in range(most)]
