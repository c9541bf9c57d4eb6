"""What the core tells its surroundings: plain records, drained with Worker.take_events.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass


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
