"""Each plot's finding: a sentence for what a reader must act on, empty where the plot says all.

Pure: no I/O, no clock.
"""

from collections.abc import Sequence

from loadtest.figures.arithmetic import Point
from loadtest.figures.formats import clock, formatted, percent
from loadtest.figures.summary import Summary
from loadtest.records import RunRecord


def latency(summary: Summary) -> str:
    points = _steady(summary, summary.series.p99_ms)
    if not points:
        return "No sampled bot measured added latency in the measured part."
    worst_at, worst = max(points, key=lambda point: point[1])
    return f"The worst second's p99 was {formatted(worst, 'ms')} at {clock(worst_at)}."


def work(summary: Summary) -> str:
    shares = _steady(summary, summary.series.cpu_share)
    stalls = summary.server.stalls
    if not shares:
        return "The server's work is not known."
    busiest_at, busiest = max(shares, key=lambda point: point[1])
    text = f"The busiest second took {percent(busiest)} of a core at {clock(busiest_at)}."
    if stalls is None:
        return f"{text} Its loop stalls are not known."
    return f"{text} {stalls:,} loop stalls over 10 ms." if stalls else text


def joins(record: RunRecord, summary: Summary) -> str:
    if not record.joined:
        return "Nobody joined."
    silent, blind = summary.joins.without_media, summary.joins.without_picture
    parts = [
        f"{len(record.failed):,} failed." * bool(record.failed),
        f"{silent:,} got nothing within 10 s." * bool(silent),
        f"{blind:,} saw nothing within 10 s." * bool(blind),
    ]
    return " ".join(filter(None, parts))


def quality(summary: Summary) -> str:
    points = _steady(summary, summary.series.loss)
    if not points:
        return "Loss is not known."
    lossy = [point for point in points if point[1] > 0]
    if not lossy:
        return ""
    worst_at, worst = max(lossy, key=lambda point: point[1])
    return (
        f"Packets were lost in {len(lossy)} of {len(points)} s; the worst second lost "
        f"{percent(worst)} at {clock(worst_at)}."
    )


def memory(summary: Summary) -> str:
    if not _steady(summary, summary.series.rss_mb):
        return "The server's memory is not known."
    drops = summary.server.drops
    if drops is None:
        return "What the server dropped is not known."
    dropped = sum(drops.values())
    return f"The server dropped {dropped:,} packets." if dropped else ""


def bots(summary: Summary) -> str:
    found = summary.bots
    if found.were_the_limit is None:
        return "The bots told nothing of their own load."
    return f"The bots were the limit: {'; '.join(found.reasons)}." if found.were_the_limit else ""


def _steady(summary: Summary, column: Sequence[float | None]) -> list[Point]:
    return summary.series.points(list(column), summary.run.measure_from, summary.run.measure_to)
