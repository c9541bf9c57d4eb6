"""The report's plots; a screen reader says the title of each and what to act on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FuncFormatter,
    LogLocator,
    MaxNLocator,
    MultipleLocator,
    NullLocator,
    PercentFormatter,
)

from loadtest.figures.arithmetic import Point, thinned
from loadtest.figures.formats import clock
from loadtest.figures.series import Column
from loadtest.figures.summary import (
    Summary,
    added_latencies,
    first_frames,
    first_packets,
    steady_ticks,
)
from loadtest.figures.thresholds import Check
from loadtest.records import RunRecord
from loadtest.report import findings
from loadtest.report.svg import (
    FIRST,
    LIMIT,
    LINE,
    QUIET,
    SECOND,
    THIRD,
    drawing,
    inline,
)

TALL = 300
MOST_DOTS = 1_500
MOST_STEPS = 400
BINS = 48
# Marks of each power of ten on the scale of latencies.
WIDE, NARROW = (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0)


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot as the page needs it; `finding` is empty where the picture says all."""

    name: str
    title: str
    finding: str
    svg: str


@dataclass(frozen=True, slots=True)
class Material:
    """The run that plots are drawn from."""

    record: RunRecord
    summary: Summary
    checks: dict[str, Check]

    def limit(self, path: str) -> float | None:
        return self.checks[path].limit if path in self.checks else None

    def steady(self, axes: Axes) -> None:
        """Marks what is before and after the measured part."""
        run, last = self.summary.run, len(self.summary.series.at)
        for start, end in ((0.0, run.measure_from), (run.measure_to, float(last))):
            if end > start:
                axes.axvspan(start, end, color=LINE, alpha=0.35, linewidth=0, zorder=0)


def latency_spread(given: Material) -> Plot | None:
    values = sorted(added_latencies(steady_ticks(given.record)))
    found = given.summary.media.added_latency_ms
    if found is None:
        return None
    limit = given.limit("media.added_latency_ms.p99")
    low, high = max(values[0], found.max / 10_000, 0.01), found.max
    high = max(high, 2 * low)
    half, most = max(found.p50, low), max(found.p99, low)  # a logarithm has no zero
    with drawing(2, TALL) as (figure, (shares, heap)):
        _cumulative(shares, [max(ms, low) for ms in values], FIRST, "")
        edges = [low * (high / low) ** (n / BINS) for n in range(BINS + 1)]
        heap.hist([max(ms, low) for ms in values], bins=edges, color=FIRST, rwidth=0.86)
        for axes in (shares, heap):
            for where in (half, most):
                axes.axvline(where, color=SECOND, linewidth=1.2, linestyle=(0, (2, 2)))
            _limit(axes, limit, upright=True)
        _above(shares, half, "p50", "center")
        _above(shares, most, "p99", "right" if limit and limit > most else "left")
        if limit:
            _above(shares, limit, "limit", "left" if limit > most else "right")
        heap.set_xscale("log")
        heap.set_xlim(low * 0.8, max(high, limit or 0.0) * 1.25)
        heap.xaxis.set_major_locator(LogLocator(subs=WIDE if high > 20 * low else NARROW))
        heap.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        heap.xaxis.set_minor_locator(NullLocator())
        heap.set_xlabel("added latency, ms")
        heap.set_ylabel("measured")
        _counts(heap)
        return _plot(figure, "latency", "Added latency", "")


def latency_over_time(given: Material) -> Plot | None:
    series = given.summary.series
    with drawing(1, TALL) as (figure, (axes,)):
        drawn = [
            _over_time(axes, series.at, series.p99_ms, FIRST, "p99"),
            _over_time(axes, series.at, series.p50_ms, SECOND, "p50"),
            _over_time(axes, series.at, series.late_p99_ms, THIRD, "p99 of latecomers"),
        ]
        if not any(drawn):
            return None
        _limit(axes, _near(given.limit("media.added_latency_ms.p99"), axes))
        _from_zero(axes, "ms")
        _legend(axes)
        _time(axes, given)
        text = findings.latency(given.summary)
        return _plot(figure, "latency-time", "Added latency over time", text)


