"""GSO batches: the datagrams that leave in one send to a peer, laid out for many peers at once.

udp(7): with UDP_SEGMENT the kernel cuts one send into segments of one size, of which the last may
be shorter. Datagrams are laid out once in the pieces that such a send takes; for each copy only its
header and its ciphertext are written there.
Pure: no I/O, no clock.
"""

from collections.abc import Sequence

from sfu.srtp.copies import Prepared
from sfu.srtp.headers import FIXED_HEADER
from sfu.wire.packet import PADDING, VERSION, Packet

UDP_SEGMENT = 103  # the option, include/uapi/linux/udp.h
MAX_SEGMENTS = 64  # of one send; more is EMSGSIZE
MAX_SEGMENTED_BYTES = 65_507  # of one UDP datagram before it is cut


class GsoBatch:
    """Datagrams that leave in one send to a peer: equal sizes, the last may be shorter.

    The buffer has a place for each of a few peers, `length` bytes one behind the other, which
    hold the header extensions already; headers and ciphertext are written there anew for the
    next few. `headers` and `sealed` are the parts of all datagrams, place by place.
    """

    __slots__ = (
        "_blocks",
        "_places",
        "_view",
        "buffer",
        "fields",
        "headers",
        "length",
        "payloads",
        "sealed",
        "segment",
        "sizes",
    )

    def __init__(self, prepared: Prepared, sizes: Sequence[int], part: slice, places: int) -> None:
        """`part`: which of the prepared packets, whose datagrams have these `sizes`."""
        self.sizes = own = sizes[part]
        self._blocks = list(zip(own, prepared.extensions[part], strict=True))
        self.fields = prepared.fields[part]
        self.payloads = prepared.payloads[part]
        self.segment = own[0]
        self.length = sum(own)
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


def cut(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """Ranges [start, end) of datagrams with these sizes: equal in each, the last may be less."""
    count = len(sizes)
    if not count:
        return []
    if sizes.count(sizes[0]) == count <= MAX_SEGMENTS and sum(sizes) <= MAX_SEGMENTED_BYTES:
        return [(0, count)]  # the usual case: one frame
    ranges: list[tuple[int, int]] = []
    start, total = 0, 0
    for position, size in enumerate(sizes):
        segment = sizes[start]
        full = position - start >= MAX_SEGMENTS or total + size > MAX_SEGMENTED_BYTES
        ended = position > start and sizes[position - 1] < segment
        if position > start and (full or ended or size > segment):
            ranges.append((start, position))
            start, total = position, 0
        total += size
    ranges.append((start, count))
    return ranges


def layout(prepared: Prepared, tag_length: int, places: int) -> list[GsoBatch]:
    """The GSO batches that these packets make, in order, for so many peers at a time."""
    around = FIXED_HEADER + tag_length
    sizes = [
        around + len(block) + len(payload)
        for block, payload in zip(prepared.extensions, prepared.payloads, strict=True)
    ]
    return [GsoBatch(prepared, sizes, slice(*part), places) for part in cut(sizes)]


def pad_to_equal_size(packets: Sequence[Packet]) -> None:
    """Pads the smaller packets of one frame by a byte, so that the frame is one GSO batch.

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
