"""What each plot shows, in a sentence. Pure: no I/O, no clock."""

import math
from collections.abc import Mapping, Sequence

from loadtest.figures.arithmetic import Point, percentile
from loadtest.figures.formats import clock, percent, written
from loadtest.figures.summary import Summary
from loadtest.records import RunRecord

# Values up to this much above the usual are no exception.
NEAR = 1.2


def rounded_up(value: float) -> float:
    """To two digits that count: 5.93 becomes 6, 123 becomes 130."""
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / step - 1e-9) * step


def stayed(points: Sequence[Point], unit: str = "ms") -> str:
    """Where a figure stayed, and its exceptions; `points` has at least one."""
    values = [y for _, y in points]
    usual, (worst_at, worst) = percentile(values, 0.95), max(points, key=lambda point: point[1])
    if worst <= usual * NEAR:
        return f"stayed within {_plain(rounded_up(worst), unit)}"
    level = rounded_up(usual)
    beyond = sum(value > level for value in values)
    return (
        f"stayed within {_plain(level, unit)} but for {beyond} s, "
        f"the worst {written(worst, unit)} at {clock(worst_at)}"
    )


def _plain(value: float, unit: str) -> str:
    return f"{value:,g} ms" if unit == "ms" else written(value, unit)


def latency_spread(summary: Summary) -> str:
    found = summary.media.added_latency_ms
    if found is None:
        return "No sampled bot measured added latency."
    half, most, worst = (written(value, "ms") for value in (found.p50, found.p99, found.max))
    return f"Half of all came within {half}, 99 % within {most}; the slowest took {worst}."


def latency_over_time(summary: Summary) -> str:
    points = _steady(summary, summary.series.p99_ms)
    if not points:
        return "No sampled bot measured added latency in the measured part."
    worst = max((y for y in summary.series.late_p99_ms if y is not None), default=None)
    if worst is None:
        return f"p99 {stayed(points)}."
    return f"p99 {stayed(points)}. The latecomers' worst second was {written(worst, 'ms')}."


def work(summary: Summary) -> str:
    copies = _steady(summary, summary.series.copies_per_s)
    shares = _steady(summary, summary.series.cpu_share)
    if not copies or not shares:
        return "The server's work is not known."
    server = summary.server
    busiest_at, busiest = max(shares, key=lambda point: point[1])
    text = f"{server.copies_per_s or 0:,.0f} copies a second with "
    text += f"{percent(server.cpu_share or 0)} of a core; the busiest second took "
    text += f"{percent(busiest)} at {clock(busiest_at)}."
    if server.stalls is None:
        return f"{text} Its loop stalls are not known."
    return text + (f" {server.stalls:,} loop stalls over 10 ms." if server.stalls else "")


def joins_over_time(record: RunRecord) -> str:
    if not record.joined:
        return "Nobody joined."
    first, last = (pick(each.at for each in record.joined) for pick in (min, max))
    slowest = max(record.joined, key=lambda each: each.first_frame_ms or each.join_ms)
    took = written(slowest.first_frame_ms or slowest.join_ms, "ms")
    what = "first frame" if slowest.first_frame_ms else "join"
    people = f"{len(record.joined):,} joins from {clock(first)} to {clock(last)}"
    text = f"{people}; the slowest {what} took {took} at {clock(slowest.at)}."
    return text + (f" {len(record.failed):,} failed." if record.failed else "")


def joins_spread(summary: Summary) -> str:
    parts = []
    for name, found in (
        ("were in", summary.joins.join_ms),
        ("had a packet", summary.joins.first_packet_ms),
        ("saw a frame", summary.joins.first_frame_ms),
    ):
        if found:
            parts.append(f"{name} after {written(found.p95, 'ms')}")
    if not parts:
        return "Nobody joined."
    silent, blind = summary.joins.without_media, summary.joins.without_picture
    text = f"95 % {', '.join(parts)}." + (f" {silent:,} got nothing within 10 s." * bool(silent))
    return text + (f" {blind:,} saw nothing within 10 s." * bool(blind))


def quality(summary: Summary) -> str:
    points = _steady(summary, summary.series.loss)
    if not points:
        return "Loss is not known."
    lossy = [point for point in points if point[1] > 0]
    if lossy:
        worst_at, worst = max(lossy, key=lambda point: point[1])
        text = f"{percent(summary.media.loss or 0)} of the packets were lost, in {len(lossy)} of "
        text += f"{len(points)} s; the worst second {percent(worst)} at {clock(worst_at)}."
    else:
        text = "No packet was lost in the measured part."
    frozen = sum(y > 0 for _, y in _steady(summary, summary.series.freezes))
    if not frozen:
        return f"{text} No picture froze."
    return f"{text} {summary.media.freezes:,} freezes, in {frozen} s."


def memory(summary: Summary) -> str:
    points = _steady(summary, summary.series.rss_mb)
    if not points:
        return "The server's memory is not known."
    low, high = (written(pick(y for _, y in points), "MB") for pick in (min, max))
    text = f"Between {low} and {high} in the measured part"
    if summary.soak and summary.soak.memory_mb_per_h is not None:
        text += f", going {written(summary.soak.memory_mb_per_h, 'MB/h')}"
    each = summary.memory.kb_per_subscriber
    added = f" Each person added {written(each, 'kB')}." if each is not None else ""
    return f"{text}.{added} {_drops(summary.server.drops)}"


def _drops(found: Mapping[str, int] | None) -> str:
    if found is None:
        return "What it dropped is not known."
    drops = sum(found.values())
    return f"{drops:,} packets dropped." if drops else "Nothing dropped."


def bots(summary: Summary) -> str:
    found = summary.bots
    if found.were_the_limit is None:
        return "The bots told nothing of their own load."
    if found.were_the_limit:
        return f"The bots were the limit: {'; '.join(found.reasons)}."
    lag = written(found.lag_ms.p99 if found.lag_ms else None, "ms")
    return f"The busiest fleet used {percent(found.busiest_fleet or 0)} of a core; packets lay " + (
        f"unread for {lag} at most in 99 % of the seconds."
    )


def _steady(summary: Summary, column: Sequence[float | None]) -> list[Point]:
    return summary.series.points(list(column), summary.run.measure_from, summary.run.measure_to)