def work(given: Material) -> Plot | None:
    series = given.summary.series
    with drawing(2, TALL) as (figure, (copies, cpu)):
        if not _over_time(copies, series.at, series.copies_per_s, FIRST, "copies"):
            return None
        _over_time(cpu, series.at, series.cpu_share, SECOND, "CPU")
        _from_zero(copies, "copies/s")
        _from_zero(cpu, "CPU of a core")
        cpu.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        _limit(cpu, _near(given.limit("server.cpu_share"), cpu))
        given.steady(copies)
        _time(cpu, given)
        return _plot(figure, "work", "Copies and the server's CPU", findings.work(given.summary))


def joins_over_time(given: Material) -> Plot | None:
    series = given.summary.series
    joined = thinned(given.record.joined, MOST_DOTS)
    if not joined:
        return None
    with drawing(2, TALL) as (figure, (dots, people)):
        frames = [(e.at, e.first_frame_ms) for e in joined if e.first_frame_ms is not None]
        _dots(dots, frames, FIRST, "first frame")
        _dots(dots, [(each.at, each.join_ms) for each in joined], SECOND, "join")
        for number, failed in enumerate(thinned(given.record.failed, MOST_STEPS)):
            label = "" if number else "failed"
            dots.axvline(failed.at, color=LIMIT, linewidth=1, label=label)
        _from_zero(dots, "ms")
        _legend(dots)
        _over_time(people, series.at, series.present, FIRST, "present")
        _from_zero(people, "people in")
        _time(people, given)
        text = findings.joins(given.record, given.summary)
        return _plot(figure, "joins-time", "Joins over time", text)


def joins_spread(given: Material) -> Plot | None:
    joined = given.record.joined
    columns = (
        ("join", SECOND, [each.join_ms for each in joined]),
        ("first packet", THIRD, first_packets(given.record)),
        ("first frame", FIRST, first_frames(given.record)),
    )
    if not joined:
        return None
    with drawing(1, TALL) as (figure, (axes,)):
        for name, colour, values in columns:
            if values:
                _cumulative(axes, sorted(values), colour, name)
        for path, name in (
            ("joins.join_ms.p95", "join"),
            ("joins.first_packet_ms.p95", "first packet"),
        ):
            limit = given.limit(path)
            _limit(axes, limit, upright=True, name=f"p95 limit, {name}")
        axes.set_xlim(left=0)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        axes.set_xlabel("ms after it was due")
        axes.set_ylabel("people")
        axes.legend(loc="lower right")
        return _plot(figure, "joins", "How long joining took", "")


def quality(given: Material) -> Plot | None:
    series = given.summary.series
    with drawing(2) as (figure, (loss, freezes)):
        known = [y for y in series.loss if y is not None]
        if not known:
            return None
        _bars(loss, series.at, series.loss, FIRST)
        loss.set_ylim(0, max(1.15 * max(known), 0.001))
        loss.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=2, symbol=" %"))
        loss.set_ylabel("loss")
        _limit(loss, _near(given.limit("media.loss"), loss))
        _few(freezes, series.at, series.freezes, "freezes")
        given.steady(loss)
        _time(freezes, given)
        return _plot(figure, "quality", "Loss and freezes", findings.quality(given.summary))


def memory(given: Material) -> Plot | None:
    series = given.summary.series
    with drawing(2, TALL) as (figure, (size, drops)):
        if not _over_time(size, series.at, series.rss_mb, FIRST, "memory"):
            return None
        _from_zero(size, "memory, MB")
        _few(drops, series.at, series.drops_per_s, "drops/s")
        given.steady(size)
        _time(drops, given)
        text = findings.memory(given.summary)
        return _plot(figure, "memory", "The server's memory and drops", text)


def bots(given: Material) -> Plot | None:
    series = given.summary.series
    with drawing(2) as (figure, (cpu, lag)):
        if not _over_time(cpu, series.at, series.bots_cpu, FIRST, "CPU"):
            return None
        _from_zero(cpu, "CPU, all fleets")
        cpu.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        _over_time(lag, series.at, series.lag_ms, SECOND, "read late")
        _from_zero(lag, "read late, ms")
        given.steady(cpu)
        _time(lag, given)
        return _plot(figure, "bots", "The bots' own load", findings.bots(given.summary))


