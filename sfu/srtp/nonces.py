"""The one way to a nonce that seals RTP: no (key, SSRC, index) ever seals two different datagrams.

Under AES-GCM two datagrams with one nonce give the key stream and the authentication key away;
under AES-CM the key stream. A nonce is made of a stream's SSRC and the index of a datagram, and
made here only. That an index stands for one datagram follows from five things:

1. `IndexSpaces` has one `IndexSpace` for each SSRC under a key, and never another for an SSRC it
   had (sfu.srtp.index_space).
2. An `IndexSpace` only grows. It is a sequence of `StreamMapping`s, one for each stay of the slot
   on a layer, and each begins behind the highest index of those before it. So an outgoing index
   belongs to one mapping.
3. Within a mapping outgoing index = the layer's index + a constant. So an index of a mapping
   belongs to one index of one layer. Only what lies between a mapping's first index and the end
   of all indices is sealed (`CommonRange` for a plan at once, `StreamMapping.covers` for one
   packet).
4. A `Ledger`, one for each layer, lets each index of the layer pass once, as one packet, which
   can't be changed from there on (`Forwarded`).
5. A datagram is a function of such a packet, a mapping (both frozen) and the SSRC. So what is sent
   again under the same index is the same in every byte, and does no harm.

What does not pass is refused, and the caller counts it as DropReason.NONCE_REFUSED.
Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from sfu.srtp.rtp import SealInto
from sfu.wire.packet import Forwarded, Packet
from sfu.wire.rtp import FIXED

MAX_INDEX = (1 << 48) - 1  # RFC 3711 3.3.1; behind it the SSRC's bits of the nonce begin
WINDOW = 1_024  # indices below the highest that may still pass
NONCE = 12  # bytes, RFC 7714 8.1 and the same place for AES-CM

_WINDOW_MASK = (1 << WINDOW) - 1
_NONCE = np.dtype([("high", ">u4"), ("low", ">u8")])

Bytes = NDArray[np.uint8]
# base of the nonces, SSRC, offsets of sequence and timestamp, payload type
Row = tuple[int, int, int, int, int]


class Ledger:
    """Which indices of a layer have been forwarded. Each passes once.

    `changes` counts mappings that began or ended on the layer: numbers that were gathered before
    the last of them are out of date (`CommonRange`).
    """

    __slots__ = ("_solid", "_used", "changes", "highest")

    def __init__(self) -> None:
        self.highest = -1
        self.changes = 0
        self._solid = 0  # all from here to the highest have passed
        self._used = _WINDOW_MASK  # bit n: of those before, the n-th last has passed, or is none

    def admit(self, packets: Iterable[Packet], stamp: int) -> list[Forwarded]:
        """Those whose index has not passed yet; with this abs-send-time, and never changed again.

        Above the highest index all pass; below, what the window knows as unused.
        """
        admitted: list[Packet] = []
        for packet in packets:
            if packet.stamp:
                continue
            if packet.index == self.highest + 1:
                self.highest += 1
            elif not self._passes(packet.index):
                continue
            packet.stamp = stamp
            packet.__class__ = Forwarded
            admitted.append(packet)
        return cast("list[Forwarded]", admitted)

    def _passes(self, index: int) -> bool:
        """An index out of turn; the window moves so that it ends before the highest, as it is not
        touched by what comes in turn."""
        ahead, solid = index - self.highest, self.highest + 1 - self._solid
        if ahead > 0:
            # a leap past the whole window would only build a huge number to mask away
            passed = (1 << min(solid, WINDOW)) - 1
            window = self._used << solid | passed if solid < WINDOW else passed
            self._used = window << ahead - 1 & _WINDOW_MASK if ahead <= WINDOW else 0
            self._solid = self.highest = index
            return True
        before = self._solid - 1 - index
        if before < 0 or ahead <= -WINDOW or self._used >> before & 1:
            return False
        self._used |= 1 << before
        return True


def seal_few(
    rows: Iterable[Row],
    ciphers: Iterable[SealInto],
    packets: Sequence[tuple[int, int, int, int]],
    places: Iterator[tuple[bytes, memoryview, memoryview]],
) -> None:
    """A few copies one by one: header, nonce and ciphertext of each packet (index, flags, marker,
    timestamp) for each row. `places`: for each copy its payload, and where its parts go."""
    pack_into = FIXED.pack_into
    for seal_into, row in zip(ciphers, rows, strict=True):
        base, ssrc, sequence_offset, timestamp_offset, payload_type = row
        for index, flags, marker, timestamp in packets:
            payload, header, sealed = next(places)
            index += sequence_offset
            pack_into(
                header,
                0,
                flags,
                marker | payload_type,
                index & 0xFFFF,
                (timestamp + timestamp_offset) & 0xFFFFFFFF,
                ssrc,
            )
            seal_into((base ^ index).to_bytes(12, "big"), payload, header, sealed)


class Nonces:
    """The nonces of many copies, written at once with numpy."""

    __slots__ = ("_high", "_low")

    def __init__(self, bases: Iterable[int]) -> None:
        high, low = zip(*(divmod(base, 1 << 64) for base in bases), strict=True)
        self._high = column(high, np.uint32)
        self._low = column(low, np.uint64)

    def write(self, index: NDArray[np.int64]) -> Bytes:
        """For outgoing indices of shape (rows, packets); of shape (rows, packets, 12 bytes)."""
        nonces = np.empty(index.shape, _NONCE)
        nonces["high"] = self._high
        nonces["low"] = self._low ^ index.astype(np.uint64)
        return nonces.view(np.uint8).reshape(*index.shape, NONCE)


def column(values: Sequence[int], kind: type[np.generic]) -> NDArray[Any]:
    """One below the other."""
    return np.array(values, kind).reshape(-1, 1)
