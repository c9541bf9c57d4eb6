"""What the server spent, sent and dropped. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtest.records import ServerSample
from loadtest.series import MB, Series, dropped, went_back

# A sample so near to the steady part's edge counts as on it.
EDGE = 0.5


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """Of the steady part unless a name says otherwise; None: no two samples in it."""

    copies_per_s: float | None = None
    copies_per_cpu_s: float | None = None
    server_cpu_s: float | None = None
    cpu_share: float | None = None  # of one core
    us_per_copy: float | None = None
    cpu_s_per_million_copies: float | None = None  # the same number as us_per_copy
    packets_in_per_s: float | None = None
    sent_mbit_per_s: float | None = None
    drops: dict[str, int] | None = None  # by reason
    drops_whole_run: dict[str, int] | None = None
    stalls: int | None = None  # of the loop, over 10 ms
    longest_stall_ms: float | None = None  # since the server's start


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of the server, MB of a million bytes."""

    start_mb: float | None = None
    end_mb: float | None = None
    max_mb: float | None = None
    # of each who came between the first sample and the start of the steady part
    kb_per_subscriber: float | None = None


def within(samples: Sequence[ServerSample], start: float, end: float) -> list[ServerSample]:
    return [sample for sample in samples if start - EDGE <= sample.at <= end + EDGE]


def restarted(samples: Sequence[ServerSample]) -> bool:
    return any(went_back(a, b) for a, b in pairwise(samples))


def server_figures(samples: Sequence[ServerSample], start: float, end: float) -> ServerFigures:
    """Between the steady part's first and last sample; nothing when the server began anew."""
    steady = within(samples, start, end)
    if len(steady) < 2 or steady[-1].at <= steady[0].at or restarted(samples):
        return ServerFigures()
    first, last = steady[0], steady[-1]
    seconds, cpu = last.at - first.at, last.cpu_s - first.cpu_s
    copies = last.copies - first.copies
    cost = 1e6 * cpu / copies if copies else None
    return ServerFigures(
        copies_per_s=copies / seconds,
        copies_per_cpu_s=copies / cpu if cpu else None,
        server_cpu_s=cpu,
        cpu_share=cpu / seconds,
        us_per_copy=cost,
        cpu_s_per_million_copies=cost,
        packets_in_per_s=(last.packets_in - first.packets_in) / seconds,
        sent_mbit_per_s=(last.bytes_out - first.bytes_out) * 8 / 1e6 / seconds,
        drops=dropped(first, last),
        drops_whole_run=dropped(samples[0], samples[-1]),
        stalls=last.stalls - first.stalls,
        longest_stall_ms=last.longest_stall_ms,
    )


def memory(samples: Sequence[ServerSample], found: Series, start: float) -> Memory:
    """`start` is the steady part's; samples without a size are as if they were not there."""
    sized = [sample for sample in samples if sample.rss_bytes > 0]
    if not sized:
        return Memory()
    return Memory(
        start_mb=sized[0].rss_bytes / MB,
        end_mb=sized[-1].rss_bytes / MB,
        max_mb=max(sample.rss_bytes for sample in sized) / MB,
        kb_per_subscriber=_per_subscriber(sized, found, start),
    )


def _per_subscriber(sized: Sequence[ServerSample], found: Series, start: float) -> float | None:
    full = next((sample for sample in sized if sample.at >= start), None)
    if full is None or restarted(sized):
        return None
    came = _present(found, full.at) - _present(found, sized[0].at)
    grown = full.rss_bytes - sized[0].rss_bytes
    return grown / 1000 / came if came > 0 else None


def _present(found: Series, at: float) -> float:
    known = [count for second, count in zip(found.at, found.present, strict=True) if second <= at]
    return (known[-1] or 0.0) if known else 0.0