def _plot(figure: Figure, name: str, title: str, finding: str) -> Plot:
    figure.align_ylabels()
    labels = f"{name}-title {name}-finding" if finding else f"{name}-title"
    return Plot(name, title, finding, inline(figure, name, labels))


def _over_time(axes: Axes, at: Sequence[int], column: Column, colour: str, label: str) -> bool:
    """A line with holes where nothing was found; False when nothing ever was."""
    values = [float("nan") if y is None else y for y in column]
    known = any(y is not None for y in column)
    if known:
        axes.plot([x + 0.5 for x in at], values, color=colour, label=label)
    return known


def _bars(axes: Axes, at: Sequence[int], column: Column, colour: str) -> None:
    """Only of the seconds in which there was something: most have nothing."""
    found = [(x + 0.5, y) for x, y in zip(at, column, strict=True) if y]
    xs, ys = [x for x, _ in found], [y for _, y in found]
    axes.bar(xs, ys, width=1.0, color=colour, edgecolor=colour, linewidth=0.6)


def _few(axes: Axes, at: Sequence[int], column: Column, label: str) -> None:
    """Bars of what is counted in ones, and mostly is none."""
    _bars(axes, at, column, SECOND)
    axes.set_ylim(0, max(1.15, axes.get_ylim()[1]))
    axes.set_ylabel(label)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def _above(axes: Axes, where: float, text: str, align: Literal["left", "center", "right"]) -> None:
    """Names an upright line at its upper end."""
    axes.annotate(text, (where, 1.06), color=QUIET, fontsize=11, ha=align, annotation_clip=False)


def _dots(axes: Axes, points: Sequence[Point], colour: str, label: str) -> None:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    axes.scatter(xs, ys, s=6, color=colour, linewidth=0, label=label)


def _cumulative(axes: Axes, ordered: Sequence[float], colour: str, label: str) -> None:
    """Which share of the values is not above x."""
    count = len(ordered)
    places = thinned(range(count), MOST_STEPS)
    xs, ys = [ordered[n] for n in places], [(n + 1) / count for n in places]
    axes.step([xs[0], *xs, ordered[-1]], [0, *ys, 1], where="post", color=colour, label=label)
    axes.set_ylim(0, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))


def _limit(axes: Axes, value: float | None, upright: bool = False, name: str = "limit") -> None:
    if value is not None:
        draw = axes.axvline if upright else axes.axhline
        draw(value, color=LIMIT, linewidth=1.2, linestyle=(0, (5, 3)), label=name)


def _near(limit: float | None, axes: Axes) -> float | None:
    """A limit far above everything would press what is drawn against the floor: left out."""
    return limit if limit is not None and limit <= 3 * axes.get_ylim()[1] else None


def _from_zero(axes: Axes, name: str) -> None:
    axes.set_ylim(0, axes.get_ylim()[1] * 1.04)
    axes.set_ylabel(name)
    axes.yaxis.set_major_locator(MaxNLocator(4, min_n_ticks=3))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


def _counts(axes: Axes) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _legend(axes: Axes) -> None:
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        ncols=4,
        borderaxespad=0.0,
        handlelength=1.2,
        columnspacing=1.2,
        markerscale=1.8,
    )


def _time(axes: Axes, given: Material) -> None:
    """Minutes and seconds on the axis; time outside the measured part is shaded."""
    given.steady(axes)
    axes.set_xlim(0, max(1, len(given.summary.series.at)))
    axes.xaxis.set_major_locator(MultipleLocator(_step(len(given.summary.series.at))))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: clock(value)))


def _step(seconds: int) -> int:
    """Between marks of a time axis: at most six of them, at times people count in."""
    steps = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800)
    return next((step for step in steps if seconds <= 6 * step), seconds // 6)


VIEWERS = (latency_spread, latency_over_time, quality)
SERVER = (work, memory)
JOINS = (joins_spread, joins_over_time)
BOTS = (bots,)


def draw(given: Material, makers: Sequence[Callable[[Material], Plot | None]]) -> list[Plot]:
    """Those plots for which there is something to draw."""
    return [plot for make in makers if (plot := make(given)) is not None]
