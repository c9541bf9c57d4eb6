"""What all copies of a batch share: headers' constant parts, payloads, and buffers to seal into.

Per batch, extensions are built once for each profile and datagrams are laid out once in the
pieces that one send takes; a copy then only writes its numbers and its ciphertext there.
Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Sequence

from sfu.fanout.headers import FIXED_HEADER
from sfu.fanout.segments import cut
from sfu.publish.layer import ExtensionProfile
from sfu.publish.packet import EXTENSION, PADDING, VERSION, Packet
from sfu.wire import vp8
from sfu.wire.rtp import build_extensions

GCM_TAG = 16  # bytes, RFC 7714 13.2

# index, flags with the extension bit, marker, timestamp, extension block, payload
Prepared = tuple[int, int, int, int, bytes, bytes]


class Run:
    """Datagrams that leave in one send to a peer: equal sizes, the last may be shorter.

    The buffer has a place for each of a few peers, `length` bytes one behind the other, which
    hold the header extensions already; numbers and ciphertext are written there anew for the
    next few. `headers` and `sealed` are the parts of all datagrams, place by place.
    """

    __slots__ = (
        "_blocks",
        "_places",
        "_view",
        "buffer",
        "headers",
        "length",
        "payloads",
        "rows",
        "sealed",
        "segment",
    )

    def __init__(self, prepared: Sequence[Prepared], places: int) -> None:
        sizes = [_size(entry) for entry in prepared]
        self._blocks = [(size, entry[4]) for size, entry in zip(sizes, prepared, strict=True)]
        self.rows = [entry[:4] for entry in prepared]
        self.payloads = [entry[5] for entry in prepared]
        self.segment = sizes[0]
        self.length = sum(sizes)
        self.buffer = bytearray(self.length * places)
        self._view = memoryview(self.buffer)
        self.headers: list[memoryview] = []
        self.sealed: list[memoryview] = []
        self._places = 0

    def make_room(self, peers: int) -> None:
        """Lays out places for so many peers, at least."""
        offset, view = self.length * self._places, self._view
        headers, sealed = self.headers.append, self.sealed.append
        for _ in range(self._places, peers):
            for size, block in self._blocks:
                start = offset + FIXED_HEADER
                middle, end = start + len(block), offset + size
                if block:
                    view[start:middle] = block
                headers(view[offset:middle])
                sealed(view[middle:end])
                offset = end
        self._places = max(self._places, peers)


def _size(prepared: Prepared) -> int:
    """Bytes of the datagram under AES-GCM."""
    return FIXED_HEADER + GCM_TAG + len(prepared[4]) + len(prepared[5])


def lay_out(prepared: Sequence[Prepared], places: int) -> list[Run]:
    """The runs that these datagrams make, in order, for so many peers at a time."""
    ranges = cut([_size(one) for one in prepared])
    return [Run(prepared[start:end], places) for start, end in ranges]


def equalise(packets: Sequence[Packet]) -> None:
    """Pads the smaller packets of one frame by a byte, so that the frame is one run.

    Chromium cuts a frame into packets that differ by one byte at most, the smaller ones first;
    without this each frame would take two sends. The padding is part of the packet from here on:
    what is sent again must be the same. RFC 3550 5.1: the last octet counts the padding.
    """
    sizes = {len(packet.payload) for packet in packets}
    if len(sizes) != 2 or max(sizes) - min(sizes) != 1:
        return
    if any(packet.stamp or packet.flags != VERSION for packet in packets):
        return
    if any(packet.timestamp != packets[0].timestamp for packet in packets):
        return
    smaller = min(sizes)
    for packet in packets:
        if len(packet.payload) == smaller:
            packet.payload += b"\x01"
            packet.flags = VERSION | PADDING


def prepare(packets: Iterable[Packet], profile: ExtensionProfile) -> list[Prepared]:
    """What all copies of one extension profile share."""
    stamp_id, orientation_id = profile
    if not stamp_id and not orientation_id:
        return [(p.index, p.flags, p.marker, p.timestamp, b"", p.payload) for p in packets]
    shared: dict[tuple[int, bytes | None], bytes] = {}
    prepared = []
    for p in packets:
        key = (p.stamp, p.orientation)
        block = shared.get(key)
        if block is None:
            block = shared[key] = _extensions(p, stamp_id, orientation_id)
        flags = p.flags | EXTENSION if block else p.flags
        prepared.append((p.index, flags, p.marker, p.timestamp, block, p.payload))
    return prepared


def _extensions(packet: Packet, stamp_id: int, orientation_id: int) -> bytes:
    elements = []
    if stamp_id:
        elements.append((stamp_id, packet.stamp.to_bytes(3, "big")))
    if orientation_id and packet.orientation is not None:
        elements.append((orientation_id, packet.orientation))
    return build_extensions(elements)


def rewrite_payload(packet: Packet, picture_offset: int, tl0_offset: int) -> bytes:
    """The packet's payload on a slot's own line of VP8 picture ids."""
    descriptor = packet.descriptor
    if descriptor is None or not (picture_offset or tl0_offset):
        return packet.payload
    return vp8.rewrite(
        packet.payload,
        descriptor,
        (descriptor.picture_id or 0) + picture_offset,
        (descriptor.tl0picidx or 0) + tl0_offset,
    )
