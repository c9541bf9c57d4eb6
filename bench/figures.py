"""What a bench finds, and the rounds it takes its medians of. Pure: no I/O, no clock."""

import statistics
from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; `lean` is the lean loop's µs per copy in the same run."""

    bench: str
    case: str
    value: float
    unit: str
    lean: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Value to lean loop; None where that says nothing."""
        return self.value / self.lean if self.lean and self.unit.startswith("µs") else None


@dataclass(slots=True)
class Rounds:
    """Samples by case; the medians leave disturbed rounds out."""

    samples: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, case: str, value: float) -> None:
        """One round's value."""
        self.samples[case].append(value)

    def median(self, case: str) -> float:
        """Raises KeyError for a case without samples."""
        if not self.samples.get(case):
            raise KeyError(case)
        return statistics.median(self.samples[case])
