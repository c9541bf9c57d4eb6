"""The outcome of a run in a headline and a sentence. Pure: no I/O, no clock."""

from dataclasses import dataclass

from loadtest.figures.formats import formatted, percent
from loadtest.figures.summary import Summary
from loadtest.figures.thresholds import Thresholds, breaches


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """The report's first words; `tone` is "good", "bad", "warm" or "" for neither."""

    headline: str
    sentence: str
    mark: str
    tone: str
    breaches: tuple[str, ...]


def verdict(summary: Summary, limits: Thresholds) -> RunVerdict:
    """Good or bad only where limits say so; bots that were the limit spoil either."""
    broken = tuple(breaches(summary, limits))
    people = f"{summary.joins.joined:,} {'person' if summary.joins.joined == 1 else 'people'}"
    if not summary.joins.joined:
        return RunVerdict("Nobody got in", sentence(summary), "failed", "bad", broken)
    if summary.bots.were_the_limit:
        headline = f"{people}, but the bots were the limit"
        return RunVerdict(headline, sentence(summary), "not reliable", "warm", broken)
    if broken:
        count = "one limit" if len(broken) == 1 else f"{len(broken)} limits"
        headline = f"{people}: {count} not kept"
        return RunVerdict(headline, sentence(summary), "failed", "bad", broken)
    if limits.any:
        return RunVerdict(f"{people}: every limit kept", sentence(summary), "passed", "good", ())
    return RunVerdict(_plain(summary, people), sentence(summary), "no limits set", "", ())


def _plain(summary: Summary, people: str) -> str:
    latency, share = summary.media.added_latency_ms, summary.server.cpu_share
    if latency is None:
        return f"{people} in"
    text = f"{people}: p99 added latency {formatted(latency.p99, 'ms')}"
    return text + (f" with {percent(share)} of a core" if share is not None else "")


def sentence(summary: Summary) -> str:
    """The figures that matter most, in plain words; unknown ones are left out."""
    joins, media, server = summary.joins, summary.media, summary.server
    parts = [f"{joins.joined:,} of {joins.expected:,} got in"]
    if server.copies_per_s is not None and server.cpu_share is not None:
        copies = formatted(server.copies_per_s, "per s").replace("/s", " packets a second")
        parts.append(f"the server sent {copies} with {percent(server.cpu_share)} of a core")
    if media.loss is not None:
        lost = "nothing was lost" if not media.lost else f"{percent(media.loss)} was lost"
        parts.append(lost)
    if media.added_latency_ms is not None:
        within = formatted(media.added_latency_ms.p99, "ms")
        parts.append(f"99 % came within {within} of being sent")
    return "; ".join(parts) + "."
