"""The events of a worker, plain records with a tag each, and the listener that gets them.

Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class SlotState(Struct, frozen=True):
    """The contents of one receiving slot; `layer` is the layer's index, 0 the smallest."""

    participant: str
    producer: str
    kind: str
    layer: int


class TransportConnected(Struct, frozen=True, tag="transport-connected"):
    """Media can flow: DTLS is done (the first time or again after an outage)."""

    router_id: str
    transport_id: str


class TransportDisconnected(Struct, frozen=True, tag="transport-disconnected"):
    """No valid STUN request for some seconds; the transport waits to see the peer again."""

    router_id: str
    transport_id: str


class TransportClosed(Struct, frozen=True, tag="transport-closed"):
    """The transport is gone; reason: left, ended, replaced, timeout,
    dtls_closed, dtls_failed, flooding, error."""

    router_id: str
    transport_id: str
    reason: str


class ProducerOpened(Struct, frozen=True, tag="producer-opened"):
    """A published track exists (its first packet may be still to come)."""

    router_id: str
    transport_id: str
    producer_id: str
    source: str
    kind: str


class ProducerClosed(Struct, frozen=True, tag="producer-closed"):
    """A published track is gone."""

    router_id: str
    transport_id: str
    producer_id: str


class SlotsChanged(Struct, frozen=True, tag="slots-changed"):
    """The slots of one subscriber that changed, by mid; None: the slot shows nothing."""

    router_id: str
    transport_id: str
    slots: dict[str, SlotState | None]


class ActiveSpeakers(Struct, frozen=True, tag="active-speakers"):
    """The participants who speak, loudest first, and the settled (dominant) speaker."""

    router_id: str
    speakers: tuple[str, ...]
    dominant: str | None


class QualityChanged(Struct, frozen=True, tag="quality-changed"):
    """Words for one participant's network: good, fair or poor each way, and why."""

    router_id: str
    transport_id: str
    uplink: str
    downlink: str
    reason: str


class MediaDelivered(Struct, frozen=True, tag="media-delivered"):
    """Media of one source (microphone, camera, screen, screen-audio) that a subscriber was sent.

    `seconds` counts the time in which a slot showed the source, `slot_seconds` adds up the slots.
    """

    router_id: str
    transport_id: str
    source: str
    seconds: float
    slot_seconds: float


Event = (
    TransportConnected
    | TransportDisconnected
    | TransportClosed
    | ProducerOpened
    | ProducerClosed
    | SlotsChanged
    | ActiveSpeakers
    | QualityChanged
    | MediaDelivered
)


class Listener(Protocol):
    """The surroundings of a worker, as it knows them from its construction on."""

    def on_events(self, events: Sequence[Event]) -> None:
        """Gets what happened since the last call. Called by `Worker.deliver_events` alone: it may
        make control calls, and may raise."""

    def on_fault(self, owner: str, error: Exception) -> None:
        """Hears of an exception inside a transport or a router, by its id; it must not raise."""

    def on_wake(self) -> None:
        """Asks for a `Worker.flush` soon: something changed outside of input and timers (DTLS).
        Called in the middle of things: it must not call the worker."""
