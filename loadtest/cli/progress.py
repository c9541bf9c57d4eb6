"""Progress of a running load test: a live panel on a terminal, else a plain line now and then.

`Progress` is told what the runner hears and when to show it; it starts no thread and has no clock.
On a quiet console it does nothing.
"""

from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from loadtest.figures.arithmetic import percentile
from loadtest.figures.formats import UNKNOWN, clock, formatted
from loadtest.figures.series import share
from loadtest.records import Failed, Joined, ServerSample, Tick

RECENT = 5.0  # s that the figures shown are of
LINE_EVERY = 5.0  # s between lines where there is no terminal

Message = Joined | Failed | Tick | ServerSample


@dataclass(slots=True)
class State:
    """The state so far; figures are of the last seconds. Pure."""

    expected: int
    ends_at: float  # s after the start
    phase: str = "starting"
    joined: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    last_failure: str = ""
    ticks: deque[Tick] = field(default_factory=deque)
    samples: deque[ServerSample] = field(default_factory=deque)
    p99_ms: float | None = None  # of the base's added latency

    def hear(self, message: Message) -> None:
        match message:
            case Joined():
                self.joined.add(message.name)
            case Failed():
                self.failed.add(message.name)
                self.last_failure = f"{message.name}: {message.message} ({message.code})"
            case Tick():
                self.ticks.append(message)
                while self.ticks[0].at < message.at - RECENT:
                    self.ticks.popleft()
                recent = [ms for tick in self.ticks for ms in tick.latencies]
                self.p99_ms = percentile(recent, 0.99) if recent else None
            case ServerSample():
                self.samples.append(message)
                while self.samples[0].at < message.at - RECENT:
                    self.samples.popleft()

    @property
    def copies_per_s(self) -> float | None:
        return self._rate(*(sample.copies for sample in self._ends()))

    @property
    def cpu_share(self) -> float | None:
        return self._rate(*(sample.cpu_s for sample in self._ends()))

    @property
    def loss(self) -> float | None:
        return share(sum(t.lost for t in self.ticks), sum(t.packets for t in self.ticks))

    @property
    def bots_cpu(self) -> float | None:
        """The busiest fleet's share of a core."""
        fleets = {tick.fleet for tick in self.ticks}
        own = [[t.cpu_s for t in self.ticks if t.fleet == fleet] for fleet in fleets]
        return max((sum(spent) / len(spent) for spent in own), default=None)

    def _ends(self) -> tuple[ServerSample, ...]:
        return (self.samples[0], self.samples[-1]) if len(self.samples) > 1 else ()

    def _rate(self, *totals: float) -> float | None:
        if not totals:
            return None
        first, last = self._ends()
        return (totals[1] - totals[0]) / (last.at - first.at) if last.at > first.at else None


class Progress:
    """Shows a run while it lasts. Use as a context; the terminal is left as it was."""

    def __init__(self, title: str, expected: int, ends_at: float, console: Console) -> None:
        self.state = State(expected, ends_at)
        self._title = title
        self._console = console
        self._live: Live | None = None
        if console.is_terminal and not console.quiet:
            self._live = Live(console=console, auto_refresh=False, transient=True)
        self._line_due = 0.0

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def phase(self, name: str) -> None:
        """The phase that begins, in a word or two: "joining", "measuring", "leaving"."""
        self.state.phase = name
        self._line_due = 0.0

    def hear(self, message: Message) -> None:
        if not self._console.quiet:
            self.state.hear(message)

    def show(self, now: float) -> None:
        """`now` is s after the start; call it a few times a second."""
        if self._console.quiet:
            return
        if self._live is not None:
            self._live.update(panel(self._title, self.state, now), refresh=True)
        elif now >= self._line_due:
            self._line_due = now + LINE_EVERY
            self._console.print(line(self.state, now), soft_wrap=True, highlight=False)


def line(state: State, now: float) -> str:
    """Everything in one plain line."""
    parts = [
        f"{clock(now)} {state.phase}",
        f"{len(state.joined)}/{state.expected} in",
        *([f"{len(state.failed)} failed"] if state.failed else []),
        *(f"{name} {value}" for name, value in _figures(state) if value != UNKNOWN),
        f"{clock(state.ends_at - now)} left",
    ]
    return ", ".join(parts)


def _figures(state: State) -> list[tuple[str, str]]:
    return [
        ("copies", formatted(state.copies_per_s, "per s")),
        ("server", formatted(state.cpu_share, "core")),
        ("p99", formatted(state.p99_ms, "ms")),
        ("loss", formatted(state.loss, "share")),
        ("bots", formatted(state.bots_cpu, "core")),
    ]


def panel(title: str, state: State, now: float) -> RenderableType:
    """A few rows for a terminal."""
    head = Text.assemble((title, "bold"), "  ", (state.phase, "cyan"))
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(no_wrap=True)
    joined = f"{len(state.joined):,} of {state.expected:,}"
    rows.add_row("joined", Text(joined) + _failures(state))
    for name, value in _figures(state):
        rows.add_row(NAMES[name], "..." if value == UNKNOWN else value)
    bar = ProgressBar(total=max(state.ends_at, 0.1), completed=min(now, state.ends_at), width=40)
    left = f"{clock(now)}, {clock(state.ends_at - now)} left"
    rows.add_row(left, bar)
    return Group(head, rows)


NAMES = {
    "copies": "copies",
    "server": "server, of a core",
    "p99": "p99 added latency",
    "loss": "loss",
    "bots": "busiest fleet, of a core",
}


def _failures(state: State) -> Text:
    if not state.failed:
        return Text()
    return Text(f"   {len(state.failed)} failed, last {state.last_failure}", style="red")
