"""The figures of a run, summed up. Pure: no I/O, no clock.

Rates, loss and added latency are of the steady part only (`measure_from` to `measure_to`); joins
are all of them. A figure that could not be found is None, and a note says why.
docs/loadtest-json.md describes the JSON.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from loadtest.figures.arithmetic import Spread, spread
from loadtest.figures.bots_load import BotsLoad, bots_load
from loadtest.figures.browser import BrowserFigures, browser_figures
from loadtest.figures.drift import SHORTEST_SOAK, Soak, soak
from loadtest.figures.series import Series, second_of, series, share
from loadtest.figures.server import (
    Memory,
    ServerFigures,
    memory,
    restarted,
    server_figures,
    within,
)
from loadtest.records import SILENT_AFTER, BotResult, Counts, Joined, RunRecord, Tick

VERSION = 2
SILENT_MS = 1000 * SILENT_AFTER


@dataclass(frozen=True, slots=True)
class RunFigures:
    """The scenario and the place of the run."""

    scenario: str
    title: str
    viewers: int
    duration: float
    url: str
    command: str
    commit: str
    machine: str
    started_at: float  # wall clock, s since 1970
    spawned: bool
    server_core: int | None
    fleet_cores: tuple[int, ...]
    measure_from: float
    measure_to: float


@dataclass(frozen=True, slots=True)
class Joins:
    """Of the whole run; times from when a bot was due."""

    expected: int
    joined: int  # different people
    failed: int  # people who never got in
    fell_out: int  # people who got in and then failed
    failures: dict[str, int]  # by code
    without_media: int  # joins after which nothing came within 10 s
    without_picture: int  # joins that should have had a picture, and had none within 10 s
    join_ms: Spread | None
    first_packet_ms: Spread | None
    first_frame_ms: Spread | None

    @property
    def missing(self) -> int:
        """Bots that did not get in or fell out, for whatever reason."""
        return max(0, self.expected - self.joined) + self.fell_out


@dataclass(frozen=True, slots=True)
class Media:
    """The media that bots received in the steady part."""

    received: int  # packets
    lost: int
    loss: float | None  # share of what should have come
    added_latency_ms: Spread | None  # of the base
    late_added_latency_ms: Spread | None  # of latecomers, in the whole run
    nacks: int
    plis: int
    freezes: int  # that lasted any time in it
    frames: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRun(Counts):
    """All bots' counts, added up."""

    bots: int
    sampled: int
    left: dict[str, int]  # how many ended for which reason


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything a report says."""

    run: RunFigures
    joins: Joins
    server: ServerFigures
    memory: Memory
    media: Media
    bots: BotsLoad
    browsers: BrowserFigures | None
    soak: Soak | None
    whole_run: WholeRun
    notes: tuple[str, ...]
    series: Series

    def to_json(self) -> dict[str, object]:
        """Plain data for json.dumps: numbers to six digits, None where nothing was found."""
        parts = asdict(self)
        found: dict[str, object] = {"version": VERSION}
        for part in ("run", "joins", "server", "media"):
            found |= parts.pop(part)
        found["bots_were_the_limit"] = self.bots.were_the_limit
        plain = {name: _plain(value) for name, value in (found | parts).items()}
        return plain | {"started_at": self.run.started_at}


def _plain(value: object) -> object:
    match value:
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case float():
            return float(f"{value:.6g}")
    return value


def summarise(record: RunRecord) -> Summary:
    """Never fails: what is missing is None."""
    found = series(record)
    start, end = record.measure_from, record.measure_to
    steady = steady_ticks(record)
    media = _media(record, steady)
    server = server_figures(record.server, start, end)
    return Summary(
        run=_run(record),
        joins=_joins(record),
        server=server,
        memory=memory(record.server, found, start),
        media=media,
        bots=bots_load(steady, record.core_of, media.received),
        browsers=browser_figures(record.browsers),
        soak=soak(found, start, end),
        whole_run=_whole_run(record.results),
        notes=(*record.notes, *_notes(record, steady)),
        series=found,
    )


def steady_ticks(record: RunRecord) -> list[Tick]:
    """Those that tell of the steady part."""
    start, end = record.measure_from, record.measure_to
    return [tick for tick in record.ticks if start <= second_of(tick) <= end]


def added_latencies(ticks: Sequence[Tick]) -> list[float]:
    """ms, of the base."""
    return [ms for tick in ticks for ms in tick.latencies]


def _run(record: RunRecord) -> RunFigures:
    return RunFigures(
        scenario=record.scenario,
        title=record.title,
        viewers=record.viewers,
        duration=record.duration,
        url=record.url,
        command=record.command,
        commit=record.commit,
        machine=record.machine,
        started_at=record.started_at,
        spawned=record.spawned,
        server_core=record.server_core,
        fleet_cores=tuple(record.fleet_cores),
        measure_from=record.measure_from,
        measure_to=record.measure_to,
    )


def _joins(record: RunRecord) -> Joins:
    joined = {each.name for each in record.joined}
    failed = {each.name for each in record.failed}
    return Joins(
        expected=record.expected,
        joined=len(joined),
        failed=len(failed - joined),
        fell_out=len(failed & joined),
        failures=dict(sorted(Counter(each.code for each in record.failed).items())),
        without_media=sum(each.first_packet_ms is None for each in _listening(record)),
        without_picture=sum(each.first_frame_ms is None for each in _watching(record)),
        join_ms=spread([each.join_ms for each in record.joined]),
        first_packet_ms=spread(first_packets(record)),
        first_frame_ms=spread(first_frames(record)),
    )


def first_packets(record: RunRecord) -> list[float]:
    """ms, of all that want media; a join without any within 10 s counts as 10 s."""
    return [_or_silent(each.first_packet_ms) for each in _listening(record)]


def first_frames(record: RunRecord) -> list[float]:
    """ms, of all that should have a picture; a join without one within 10 s counts as 10 s."""
    return [_or_silent(each.first_frame_ms) for each in _watching(record)]


def _or_silent(ms: float | None) -> float:
    return SILENT_MS if ms is None else ms


def _listening(record: RunRecord) -> list[Joined]:
    return [each for each in record.joined if each.name not in record.asks_nothing]


def _watching(record: RunRecord) -> list[Joined]:
    return [each for each in record.joined if each.name not in record.wants_no_picture]


def _media(record: RunRecord, steady: Sequence[Tick]) -> Media:
    received, lost = sum(t.packets for t in steady), sum(t.lost for t in steady)
    base = added_latencies(steady)
    late = [ms for tick in record.ticks for ms in tick.late_latencies]
    return Media(
        received=received,
        lost=lost,
        loss=share(lost, received),
        added_latency_ms=spread(base),
        late_added_latency_ms=spread(late),
        nacks=sum(tick.nacks for tick in steady),
        plis=sum(tick.plis for tick in steady),
        freezes=sum(tick.freezes for tick in steady) + _frozen_before(record),
        frames=sum(tick.frames for tick in steady),
    )


def _frozen_before(record: RunRecord) -> int:
    """Freezes that had begun before the steady part and lasted into it."""
    before = {t.fleet: t.frozen for t in record.ticks if second_of(t) < record.measure_from}
    return sum(before.values())


def _whole_run(results: Sequence[BotResult]) -> WholeRun:
    sums: dict[str, Any] = {
        count.name: sum(getattr(each, count.name) for each in results) for count in fields(Counts)
    }
    return WholeRun(
        bots=len(results),
        sampled=sum(each.sampled for each in results),
        left=dict(sorted(Counter(each.left for each in results).items())),
        **sums,
    )


def _notes(record: RunRecord, steady: Sequence[Tick]) -> Iterator[str]:
    """Missing figures, and the reason."""
    if not record.joined:
        yield "Nobody joined: there is nothing to measure."
    if record.measure_to <= record.measure_from:
        yield "The run had no steady part: not everybody was in before it ended."
    elif not steady:
        yield "No bot reported in the steady part: loss, latency and freezes are not known."
    elif not any(tick.latencies for tick in steady):
        yield "No sampled bot measured added latency in the steady part."
    yield from _server_notes(record)
    if record.scenario == "soak" and record.measure_to - record.measure_from < SHORTEST_SOAK:
        yield f"The steady part is shorter than {SHORTEST_SOAK} s: too short to find a drift."


def _server_notes(record: RunRecord) -> Iterator[str]:
    if restarted(record.server):
        yield "The server was started anew during the run: its CPU and copies are not comparable."
    elif not record.server:
        yield "The server's metrics could not be read: its CPU, memory and copies are not known."
    elif len(within(record.server, record.measure_from, record.measure_to)) < 2:
        yield "Fewer than two samples of the server in the steady part: its rates are not known."
    elif not any(sample.rss_bytes for sample in record.server):
        yield "The server did not tell its memory."
