"""Index spaces: which SRTP index each packet of a slot goes out under (RFC 3711 3.3.1).

A slot keeps one SSRC while the layers behind it change; a stream mapping says how the indices,
timestamps and running numbers of one layer continue those of the layer before. Why no index is ever
used for two packets is in sfu.srtp.nonces.
Pure: no I/O, no clock.
"""

from array import array
from dataclasses import dataclass
from typing import Protocol

from sfu.codecs.payload_format import PayloadFormat
from sfu.srtp.headers import SealContext
from sfu.srtp.nonces import MAX_INDEX, Ledger
from sfu.srtp.rtp import OutboundSrtp, SealInto
from sfu.wire.packet import ExtensionProfile, Offsets, Packet

MAX_MAPPINGS = 8  # of an index space, kept to find what a NACK asks for
MAX_INDEX_SPACES = 1_024  # of a key; a page has 28


class SentPackets(Protocol):
    """The packets of a layer that can still be sent again."""

    def get(self, index: int, /) -> Packet | None:
        """The packet with this index of the layer."""


class MappedLayer(Protocol):
    """The layer that an index space is mapped to, as far as the space needs it."""

    @property
    def ledger(self) -> Ledger:
        """Says which indices of the layer have been forwarded."""

    @property
    def buffer(self) -> SentPackets:
        """Keeps the newest packets of the layer."""

    @property
    def payload_format(self) -> PayloadFormat:
        """Moves the running numbers in the layer's payloads."""


@dataclass(slots=True, frozen=True)
class StreamMapping:
    """Maps one layer's packets to a slot's, for as long as the slot stays on the layer.

    `first_in` and `first_out`: the index of its first packet in the layer and in the slot.
    """

    first_out: int
    first_in: int
    layer: MappedLayer
    profile: ExtensionProfile
    timestamp_offset: int
    number_offsets: Offsets
    payload_type: int
    rtx_payload_type: int | None

    @property
    def sequence_offset(self) -> int:
        """From the layer's index to the outgoing one."""
        return self.first_out - self.first_in

    def covers(self, index: int) -> bool:
        """True when this index of the layer has an outgoing one."""
        return self.first_in <= index <= MAX_INDEX - self.sequence_offset


def _no_keys(*_: object) -> int:
    raise RuntimeError("a slot was filled before its transport had keys")


class IndexSpace:
    """The outgoing indices of one SSRC: they only grow.

    `seal_into` and `tag_length` are those of the transport's cipher, once there are keys.
    """

    __slots__ = ("_base", "_highest", "mapping", "mappings", "seal_into", "ssrc", "tag_length")

    def __init__(self, ssrc: int, before: int) -> None:
        """`before`: the index before the first."""
        self.ssrc = ssrc
        self.mapping: StreamMapping | None = None  # the present one
        self.mappings: tuple[StreamMapping, ...] = ()  # the newest, the present one last
        self.seal_into: SealInto = _no_keys
        self.tag_length = 0
        self._base = 0
        self._highest = before

    def connect(self, srtp: OutboundSrtp) -> None:
        """Takes the transport's keys: packets can be sealed from now on."""
        self.seal_into, self.tag_length = srtp.seal_into, srtp.tag_length
        self._base = srtp.nonce_base(self.ssrc)

    @property
    def highest(self) -> int:
        """No index above it was used."""
        mapping = self.mapping
        if mapping is None:
            return self._highest
        return max(self._highest, mapping.layer.ledger.highest + mapping.sequence_offset)

    def begin(
        self,
        layer: MappedLayer,
        first_in: int,
        profile: ExtensionProfile,
        timestamp_offset: int,
        number_offsets: Offsets,
        payload_types: tuple[int, int | None],
    ) -> None:
        """Maps this layer from its index `first_in` on."""
        self.end()
        self.mapping = StreamMapping(
            self._highest + 1,
            first_in,
            layer,
            profile,
            timestamp_offset,
            number_offsets,
            *payload_types,
        )
        self.mappings = (*self.mappings[1 - MAX_MAPPINGS :], self.mapping)
        layer.ledger.changes += 1

    def end(self) -> None:
        """Ends the present mapping: it gets no more packets. Harmless without one."""
        if self.mapping is not None:
            self._highest = self.highest
            self.mapping.layer.ledger.changes += 1
            self.mapping = None

    def mapping_on(self, ledger: Ledger) -> StreamMapping | None:
        """The present mapping, if it is one of this ledger's layer."""
        mapping = self.mapping
        return mapping if mapping is not None and mapping.layer.ledger is ledger else None

    def find(self, out: int) -> StreamMapping | None:
        """The mapping that an outgoing index belongs to, while it is known."""
        if out > self.highest:
            return None
        return next((one for one in reversed(self.mappings) if out >= one.first_out), None)

    def take(self) -> int | None:
        """The next index of a space without mappings, as for RTX; None when all are used."""
        if self._highest >= MAX_INDEX:
            return None
        self._highest += 1
        return self._highest

    def context(
        self, sequence_offset: int, timestamp_offset: int, payload_type: int
    ) -> SealContext:
        """The constants that seal a layer's packets at these offsets."""
        return SealContext(
            self.seal_into, self._base, self.ssrc, sequence_offset, timestamp_offset, payload_type
        )


class IndexSpaces:
    """The index spaces of one transport's keys: one for each SSRC that there ever was."""

    __slots__ = ("_ssrcs",)

    def __init__(self) -> None:
        self._ssrcs = array("I")  # a few numbers, looked at when slots are negotiated

    def __contains__(self, ssrc: int) -> bool:
        return ssrc in self._ssrcs

    def has_room(self, count: int) -> bool:
        """True when there may be so many more."""
        return len(self._ssrcs) + count <= MAX_INDEX_SPACES

    def add(self, ssrc: int, before: int) -> IndexSpace:
        """A new index space. Raises ValueError for an SSRC that had one: its indices are used."""
        if ssrc in self._ssrcs or not self.has_room(1):
            raise ValueError(f"SSRC {ssrc} can't have an index space of its own")
        self._ssrcs.append(ssrc)
        return IndexSpace(ssrc, before)
