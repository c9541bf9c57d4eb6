"""Whether anything drifted over a long steady part. Pure: no I/O, no clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from loadtest.figures.arithmetic import Point, trend
from loadtest.figures.series import Series

# A drift is a steady trend that changes a figure by this share of itself.
DRIFTED = 0.1
MEMORY_DRIFTED = 0.02
STEADY = 0.2
GROWN = 1.02  # times as many people
WARM_UP = 40  # seconds in which the server's memories of sent packets fill (1,024 a layer)
SHORTEST_SOAK = WARM_UP + 60  # seconds; below this a trend says nothing


@dataclass(frozen=True, slots=True)
class Soak:
    """The trends of figures over a long steady part."""

    seconds: float
    memory_mb_per_h: float | None
    drifts: tuple[str, ...]  # in words; empty: nothing drifted


@dataclass(frozen=True, slots=True)
class _Watched:
    """A column that should stay where it is."""

    name: str
    unit: str
    least: float  # a change below this means nothing
    scale: float = 1.0  # from the column's unit to the one in words
    worse: int = 1  # the sign of a change for the worse


def soak(found: Series, start: float, end: float) -> Soak | None:
    """None when the steady part is too short to tell, or when people came during it. Its first
    WARM_UP seconds are left out."""
    if end - start < SHORTEST_SOAK:
        return None
    start += WARM_UP
    if _grew(found.points(found.present, start, end)):
        return None
    seconds = end - start
    memory = trend(found.points(found.rss_mb, start, end))
    drifts = [_drift(watched, points, seconds) for watched, points in _watched(found, start, end)]
    grown = _memory_drift(found.points(found.rss_mb, start, end), seconds)
    return Soak(
        seconds=seconds,
        memory_mb_per_h=memory.slope * 3600 if memory else None,
        drifts=tuple(words for words in [grown, *drifts] if words),
    )


def _grew(present: Sequence[Point]) -> bool:
    """Whether more people are in at the end: then everything grows, and that is no drift."""
    tenth = max(1, len(present) // 10)
    first, last = present[:tenth], present[-tenth:]
    return bool(present) and median(y for _, y in last) > GROWN * median(y for _, y in first)


def _watched(found: Series, start: float, end: float) -> Iterator[tuple[_Watched, list[Point]]]:
    both = zip(found.cpu_share, found.copies_per_s, strict=True)
    cost = [1e6 * cpu / copies if cpu is not None and copies else None for cpu, copies in both]
    for watched, column in (
        (_Watched("CPU per copy", "µs", 0.2), cost),
        (_Watched("copies", "/s", 10.0, worse=-1), found.copies_per_s),
        (_Watched("p50 added latency", "ms", 0.2), found.p50_ms),
        (_Watched("p99 added latency", "ms", 1.0), found.p99_ms),
        (_Watched("loss", "%", 0.05, scale=100), found.loss),
        (_Watched("drops", "/s", 1.0), found.drops_per_s),
        (_Watched("NACKs", "/s", 1.0), found.nacks),
        (_Watched("people present", "", 1.0, worse=-1), found.present),
    ):
        yield watched, found.points(column, start, end)


def _drift(watched: _Watched, points: Sequence[Point], seconds: float) -> str | None:
    found = trend(points)
    if found is None:
        return None
    change = found.slope * seconds * watched.scale
    level = abs(median(y for _, y in points)) * watched.scale
    if watched.worse * found.steadiness < STEADY:
        return None
    if abs(change) < max(watched.least, DRIFTED * level):
        return None
    way = "rose" if change > 0 else "fell"
    unit = f" {watched.unit}".replace(" /", "/") if watched.unit else ""
    return (
        f"{watched.name} {way} by {abs(change):,.3g}{unit} in {_length(seconds)} "
        f"(median {level:,.3g}{unit})"
    )


def _memory_drift(points: Sequence[Point], seconds: float) -> str | None:
    found = trend(points)
    if found is None or found.steadiness < STEADY:
        return None
    change, level = found.slope * seconds, median(y for _, y in points)
    if change < MEMORY_DRIFTED * level:
        return None
    return f"the server's memory grew by {change:,.1f} MB in {_length(seconds)}"


def _length(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"
