"""A seeded, simulated one-way link: delay, jitter, loss, bursts, reordering, duplication, rate.

Pure: no I/O, no clock. The same seed and the same sends give the same arrivals.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True, frozen=True)
class BurstLoss:
    """Gilbert-Elliott: a good and a bad state, each with its own loss, and chances to move."""

    enter: float
    leave: float
    loss_bad: float = 1.0
    loss_good: float = 0.0


@dataclass(slots=True, frozen=True)
class Conditions:
    """What the link does to a datagram. Jitter alone keeps the order; `reorder` breaks it."""

    delay: float = 0.01
    jitter: float = 0.0
    loss: float = 0.0
    burst: BurstLoss | None = None
    reorder: float = 0.0
    reorder_delay: float = 0.015
    duplicate: float = 0.0
    rate: float | None = None
    queue_bytes: int = 60_000


@dataclass(slots=True)
class LinkCounters:
    """What became of the datagrams given to a link."""

    sent: int = 0
    sent_bytes: int = 0
    delivered: int = 0
    lost: int = 0
    overflowed: int = 0
    duplicated: int = 0
    reordered: int = 0


@dataclass(slots=True)
class Link:
    """One direction of a path; `conditions` may be replaced while it carries traffic."""

    seed: int
    conditions: Conditions = field(default_factory=Conditions)
    counters: LinkCounters = field(default_factory=LinkCounters)
    _random: random.Random = field(init=False)
    _in_flight: list[tuple[float, int, bytes]] = field(init=False, default_factory=list)
    _order: Iterator[int] = field(init=False, default_factory=count)
    _busy_until: float = field(init=False, default=0.0)
    _last_arrival: float = field(init=False, default=0.0)
    _bad: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def send(self, data: bytes, now: float) -> None:
        conditions = self.conditions
        self.counters.sent += 1
        self.counters.sent_bytes += len(data)
        if self._is_lost(conditions):
            self.counters.lost += 1
            return
        departure = self._depart(len(data), conditions, now)
        if departure is None:
            self.counters.overflowed += 1
            return
        self._put(data, self._arrival(departure, conditions))
        if conditions.duplicate and self._random.random() < conditions.duplicate:
            self.counters.duplicated += 1
            self._put(data, self._arrival(departure, conditions))

    def next_deadline(self) -> float | None:
        return self._in_flight[0][0] if self._in_flight else None

    def receive(self, now: float) -> list[bytes]:
        """Datagrams that have arrived by now, in order of arrival."""
        arrived = []
        in_flight = self._in_flight
        while in_flight and in_flight[0][0] <= now:
            arrived.append(heapq.heappop(in_flight)[2])
        self.counters.delivered += len(arrived)
        return arrived

    def _put(self, data: bytes, arrival: float) -> None:
        heapq.heappush(self._in_flight, (arrival, next(self._order), data))

    def _is_lost(self, conditions: Conditions) -> bool:
        burst = conditions.burst
        if burst is not None:
            change = burst.leave if self._bad else burst.enter
            if self._random.random() < change:
                self._bad = not self._bad
            if self._random.random() < (burst.loss_bad if self._bad else burst.loss_good):
                return True
        return bool(conditions.loss) and self._random.random() < conditions.loss

    def _depart(self, size: int, conditions: Conditions, now: float) -> float | None:
        """When the last bit has left, or None when the queue before the wire is full."""
        if conditions.rate is None:
            return now
        start = max(now, self._busy_until)
        waiting_bytes = (start - now) * conditions.rate / 8
        if waiting_bytes + size > conditions.queue_bytes:
            return None
        self._busy_until = start + size * 8 / conditions.rate
        return self._busy_until

    def _arrival(self, departure: float, conditions: Conditions) -> float:
        arrival = departure + conditions.delay
        if conditions.jitter:
            arrival += self._random.random() * conditions.jitter
        if conditions.reorder and self._random.random() < conditions.reorder:
            self.counters.reordered += 1
            return max(arrival, self._last_arrival) + conditions.reorder_delay
        self._last_arrival = max(arrival, self._last_arrival)
        return self._last_arrival
