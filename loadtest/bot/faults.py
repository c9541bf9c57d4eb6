"""One bot's bad link: loss both ways, a downlink with a rate and a queue, moves to other sockets.

Pure: no I/O, no clock; chance comes from the plan's seed.
"""

from collections.abc import Callable

from loadtest.records import LinkFaults

MAX_QUEUED = 0.3  # s of a rate-limited downlink's queue; the rest is dropped

Chance = Callable[[], float]  # from 0 up to 1


class BadLink:
    """The fate of each datagram of one bot, from its join on."""

    def __init__(self, faults: LinkFaults, chance: Chance, joined_at: float) -> None:
        self._loss = faults.loss
        self._chance = chance
        self._steps = [(joined_at + at, rate) for at, rate in sorted(faults.rate, key=_start)]
        self._rate: float | None = None  # bits/s
        self._free_at = 0.0
        self._handover_every = faults.handover_every
        self.next_handover = (
            None if faults.handover_every is None else joined_at + faults.handover_every
        )

    def loses(self) -> bool:
        """Whether a datagram is lost, either way."""
        return bool(self._loss) and self._chance() < self._loss

    def arrival(self, size: int, now: float) -> float | None:
        """When a datagram of the downlink is through its queue; None when it is dropped."""
        if self.loses():
            return None
        while self._steps and self._steps[0][0] <= now:
            self._rate = self._steps.pop(0)[1]
        if self._rate is None:
            # datagrams that a slower link still holds come first
            return max(now, self._free_at)
        begins = max(now, self._free_at)
        if begins - now > MAX_QUEUED:
            return None
        self._free_at = begins + size * 8 / self._rate
        return self._free_at

    def queued(self, now: float) -> float:
        """Seconds that a datagram would wait now."""
        return max(0.0, self._free_at - now)

    def moved(self, now: float) -> None:
        """A handover was made or has failed; the next one comes after the interval."""
        if self._handover_every is not None:
            self.next_handover = now + self._handover_every


def _start(step: tuple[float, float | None]) -> float:
    return step[0]
