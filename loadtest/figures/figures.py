"""The figures of a summary: what each is called, how it is formatted, what it means.

Pure: no I/O, no clock. The terminal's table, the limits and the HTML report all read from here.
"""

from dataclasses import dataclass

from loadtest.figures.formats import formatted
from loadtest.figures.summary import Summary


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

    def has_a_row(self, summary: Summary) -> bool:
        """Leaves out parts that the run did not have; figures not told are unknown."""
        is_servers = self.path.startswith(("server.", "memory."))
        answered = is_servers and summary.server.copies_per_s is not None
        return answered or self.of(summary) is not None

    def text(self, summary: Summary) -> str:
        return formatted(self.of(summary), self.unit)


PARTS = {"p50": "p50", "p95": "p95", "p99": "p99", "max": "worst"}


@dataclass(frozen=True, slots=True)
class Times:
    """How milliseconds are spread: a row of figures, one for each of PARTS."""

    path: str
    label: str
    about: str

    @property
    def figures(self) -> tuple[Figure, ...]:
        return tuple(
            Figure(f"{self.path}.{part}", f"{self.label}, {word}", "ms", self.about)
            for part, word in PARTS.items()
        )

    def known(self, summary: Summary) -> bool:
        return self.figures[0].of(summary) is not None


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Figures that belong together."""

    title: str
    figures: tuple[Figure, ...]
    times: tuple[Times, ...] = ()


JOINS = FigureGroup(
    "Joins",
    (
        Figure("joins.joined", "Joined", "count", "People who got in."),
        Figure(
            "joins.missing",
            "People missing",
            "count",
            "Expected, but never got in or fell out later.",
        ),
        Figure("joins.without_media", "In, but nothing came", "count", "No packet within 10 s."),
        Figure("joins.without_picture", "In, but saw nothing", "count", "No picture within 10 s."),
    ),
    (
        Times("joins.join_ms", "Join", "From when it was due to the server's welcome."),
        Times("joins.first_packet_ms", "First packet", "From when it was due."),
        Times("joins.first_frame_ms", "First frame", "From when it was due."),
    ),
)
QUALITY = FigureGroup(
    "What viewers got",
    (
        Figure("media.loss", "Loss", "share", "Never came, not even sent again."),
        Figure("media.freezes", "Freezes", "count", "Of all bots, as Chromium counts."),
        Figure("media.frames", "Frames", "count", "Whole frames that came."),
        Figure("media.nacks", "NACKs", "count", "Requests to send packets again."),
        Figure("media.plis", "PLIs", "count", "Requests for a key frame."),
    ),
    (
        Times("media.added_latency_ms", "Added latency", "From being sent to being there."),
        Times("media.late_added_latency_ms", "Latecomers' latency", "Who joined during the run."),
    ),
)
SERVER = FigureGroup(
    "The server",
    (
        Figure(
            "server.copies_per_s", "Copies", "per s", "One packet to 200 viewers is 200 copies."
        ),
        Figure("server.cpu_share", "CPU", "core", "Of one core, user and kernel mode."),
        Figure("server.us_per_copy", "CPU per copy", "µs", "As many CPU seconds a million copies."),
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
MEMORY = FigureGroup(
    "The server's memory",
    (
        Figure("memory.start_mb", "Memory at the start", "MB", "Resident, before anybody joined."),
        Figure("memory.end_mb", "Memory at the end", "MB"),
        Figure("memory.max_mb", "Memory at most", "MB"),
        Figure("memory.kb_per_subscriber", "Memory per person", "kB", "Until everybody was in."),
        Figure("soak.memory_mb_per_h", "Memory growth", "MB/h", "Robust slope of the steady part."),
    ),
)
BOTS = FigureGroup(
    "The bots' own load",
    (
        Figure("bots.cpu_cores", "CPU, all fleets", "core", "Of one core."),
        Figure("bots.busiest_fleet", "CPU, busiest fleet", "core", "From 90 % it is the limit."),
        Figure("bots.busiest_core", "CPU, busiest core", "core", "All fleets on it together."),
        Figure("bots.overflows", "No room in a socket", "count", "Datagrams; they count as lost."),
        Figure(
            "bots.unsent", "Refused by the system", "count", "Datagrams that bots did not send."
        ),
    ),
    (Times("bots.lag_ms", "Read late", "Each second's longest wait of a packet to be read."),),
)
BROWSERS = FigureGroup(
    "Chromium viewers",
    (
        Figure("browsers.viewers", "Browsers", "count", "Real ones, beside the bots."),
        Figure("browsers.joined", "Browsers joined", "count"),
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
    (
        Times("browsers.join_ms", "Chromium join", "As the page measured it."),
        Times("browsers.first_frame_ms", "Chromium first frame", "Until it was decoded."),
    ),
)
GROUPS = (JOINS, QUALITY, SERVER, MEMORY, BOTS, BROWSERS)
TIMES = tuple(times for group in GROUPS for times in group.times)
ALL = tuple(
    figure
    for group in GROUPS
    for figures in (group.figures, *(times.figures for times in group.times))
    for figure in figures
)
BY_PATH = {figure.path: figure for figure in ALL}
