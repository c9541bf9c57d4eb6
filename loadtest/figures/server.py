"""The server's CPU, memory, copies and drops. Pure: no I/O, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loadtest.figures.series import MB, Series, dropped, grown, went_back
from loadtest.records import ServerSample

# A sample so near to the steady part's edge counts as on it.
EDGE = 0.5


@dataclass(frozen=True, slots=True)
class ServerFigures:
    """Of the steady part unless a name says otherwise.

    None: there are no two samples in it, or the server does not tell.
    """

    copies_per_s: float | None = None
    copies_per_cpu_s: float | None = None
    server_cpu_s: float | None = None
    cpu_share: float | None = None  # of one core
    us_per_copy: float | None = None
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
    packets_in = grown(first.packets_in, last.packets_in)
    bytes_out = grown(first.bytes_out, last.bytes_out)
    return ServerFigures(
        copies_per_s=copies / seconds,
        copies_per_cpu_s=copies / cpu if cpu else None,
        server_cpu_s=cpu,
        cpu_share=cpu / seconds,
        us_per_copy=1e6 * cpu / copies if copies else None,
        packets_in_per_s=None if packets_in is None else packets_in / seconds,
        sent_mbit_per_s=None if bytes_out is None else bytes_out * 8 / 1e6 / seconds,
        drops=dropped(first, last),
        drops_whole_run=dropped(samples[0], samples[-1]),
        stalls=grown(first.stalls, last.stalls),
        longest_stall_ms=last.longest_stall_ms,
    )


def memory(samples: Sequence[ServerSample], found: Series, start: float) -> Memory:
    """`start` is the steady part's; samples without a size are as if they were not there."""
    sizes = [(sample.at, sample.rss_bytes) for sample in samples if sample.rss_bytes]
    if not sizes:
        return Memory()
    return Memory(
        start_mb=sizes[0][1] / MB,
        end_mb=sizes[-1][1] / MB,
        max_mb=max(size for _, size in sizes) / MB,
        kb_per_subscriber=None if restarted(samples) else _per_subscriber(sizes, found, start),
    )


def _per_subscriber(
    sizes: Sequence[tuple[float, int]], found: Series, start: float
) -> float | None:
    """Of the growth from the first size to the first one in the steady part, (at, bytes) each."""
    first_at, first = sizes[0]
    full_at, full = next((one for one in sizes if one[0] >= start), sizes[0])
    came = _present(found, full_at) - _present(found, first_at)
    return (full - first) / 1000 / came if came > 0 else None


def _present(found: Series, at: float) -> float:
    known = [count for second, count in zip(found.at, found.present, strict=True) if second <= at]
    return (known[-1] or 0.0) if known else 0.0
