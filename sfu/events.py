"""What a worker tells its surroundings: plain records, and the listener that gets them.

Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True)
class SlotState:
    """What one receiving slot shows now; `layer` is the layer's index, 0 the smallest."""

    participant: str
    producer: str
    kind: str
    layer: int


@dataclass(slots=True)
class TransportConnected:
    """Media can flow: DTLS is done (the first time or again after an outage)."""

    router_id: str
    transport_id: str


@dataclass(slots=True)
class TransportDisconnected:
    """No valid STUN request for some seconds; the transport waits to see the peer again."""

    router_id: str
    transport_id: str


@dataclass(slots=True)
class TransportClosed:
    """The transport is gone; reason: left, ended, replaced, timeout,
    dtls_closed, dtls_failed, flooding, error."""

    router_id: str
    transport_id: str
    reason: str


@dataclass(slots=True)
class ProducerOpened:
    """A published track exists (its first packet may be still to come)."""

    router_id: str
    transport_id: str
    producer_id: str
    source: str
    kind: str


@dataclass(slots=True)
class ProducerClosed:
    """A published track is gone."""

    router_id: str
    transport_id: str
    producer_id: str


@dataclass(slots=True)
class SlotsChanged:
    """The slots of one subscriber that changed, by mid; None: the slot shows nothing."""

    router_id: str
    transport_id: str
    slots: dict[str, SlotState | None]


@dataclass(slots=True)
class ActiveSpeakers:
    """Who speaks, loudest first, and the settled (dominant) speaker."""

    router_id: str
    speakers: tuple[str, ...]
    dominant: str | None


@dataclass(slots=True)
class QualityChanged:
    """Words for one participant's network: good, fair or poor each way, and why."""

    router_id: str
    transport_id: str
    uplink: str
    downlink: str
    reason: str


Event = (
    TransportConnected
    | TransportDisconnected
    | TransportClosed
    | ProducerOpened
    | ProducerClosed
    | SlotsChanged
    | ActiveSpeakers
    | QualityChanged
)


class Listener(Protocol):
    """What surrounds a worker, from its construction on."""

    def on_events(self, events: Sequence[Event]) -> None:
        """Gets what happened since the last call. Called by `Worker.deliver_events` alone: it may
        make control calls, and may raise."""

    def on_fault(self, owner: str, error: Exception) -> None:
        """Hears of an exception inside a transport or a router, by its id; it must not raise."""

    def on_wake(self) -> None:
        """Asks for a `Worker.flush` soon: something changed outside of input and timers (DTLS).
        Called in the middle of things: it must not call the worker."""
