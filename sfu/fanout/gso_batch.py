"""What all copies of a batch share: headers' constant parts, payloads, and buffers to seal into.

Per batch, extensions are built once for each profile and datagrams are laid out once in the
pieces that one send takes; a copy then only writes its numbers and its ciphertext there.
Pure: no I/O, no clock.
"""

from collections.abc import Sequence

from sfu.fanout.headers import FIXED_HEADER
from sfu.fanout.segments import cut
from sfu.srtp.copies import Prepared
from sfu.wire.packet import PADDING, VERSION, Packet

GCM_TAG = 16  # bytes, RFC 7714 13.2


class GsoBatch:
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


def layout(prepared: Sequence[Prepared], places: int) -> list[GsoBatch]:
    """The runs that these datagrams make, in order, for so many peers at a time."""
    ranges = cut([_size(one) for one in prepared])
    return [GsoBatch(prepared[start:end], places) for start, end in ranges]


def pad_to_equal_size(packets: Sequence[Packet]) -> None:
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
