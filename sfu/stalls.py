"""Stalls of the event loop: how often it could not turn for 10 ms, how long, and what ran.

Two sources are put together. Code that runs for long on the loop reports it (`took`), which is
exact and has a name. A periodic probe that comes late (`probe`) finds the rest: its lateness is at
most one period less than the stall. Pure: no I/O, no clock; times are seconds of one clock.
"""

from collections import Counter
from dataclasses import dataclass, field

LIMIT = 0.010  # s; shorter is no stall
NOTABLE = 0.001  # s; what took less is not kept
REPORT_EVERY = 10.0  # s, of the log
OTHER = "other"


@dataclass(slots=True)
class StallReport:
    """The stalls since the last report, for one line of the log."""

    count: int
    seconds: float
    longest: float
    cause: str  # of the longest


@dataclass(slots=True)
class Stalls:
    """Counts since the start; `causes` has the count of each."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0
    causes: Counter[str] = field(default_factory=Counter)


class StallWatch:
    """Decides from timestamps what was a stall and what caused it."""

    def __init__(self) -> None:
        self.stalls = Stalls()
        self._spans: list[tuple[str, float, float]] = []  # since the last probe
        self._counted: list[tuple[float, float]] = []  # those that were stalls already
        self._unreported: StallReport | None = None
        self._report_at = 0.0

    def took(self, cause: str, start: float, end: float) -> None:
        """Something ran on the loop from `start` to `end`.

        It may hold others that ended before it: their part is theirs alone.
        """
        length = end - start
        if length < NOTABLE:
            return
        own = length - sum(took for began, took in self._counted if began >= start)
        self._spans.append((cause, start, own))
        if own >= LIMIT:
            self._counted.append((start, own))
            self._count(cause, own)

    def probe(self, due: float, now: float) -> None:
        """The probe that was due at `due` came at `now`."""
        late = now - due
        if late >= LIMIT and not self._counted:
            self._count(self._likely(late), late)
        self._spans.clear()
        self._counted.clear()

    def take_report(self, now: float) -> StallReport | None:
        """The report to log, at most once in REPORT_EVERY."""
        report = self._unreported
        if report is None or now < self._report_at:
            return None
        self._unreported = None
        self._report_at = now + REPORT_EVERY
        return report

    def _likely(self, late: float) -> str:
        """The cause that had at least half of the time; many short spans add up."""
        parts: dict[str, float] = {}
        for cause, _, own in self._spans:
            parts[cause] = parts.get(cause, 0.0) + own
        cause, most = max(parts.items(), key=lambda item: item[1], default=(OTHER, 0))
        return cause if most * 2 >= late else OTHER

    def _count(self, cause: str, length: float) -> None:
        stalls = self.stalls
        stalls.count += 1
        stalls.seconds += length
        stalls.longest = max(stalls.longest, length)
        stalls.causes[cause] += 1
        report = self._unreported
        if report is None:
            self._unreported = StallReport(1, length, length, cause)
            return
        report.count += 1
        report.seconds += length
        if length > report.longest:
            report.longest, report.cause = length, cause
