"""What a layer, a producer and the fan-out need of a receiver. Pure: no I/O, no clock.

Protocols for typing alone: a participant's slot (sfu.subscribe.consumer) is one such receiver; a
recorder or a pipe to another router is one, too, as soon as it has these attributes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sfu.srtp.index_space import IndexSpace
from sfu.stats import DropReason
from sfu.wire.address import Address
from sfu.wire.packet import ExtensionProfile, Packet


@dataclass(slots=True)
class CopyCount:
    """Copies that were sent, without retransmissions; bytes of whole datagrams."""

    packets: int = 0
    bytes: int = 0

    def add(self, packets: int, size: int) -> None:
        """Counts so many more."""
        self.packets += packets
        self.bytes += size


class PacketCounter(Protocol):
    """Counts the packets of one transport over all its slots."""

    def count(self, sizes: Sequence[int], now: float) -> None:
        """A batch's packets of these sizes in bytes went out to the transport at `now`."""


class SendContext(Protocol):
    """What a subscriber needs to send: a destination, and a place for what is counted and told."""

    transport_id: str
    """The transport that is closed when a copy can't be made."""
    address: Address | None
    """The destination of copies; without one nothing is sent."""
    drops: Counter[DropReason]
    counter: PacketCounter | None
    """Counts what is sent; None costs the fan-out nothing."""

    @property
    def limited(self) -> bool:
        """True while bandwidth decides what is sent."""

    def slot_changed(self, mid: str) -> None:
        """The subscriber with this mid has begun or ended a layer."""


class Subscriber(Protocol):
    """One receiver of a layer."""

    kind: str
    profile: ExtensionProfile
    index_space: IndexSpace
    """Says under which indices it gets a layer's packets, and seals them."""
    context: SendContext
    sent: CopyCount
    """Copies that are counted for it alone."""

    def share(self, count: CopyCount) -> None:
        """Counts its copies in `count` from now on, together with those of others."""

    def start(self, packet: Packet, now: float) -> None:
        """Begins the layer that it waits for, with this packet."""

    def begin_again(self) -> None:
        """Its layer begins a new segment: waits for the next start."""

    def detach(self, now: float) -> None:
        """Shows nothing from here on."""

    def producer_closed(self, now: float) -> None:
        """The producer that it is pointed at is gone."""

    def start_smallest(self, now: float) -> None:
        """A key frame of its producer's smallest layer is arriving: begins with it, unless it
        shows or awaits something, or bandwidth decides."""
