"""NACKs: the missing packets of one incoming stream are asked for again (RFC 4585 6.2.1).

Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field

FIRST_WAIT = 0.02  # s that a packet may be late by reordering
MIN_ROUND_TRIP = 0.05  # s
MAX_TRIES = 8
MAX_MISSING = 256


@dataclass(slots=True)
class NackPlan:
    """`sequences` are the indices to ask for; `give_up`: so many are missing that only a key frame
    helps."""

    sequences: list[int] = field(default_factory=list)
    give_up: bool = False


@dataclass(slots=True)
class _Missing:
    due: float
    tries: int = 0


class NackGenerator:
    """Finds gaps, and says when to ask for what is missing."""

    __slots__ = (
        "_give_up",
        "_highest",
        "_missing",
        "abandoned",
        "deadline",
        "recovered",
        "requested",
    )

    def __init__(self) -> None:
        self._highest = -1
        self._missing: dict[int, _Missing] = {}  # ascending, as gaps are found in order
        self.deadline: float | None = None  # when handle_timers has something to do
        self._give_up = False
        self.requested = 0  # sequence numbers asked for, repeats included
        self.recovered = 0  # packets that came after they were asked for
        self.abandoned = 0  # packets no longer asked for

    def receive(self, index: int, now: float) -> None:
        """Notes a packet, retransmitted ones too. Hot: once per received packet."""
        if index == self._highest + 1:
            self._highest = index
        elif index > self._highest:
            if self._highest >= 0:
                self._open_gap(self._highest + 1, index, now)
            self._highest = index
        elif self._missing:
            missing = self._missing.pop(index, None)
            if missing is not None and missing.tries:
                self.recovered += 1
            if not self._missing and not self._give_up:
                self.deadline = None

    def _open_gap(self, first: int, end: int, now: float) -> None:
        count = end - first
        if len(self._missing) + count > MAX_MISSING:
            self.abandoned += len(self._missing) + count
            self._missing.clear()
            self._give_up = True
            self.deadline = now
            return
        due = now + FIRST_WAIT
        for index in range(first, end):
            self._missing[index] = _Missing(due)
        if self.deadline is None or due < self.deadline:
            self.deadline = due

    def restart(self) -> None:
        """The next packet begins a new sequence: nothing before it is asked for."""
        self._highest = -1
        self.abandoned += len(self._missing)
        self._missing.clear()
        self._give_up = False
        self.deadline = None

    def handle_timers(self, now: float, rtt: float) -> NackPlan:
        """The packets to ask for now; `rtt` is the round trip to the publisher in seconds."""
        plan = NackPlan(give_up=self._give_up)
        self._give_up = False
        again = now + 1.5 * max(rtt, MIN_ROUND_TRIP)
        for index, missing in list(self._missing.items()):
            if missing.due > now:
                continue
            if missing.tries >= MAX_TRIES:
                del self._missing[index]
                self.abandoned += 1
                continue
            missing.tries += 1
            missing.due = again
            plan.sequences.append(index)
        self.requested += len(plan.sequences)
        self.deadline = min((missing.due for missing in self._missing.values()), default=None)
        return plan
