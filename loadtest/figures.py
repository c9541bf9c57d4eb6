"""The figures of a summary: what each is called, how it is written, what it means.

Pure: no I/O, no clock. The terminal's table, the limits and the HTML report all read from here.
"""

from dataclasses import dataclass

from loadtest.summary import Summary
from loadtest.written import written


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a summary: where it is, its name, its unit (a key of WRITERS), its meaning."""

    path: str
    label: str
    unit: str
    about: str = ""

    def of(self, summary: Summary) -> float | None:
        """None when the part that holds it, or the figure itself, was not found."""
        found: object = summary
        for name in self.path.split("."):
            found = getattr(found, name)
            if found is None:
                return None
        assert isinstance(found, int | float), self.path
        return found

    def text(self, summary: Summary) -> str:
        return written(self.of(summary), self.unit)


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that belong together."""

    title: str
    figures: tuple[Figure, ...]


def _spread(path: str, label: str, about: str, *names: str) -> tuple[Figure, ...]:
    """Percentiles of one thing; only the first is explained."""
    return tuple(
        Figure(f"{path}.{name}", f"{label}, {WORDS[name]}", "ms", about if name == names[0] else "")
        for name in names
    )


WORDS = {"p50": "p50", "p95": "p95", "p99": "p99", "max": "worst"}
ALL = tuple(WORDS)

JOINS = Group(
    "Joins",
    (
        Figure("joins.joined", "Joined", "count", "People who got in."),
        Figure("joins.missing", "Not in", "count", "Expected, but never got in or fell out later."),
        Figure("joins.without_media", "In, but nothing came", "count", "No packet within 10 s."),
        *_spread("joins.join_ms", "Join", "From the first request to the media answer.", *ALL),
        *_spread("joins.first_packet_ms", "First packet", "From the first request.", *ALL),
        *_spread("joins.first_frame_ms", "First frame", "From the first request.", *ALL),
    ),
)
QUALITY = Group(
    "What viewers got",
    (
        Figure("media.loss", "Loss", "share", "Never came, not even sent again."),
        *_spread(
            "media.added_latency_ms",
            "Added latency",
            "From the publisher's send to the last packet's arrival.",
            *ALL,
        ),
        *_spread(
            "media.late_added_latency_ms",
            "Added latency, latecomers",
            "The same for people who joined during the run.",
            *ALL,
        ),
        Figure(
            "media.freezes", "Freezes", "count", "Pictures that stood still, as Chromium counts."
        ),
        Figure("media.frames", "Frames", "count", "Whole frames that came."),
        Figure("media.nacks", "NACKs", "count", "Requests to send packets again."),
        Figure("media.plis", "PLIs", "count", "Requests for a key frame."),
    ),
)
SERVER = Group(
    "The server",
    (
        Figure(
            "server.copies_per_s", "Copies", "per s", "One packet to 200 viewers is 200 copies."
        ),
        Figure("server.cpu_share", "CPU", "core", "Of one core, user and kernel mode."),
        Figure("server.us_per_copy", "CPU per copy", "µs", "Also: CPU seconds a million copies."),
        Figure(
            "server.copies_per_cpu_s", "Copies per CPU second", "count", "One full core's worth."
        ),
        Figure("server.server_cpu_s", "CPU time", "s", "In the steady part."),
        Figure("server.packets_in_per_s", "Packets in", "per s", "Media from publishers."),
        Figure("server.sent_mbit_per_s", "Sent", "Mbit/s", "Without IP and UDP headers."),
        Figure("server.stalls", "Loop stalls", "count", "The event loop was busy over 10 ms."),
        Figure("server.longest_stall_ms", "Longest stall", "ms", "Since the server's start."),
    ),
)
MEMORY = Group(
    "The server's memory",
    (
        Figure("memory.start_mb", "Memory at the start", "MB", "Resident, before anybody joined."),
        Figure("memory.end_mb", "Memory at the end", "MB"),
        Figure("memory.max_mb", "Memory at most", "MB"),
        Figure("memory.kb_per_subscriber", "Memory per person", "kB", "Until everybody was in."),
        Figure("soak.memory_mb_per_h", "Memory growth", "MB/h", "Robust slope of the steady part."),
    ),
)
BOTS = Group(
    "The bots' own load",
    (
        Figure("bots.cpu_cores", "CPU, all fleets", "core", "Of one core."),
        Figure("bots.busiest_fleet", "CPU, busiest fleet", "core", "From 90 % it is the limit."),
        Figure("bots.lag_ms.p50", "Read late, p50", "ms", "Each second's longest wait unread."),
        Figure("bots.lag_ms.p99", "Read late, p99", "ms"),
        Figure("bots.overflows", "No room in a socket", "count", "Datagrams; they count as lost."),
    ),
)
BROWSERS = Group(
    "Chromium viewers",
    (
        Figure("browsers.viewers", "Browsers", "count", "Real ones, beside the bots."),
        Figure("browsers.joined", "Browsers joined", "count"),
        *_spread("browsers.join_ms", "Chromium join", "As the page measured it.", "p50", "max"),
        *_spread(
            "browsers.first_frame_ms", "Chromium first frame", "Until it was decoded.", "p50", "max"
        ),
        Figure(
            "browsers.fps_median",
            "Chromium frame rate, median",
            "fps",
            "Decoding shares these cores.",
        ),
        Figure("browsers.fps_worst", "Chromium frame rate, worst", "fps"),
        Figure("browsers.freezes", "Chromium freezes", "count", "As Chromium counts."),
        Figure("browsers.loss", "Chromium loss", "share", "As Chromium counts."),
        Figure("browsers.jitter_buffer_ms_median", "Chromium jitter buffer", "ms", "Held back."),
        Figure("browsers.audio_concealed_worst", "Chromium invented sound", "share", "No packets."),
    ),
)
GROUPS = (JOINS, QUALITY, SERVER, MEMORY, BOTS, BROWSERS)
BY_PATH = {figure.path: figure for group in GROUPS for figure in group.figures}
