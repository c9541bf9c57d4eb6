"""Limits that a run must keep, and where it did not. Pure: no I/O, no clock."""

from dataclasses import dataclass, fields, replace

from loadtest.figures.figures import BY_PATH, Figure
from loadtest.figures.formats import formatted
from loadtest.figures.summary import Summary


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The most that each figure may be; None: anything."""

    max_loss: float | None = None  # share
    max_p99: float | None = None  # ms of added latency
    max_late_p99: float | None = None  # ms, of latecomers
    max_join_p95: float | None = None  # ms
    max_first_packet_p95: float | None = None  # ms
    max_missing: int | None = None  # people
    max_without_picture: int | None = None  # people
    max_freezes: int | None = None
    max_cpu: float | None = None  # share of a core
    max_stalls: int | None = None
    no_drift: bool = False

    @property
    def any(self) -> bool:
        """Whether a figure is limited; that all must get in and see goes without saying."""
        return replace(self, max_missing=None, max_without_picture=None) != Thresholds()


PATHS = {
    "max_loss": "media.loss",
    "max_p99": "media.added_latency_ms.p99",
    "max_late_p99": "media.late_added_latency_ms.p99",
    "max_join_p95": "joins.join_ms.p95",
    "max_first_packet_p95": "joins.first_packet_ms.p95",
    "max_missing": "joins.missing",
    "max_without_picture": "joins.without_picture",
    "max_freezes": "media.freezes",
    "max_cpu": "server.cpu_share",
    "max_stalls": "server.stalls",
}


@dataclass(frozen=True, slots=True)
class Check:
    """A figure beside its limit."""

    figure: Figure
    value: float | None
    limit: float

    @property
    def kept(self) -> bool:
        return self.value is not None and self.value <= self.limit

    @property
    def limit_text(self) -> str:
        return formatted(self.limit, self.figure.unit)

    @property
    def words(self) -> str:
        """The breach; for a kept limit, that it was kept."""
        if self.value is None:
            return f"{self.figure.label} is unknown; the limit is {self.limit_text}"
        value = formatted(self.value, self.figure.unit)
        above = "just above" if value == self.limit_text else "above"
        relation = "within" if self.kept else above
        return f"{self.figure.label} {value} is {relation} the limit of {self.limit_text}"


def checks(summary: Summary, limits: Thresholds) -> dict[str, Check]:
    """By the figure's path, of every limit that was set."""
    found = {}
    for field in fields(limits):
        limit = getattr(limits, field.name)
        if limit is not None and field.name in PATHS:
            figure = BY_PATH[PATHS[field.name]]
            found[figure.path] = Check(figure, figure.of(summary), limit)
    return found


def breaches(summary: Summary, limits: Thresholds) -> list[str]:
    """In words, the figure beside the limit; empty when all limits were kept.

    A figure that a limit needs and that is unknown is a breach too.
    """
    found = [check.words for check in checks(summary, limits).values() if not check.kept]
    if limits.no_drift:
        found += _drifts(summary)
    return found


def _drifts(summary: Summary) -> list[str]:
    if summary.soak is None:
        return ["Drift is unknown: the steady part is too short"]
    return [f"{drift[0].upper()}{drift[1:]}; no drift is allowed" for drift in summary.soak.drifts]
