"""A run second by second. Pure: no I/O, no clock."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from loadtest.figures.arithmetic import percentile
from loadtest.records import RunRecord, ServerSample, Tick

MB = 1_000_000

# The value of a second; None: there was none.
Column = list[float | None]


@dataclass(slots=True)
class Series:
    """Columns of equal length; row n is second `at[n]` to `at[n] + 1` after the start."""

    at: list[int] = field(default_factory=list)
    present: Column = field(default_factory=list)
    joins: Column = field(default_factory=list)
    failures: Column = field(default_factory=list)
    copies_per_s: Column = field(default_factory=list)
    cpu_share: Column = field(default_factory=list)  # of one core, the server's
    rss_mb: Column = field(default_factory=list)
    drops_per_s: Column = field(default_factory=list)
    received_per_s: Column = field(default_factory=list)  # packets, by all bots
    loss: Column = field(default_factory=list)  # share of what should have come
    p50_ms: Column = field(default_factory=list)  # added latency of the base
    p99_ms: Column = field(default_factory=list)
    late_p99_ms: Column = field(default_factory=list)  # of latecomers
    freezes: Column = field(default_factory=list)
    nacks: Column = field(default_factory=list)
    bots_cpu: Column = field(default_factory=list)  # cores, all fleets together
    lag_ms: Column = field(default_factory=list)  # the worst of all fleets

    def points(self, column: Column, start: float, end: float) -> list[tuple[float, float]]:
        """The column's values within start..end, as (second's middle, value)."""
        middles = (at + 0.5 for at in self.at)
        both = zip(middles, column, strict=True)
        return [(x, y) for x, y in both if y is not None and start <= x <= end]


def second_of(tick: Tick) -> float:
    """The middle of the second that a tick tells of."""
    return tick.at - 0.5


def series(record: RunRecord) -> Series:
    """From the start to the last thing that was heard; empty when nothing was."""
    ticks = defaultdict(list)
    for tick in record.ticks:
        ticks[max(0, int(second_of(tick)))].append(tick)
    servers = {at: pair for pair in pairwise(record.server) for at in _between(*pair)}
    joins = Counter(int(joined.at) for joined in record.joined)
    failures = Counter(int(failed.at) for failed in record.failed)
    heard = [*ticks, *servers, *joins, *failures]
    found = Series()
    present: dict[int, int] = {}
    for at in range(max(heard) + 1 if heard else 0):
        found.at.append(at)
        found.joins.append(joins[at])
        found.failures.append(failures[at])
        present |= {tick.fleet: tick.present for tick in ticks[at]}
        found.present.append(sum(present.values()) if present else None)
        _add_ticks(found, ticks[at])
        _add_server(found, servers.get(at))
    return found


def _between(first: ServerSample, last: ServerSample) -> range:
    """The seconds whose middle lies between two samples, which come late from a busy server."""
    return range(max(0, math.ceil(first.at - 0.5)), math.ceil(last.at - 0.5))


def _add_ticks(found: Series, ticks: Sequence[Tick]) -> None:
    base = [ms for tick in ticks for ms in tick.latencies]
    late = [ms for tick in ticks for ms in tick.late_latencies]
    packets = _total(ticks, lambda tick: tick.packets)
    lost = _total(ticks, lambda tick: tick.lost)
    found.received_per_s.append(packets)
    found.loss.append(share(lost, packets))
    found.p50_ms.append(percentile(base, 0.5) if base else None)
    found.p99_ms.append(percentile(base, 0.99) if base else None)
    found.late_p99_ms.append(percentile(late, 0.99) if late else None)
    found.freezes.append(_total(ticks, lambda tick: tick.freezes))
    found.nacks.append(_total(ticks, lambda tick: tick.nacks))
    found.bots_cpu.append(_total(ticks, lambda tick: tick.cpu_s))
    found.lag_ms.append(max((tick.lag_ms for tick in ticks), default=None))


def _add_server(found: Series, pair: tuple[ServerSample, ServerSample] | None) -> None:
    if pair is None or pair[1].at <= pair[0].at or went_back(*pair):
        for column in (found.copies_per_s, found.cpu_share, found.rss_mb, found.drops_per_s):
            column.append(None)
        return
    first, last = pair
    seconds = last.at - first.at
    found.copies_per_s.append((last.copies - first.copies) / seconds)
    found.cpu_share.append((last.cpu_s - first.cpu_s) / seconds)
    found.rss_mb.append(last.rss_bytes / MB if last.rss_bytes else None)
    drops = dropped(first, last)
    found.drops_per_s.append(None if drops is None else sum(drops.values()) / seconds)


def went_back(first: ServerSample, last: ServerSample) -> bool:
    """Whether totals fell: the server was started anew between the two."""
    return last.copies < first.copies or last.cpu_s < first.cpu_s


def grown(first: int | None, last: int | None) -> int | None:
    """The growth of a total; None when it is unknown."""
    return None if first is None or last is None else last - first


def dropped(first: ServerSample, last: ServerSample) -> dict[str, int] | None:
    """Drops between two samples by reason; reasons without a drop are left out."""
    before, after = first.drops, last.drops
    if before is None or after is None:
        return None
    more = {name: count - before.get(name, 0) for name, count in after.items()}
    return {name: count for name, count in sorted(more.items()) if count > 0}


def share(lost: float | None, arrived: float | None) -> float | None:
    """Lost of all that should have come; None when nothing should have."""
    if lost is None or arrived is None or lost + arrived == 0:
        return None
    return lost / (lost + arrived)


def _total(ticks: Sequence[Tick], get: Callable[[Tick], float]) -> float | None:
    return sum(get(tick) for tick in ticks) if ticks else None
