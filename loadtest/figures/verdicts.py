"""Were the bots the limit, did anything drift. Pure: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from loadtest.figures.arithmetic import Point, Spread, spread, trend
from loadtest.figures.formats import percent
from loadtest.figures.series import Series
from loadtest.records import Tick

# Beyond these the bots, not the server, decide what is measured.
BUSY = 0.9  # mean share of a core, of one fleet or of the fleets that share it
LAGGED_MS = 50.0  # a second in which a packet waited longer than this to be read is a lagging one
LAGGING = 0.05  # share of seconds
OVERFLOWED = 1e-4  # share of packets for which a socket had no room, either way

# A drift is a steady trend that changes a figure by this share of itself.
DRIFTED = 0.1
MEMORY_DRIFTED = 0.02
STEADY = 0.2
GROWN = 1.02  # times as many people
WARM_UP = 40  # seconds in which the server's memories of sent packets fill (1,024 a layer)
SHORTEST_SOAK = WARM_UP + 60  # seconds; below this a trend says nothing


@dataclass(frozen=True, slots=True)
class BotsLoad:
    """How busy the load test itself was in the steady part."""

    fleets: int
    cpu_cores: float | None  # mean of all fleets together
    cpu_share: float | None  # the same, of the cores that the fleets had
    busiest_fleet: float | None  # mean share of a core
    busiest_core: float | None  # the same of a core and all fleets on it; None: nobody was pinned
    lag_ms: Spread | None  # of each second's worst wait between arrival and being read
    overflows: int | None  # datagrams that their sockets had no room for
    unsent: int | None  # datagrams that the system refused to send
    were_the_limit: bool | None  # None: nothing is known
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Soak:
    """Where figures went over a long steady part."""

    seconds: float
    memory_mb_per_h: float | None
    drifts: tuple[str, ...]  # in words; empty: nothing drifted


def bots_load(ticks: Sequence[Tick], core_of: Mapping[int, int], received: int) -> BotsLoad:
    """Of the steady part's ticks; `core_of` has the fleets that were pinned to one."""
    fleets = defaultdict(list)
    for tick in ticks:
        fleets[tick.fleet].append(tick)
    means = {fleet: fmean(tick.cpu_s for tick in own) for fleet, own in fleets.items()}
    spent = sum(means.values())
    cores = _by_core(means, core_of)
    worst: dict[int, float] = {}
    for tick in ticks:
        worst[int(tick.at)] = max(tick.lag_ms, worst.get(int(tick.at), 0.0))
    known = [tick.overflows for tick in ticks if tick.overflows is not None]
    unsent = sum(tick.unsent for tick in ticks)
    load = BotsLoad(
        fleets=len(fleets),
        cpu_cores=spent if means else None,
        cpu_share=spent / len(set(core_of.values())) if means and core_of else None,
        busiest_fleet=max(means.values(), default=None),
        busiest_core=max(cores.values(), default=None),
        lag_ms=spread(list(worst.values())),
        overflows=sum(known) if known else None,
        unsent=unsent if ticks else None,
        were_the_limit=None,
        reasons=(),
    )
    sent = sum(tick.sent for tick in ticks)
    reasons = (
        *_busy(means, cores),
        *_late(list(worst.values())),
        *_no_room(sum(known), received),
        *_refused(unsent, sent + unsent),
    )
    return replace(load, reasons=reasons, were_the_limit=bool(reasons) if ticks else None)


def _by_core(means: Mapping[int, float], core_of: Mapping[int, int]) -> dict[int, float]:
    cores: dict[int, float] = defaultdict(float)
    for fleet, mean in means.items():
        if fleet in core_of:
            cores[core_of[fleet]] += mean
    return cores


def _busy(means: Mapping[int, float], cores: Mapping[int, float]) -> Iterator[str]:
    """A fleet has one thread: its process can't use more than one core, whatever is free."""
    busiest = max(means.values(), default=0.0)
    core = max(cores, key=lambda core: cores[core], default=None)
    if busiest >= BUSY:
        yield f"one fleet used {percent(busiest)} of a core; give it fewer bots"
    elif core is not None and cores[core] >= BUSY:
        yield f"the fleets on core {core} used {percent(cores[core])} of it"


def _late(lags: Sequence[float]) -> Iterator[str]:
    lagging = sum(lag > LAGGED_MS for lag in lags)
    if lags and lagging / len(lags) > LAGGING:
        yield (
            f"in {lagging} of {len(lags)} s a packet waited more than {LAGGED_MS:.0f} ms "
            f"to be read (worst {max(lags):.0f} ms)"
        )


def _no_room(overflows: int, received: int) -> Iterator[str]:
    if overflows > OVERFLOWED * received:
        yield f"their sockets had no room for {overflows:,} datagrams, which count as lost"


def _refused(unsent: int, sent: int) -> Iterator[str]:
    if unsent > OVERFLOWED * sent:
        yield f"the system refused to send {unsent:,} of their datagrams"


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
