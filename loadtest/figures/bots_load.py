"""Whether the bots were the limit, not the server. Pure: no I/O, no clock."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from loadtest.figures.arithmetic import Spread, spread
from loadtest.figures.formats import percent
from loadtest.records import Tick

# Beyond these the bots, not the server, decide what is measured.
BUSY = 0.9  # mean share of a core, of one fleet or of the fleets that share it
LAGGED_MS = 50.0  # a second in which a packet waited longer than this to be read is a lagging one
LAGGING = 0.05  # share of seconds
OVERFLOWED = 1e-4  # share of packets for which a socket had no room, either way


@dataclass(frozen=True, slots=True)
class BotsLoad:
    """How busy the load test itself was in the steady part."""

    fleets: int
    cpu_cores: float | None  # mean of all fleets together
    cpu_share: float | None  # the same, of the cores that the fleets had
    busiest_fleet: float | None  # mean share of a core
    busiest_core: float | None  # the same of a core and all fleets on it; None: no fleet was pinned
    lag_ms: Spread | None  # of each second's worst wait between arrival and being read
    overflows: int | None  # datagrams that their sockets had no room for
    unsent: int | None  # datagrams that the system refused to send
    were_the_limit: bool | None  # None: nothing is known
    reasons: tuple[str, ...]


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
