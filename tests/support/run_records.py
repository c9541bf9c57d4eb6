"""Made runs of the load test: what a class on one core looks like, with what a test wants wrong."""

import random
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

from loadtest.records import (
    BotResult,
    BrowserResult,
    Failed,
    Joined,
    RunRecord,
    ServerSample,
    Tick,
)

PACKETS_PER_VIEWER = 180
STARTED = 1_764_000_000.0


@dataclass(frozen=True, slots=True)
class Shape:
    """What the made run is like."""

    viewers: int = 200
    joining: int = 5  # s in which the base comes
    steady: int = 60  # s
    late: int = 0  # people who join in 10 s from the steady part's `late_from` second on
    late_from: int = 20
    failing: int = 0
    fleets: int = 2
    us_per_copy: float = 3.4
    latency_ms: float = 2.0
    spikes: tuple[int, ...] = ()  # seconds of the steady part with ten times the latency
    lost: tuple[int, ...] = ()  # seconds with 0.4 % loss
    leak_mb_per_h: float = 0.0
    fleet_cpu: float = 0.3
    core_of: Mapping[int, int] = field(default_factory=lambda: {0: 1, 1: 2})
    overflows: int | None = 0
    unsent: int = 0
    browsers: int = 0
    notes: tuple[str, ...] = ()
    seed: int = 1

    @property
    def start(self) -> float:
        return self.joining + 2.0

    @property
    def end(self) -> float:
        return self.start + self.steady


def made_run(shape: Shape | None = None) -> RunRecord:
    """A whole run; the same shape makes the same run."""
    return _Maker(shape or Shape()).run()


def empty_run() -> RunRecord:
    """A run in which nothing came about."""
    return _record(Shape(viewers=0, joining=0, steady=0))


def _record(shape: Shape) -> RunRecord:
    return RunRecord(
        scenario="class",
        title="One teacher, many viewers",
        viewers=shape.viewers,
        duration=float(shape.steady),
        url="http://127.0.0.1:8080",
        spawned=True,
        machine="2 cores, Linux-6.1, x86_64, Python 3.11.7",
        started_at=STARTED,
        server_core=0,
        fleet_cores=sorted(set(shape.core_of.values())),
        core_of=dict(shape.core_of),
        commit="abc1234",
        measure_from=shape.start,
        measure_to=shape.end,
        joined=[],
        failed=[],
        ticks=[],
        results=[],
        server=[],
        browsers=[],
        expected=shape.viewers + shape.late + shape.failing,
        notes=list(shape.notes),
        command=f"liveclass loadtest --spawn --scenario class --viewers {shape.viewers}",
    )


@dataclass(slots=True)
class _Maker:
    shape: Shape
    chance: random.Random = field(init=False)
    record: RunRecord = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.shape.seed)
        self.record = _record(self.shape)

    def run(self) -> RunRecord:
        self._joins()
        for second in range(int(self.shape.end) + 1):
            self._ticks(second)
        self._samples()
        self.record.results = [self._result(joined.name) for joined in self.record.joined]
        self.record.browsers = [self._browser(n) for n in range(self.shape.browsers)]
        return self.record

    def _joins(self) -> None:
        shape = self.shape
        base = [shape.joining * n / max(1, shape.viewers) for n in range(shape.viewers)]
        late = [
            shape.start + shape.late_from + 10 * n / max(1, shape.late) for n in range(shape.late)
        ]
        for number, at in enumerate(base + late):
            join = self.chance.gammavariate(6, 18)
            first = join + self.chance.gammavariate(4, 12)
            frame = first + self.chance.gammavariate(2, 60)
            name = f"viewer-{number}"
            self.record.joined.append(Joined(name, f"p{number}", at, join, first, frame))
        self.record.failed = [
            Failed(f"lost-{n}", shape.start + n, "timeout", "no answer within 10 s")
            for n in range(shape.failing)
        ]

    def _present(self, second: float) -> int:
        return sum(joined.at <= second for joined in self.record.joined)

    def _ticks(self, second: int) -> None:
        shape = self.shape
        present = self._present(second + 0.5) // shape.fleets
        steady = int(second - shape.start)
        for fleet in range(shape.fleets):
            packets = present * PACKETS_PER_VIEWER
            lost = packets // 250 if steady in shape.lost else 0
            self.record.ticks.append(
                Tick(
                    fleet=fleet,
                    at=second + 1.0 + 0.01 * fleet,
                    present=present,
                    packets=packets - lost,
                    bytes=packets * 1_000,
                    lost=lost,
                    cpu_s=shape.fleet_cpu * self.chance.uniform(0.9, 1.1),
                    lag_ms=self.chance.gammavariate(2, 0.5),
                    latencies=self._latencies(steady in shape.spikes) if present else array("f"),
                    late_latencies=self._late_latencies(second),
                    nacks=lost // 4,
                    plis=0,
                    freezes=int(lost > 100),
                    frames=present * 30,
                    sent=0,
                    overflows=shape.overflows,
                    unsent=shape.unsent,
                )
            )

    def _latencies(self, spike: bool) -> "array[float]":
        scale = self.shape.latency_ms * (10 if spike else 1)
        return array("f", (0.3 + self.chance.gammavariate(3, scale / 3) for _ in range(120)))

    def _late_latencies(self, second: int) -> "array[float]":
        count = 40 if self.shape.late and second > self.shape.start + 20 else 0
        scale = self.shape.latency_ms
        return array("f", (0.5 + self.chance.gammavariate(3, scale / 2) for _ in range(count)))

    def _samples(self) -> None:
        shape, copies, cpu = self.shape, 0, 1.2
        for second in range(int(shape.end) + 2):
            sent = self._present(second) * PACKETS_PER_VIEWER if second else 0
            copies += sent
            cpu += sent * shape.us_per_copy / 1e6 * self.chance.uniform(0.96, 1.04) + 0.01
            grown = 90_000 * self._present(second) + shape.leak_mb_per_h * 1e6 * second / 3600
            self.record.server.append(
                ServerSample(
                    at=float(second),
                    cpu_s=cpu,
                    rss_bytes=int(80e6 + grown + self.chance.uniform(0, 1e5)),
                    copies=copies,
                    packets_in=second * 420,
                    bytes_out=copies * 1_000,
                    drops={"outbox_full": 3 * (second > shape.start + 10), "not_connected": 5},
                    stalls=second // 25,
                    longest_stall_ms=14.2,
                )
            )

    def _result(self, name: str) -> BotResult:
        return BotResult(
            name=name,
            sampled=self.chance.random() < 0.05,
            base=True,
            packets=10_000,
            lost=2,
            recovered=5,
            duplicates=0,
            undecryptable=0,
            frames=1_800,
            freezes=0,
            freeze_s=0.0,
            switches=1,
            left="finished",
        )

    def _browser(self, number: int) -> BrowserResult:
        return BrowserResult(
            name=f"browser-{number}",
            joined=True,
            join_ms=210.0 + number,
            first_frame_ms=640.0 + number,
            frames_decoded=1_790,
            frames_dropped=4,
            freezes=number % 2,
            freeze_s=0.2 * (number % 2),
            packets=11_000,
            lost=1,
            fps=29.5 - number,
            width=1280,
            height=720,
            jitter_buffer_ms=41.0,
            audio_concealed=0.001,
            error=None,
        )
