"""Seconds of media that each participant was sent, by source, counted from the SFU's events.

Pure: no I/O, no clock. The time is an argument, in seconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sfu.events import (
    Event,
    MediaDelivered,
    SlotsChanged,
    TransportClosed,
    TransportConnected,
    TransportDisconnected,
)


@dataclass(slots=True)
class _Subscriber:
    """One transport: the source that each slot shows, and the seconds so far."""

    router_id: str
    since: float
    connected: bool = True
    slots: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    slot_seconds: dict[str, float] = field(default_factory=dict)

    def count(self, now: float) -> None:
        """Adds the time since the last call."""
        passed, self.since = now - self.since, now
        if not self.connected:
            return
        for source in self.slots.values():
            self.slot_seconds[source] = self.slot_seconds.get(source, 0.0) + passed
        for source in set(self.slots.values()):
            self.seconds[source] = self.seconds.get(source, 0.0) + passed


class DeliveryMeter:
    """Counts for every transport that has been sent anything; no packet costs anything."""

    def __init__(self) -> None:
        self._subscribers: dict[str, _Subscriber] = {}

    def take(self, event: Event, now: float) -> list[MediaDelivered]:
        """Counts up to the event; returns the totals of a transport that closes."""
        match event:
            case SlotsChanged():
                self._slots(event, now)
            case TransportConnected() | TransportDisconnected():
                found = self._subscribers.get(event.transport_id)
                if found is not None:
                    found.count(now)
                    found.connected = isinstance(event, TransportConnected)
            case TransportClosed():
                found = self._subscribers.pop(event.transport_id, None)
                return [] if found is None else list(_told(event.transport_id, found, now))
        return []

    def _slots(self, event: SlotsChanged, now: float) -> None:
        found = self._subscribers.get(event.transport_id)
        if found is None:
            found = self._subscribers[event.transport_id] = _Subscriber(event.router_id, now)
        found.count(now)
        for mid, shown in event.slots.items():
            if shown is None:
                found.slots.pop(mid, None)
            else:
                found.slots[mid] = shown.producer.rpartition(":")[2]

    def so_far(self, router_id: str, now: float) -> Iterable[MediaDelivered]:
        """The totals of the open transports of a class."""
        for transport_id, found in self._subscribers.items():
            if found.router_id == router_id:
                yield from _told(transport_id, found, now)


def _told(transport_id: str, found: _Subscriber, now: float) -> Iterator[MediaDelivered]:
    found.count(now)
    for source, seconds in sorted(found.seconds.items()):
        yield MediaDelivered(
            found.router_id, transport_id, source, seconds, found.slot_seconds[source]
        )
