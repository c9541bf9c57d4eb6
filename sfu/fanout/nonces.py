"""The one way to a nonce that seals RTP: no (key, SSRC, index) ever seals two different datagrams.

Under AES-GCM two datagrams with one nonce give the key stream and the authentication key away;
under AES-CM the key stream. A nonce is made of a stream's SSRC and the index of a datagram, and
made here only. That an index stands for one datagram follows from five things, each kept here:

1. `Lines` has one `Line` for each SSRC under a key, and never another for an SSRC it had.
2. A `Line` only grows. It is a row of `Epoch`s, each one stay on one layer, which begins behind
   the highest index of those before it. So an outgoing index belongs to one epoch.
3. Within an epoch outgoing index = the layer's index + a constant. So an index of an epoch
   belongs to one index of one layer. Only what lies between an epoch's first index and the end
   of all indices is sealed (`Room` for a company at once, `Epoch.covers` for one packet).
4. A `Ledger`, one for each layer, lets each index of the layer pass once, as one packet, which
   can't be changed from there on (`Forwarded`).
5. A datagram is a function of such a packet, an epoch (both frozen) and the line's SSRC. So what
   is sent again under the same index is the same in every byte, and does no harm.

What doesn't pass is refused, and counted as DropReason.NONCE_REFUSED by whoever asked.
Pure: no I/O, no clock.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from sfu.publish.packet import Forwarded, Packet
from sfu.srtp.rtp import OutboundSrtp, Seal, SealInto
from sfu.wire.rtp import FIXED

if TYPE_CHECKING:
    from sfu.publish.layer import ExtensionProfile, Layer

MAX_INDEX = (1 << 48) - 1  # RFC 3711 3.3.1; behind it the SSRC's bits of the nonce begin
WINDOW = 1_024  # indices below the highest that may still pass
MAX_EPOCHS = 8  # of a line, kept to find what a NACK asks for
MAX_LINES = 1_024  # of a key; a page has 28
NONCE = 12  # bytes, RFC 7714 8.1 and the same place for AES-CM

_WINDOW_MASK = (1 << WINDOW) - 1
_NONCE = np.dtype([("high", ">u4"), ("low", ">u8")])

Bytes = NDArray[np.uint8]
# base of the nonces, SSRC, offsets of sequence and timestamp, payload type
Row = tuple[int, int, int, int, int]


class Ledger:
    """Which indices of a layer have been forwarded. Each passes once.

    `changes` counts epochs that began or ended on the layer: numbers that were gathered before
    the last of them are out of date (`Room`).
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


@dataclass(slots=True, frozen=True)
class Epoch:
    """What stands behind a slot from one outgoing index on, and all that a copy takes from it."""

    first_out: int
    first_in: int
    layer: "Layer"
    profile: "ExtensionProfile"
    timestamp_offset: int
    picture_offset: int
    tl0_offset: int
    payload_type: int
    rtx_payload_type: int | None

    @property
    def sequence_offset(self) -> int:
        """From the layer's index to the outgoing one."""
        return self.first_out - self.first_in

    def covers(self, index: int) -> bool:
        """True when this index of the layer has a place on the line."""
        return self.first_in <= index <= MAX_INDEX - self.sequence_offset


class Line:
    """The outgoing indices of one SSRC: they only grow."""

    __slots__ = ("_base", "_highest", "_seal", "epoch", "epochs", "seal_into", "ssrc")

    def __init__(self, ssrc: int, before: int) -> None:
        """`before`: the index before the first."""
        self.ssrc = ssrc
        self.epoch: Epoch | None = None  # the present one
        self.epochs: tuple[Epoch, ...] = ()  # the newest, the present one last
        self.seal_into: SealInto | None = None
        self._seal: Seal | None = None
        self._base = 0
        self._highest = before

    def connect(self, srtp: OutboundSrtp) -> None:
        """Keys are there: the line may seal from now on."""
        self._seal, self.seal_into = srtp.seal, srtp.seal_into
        self._base = srtp.nonce_base(self.ssrc)

    @property
    def highest(self) -> int:
        """No index above it was used."""
        epoch = self.epoch
        if epoch is None:
            return self._highest
        return max(self._highest, epoch.layer.ledger.highest + epoch.sequence_offset)

    def begin(
        self,
        layer: "Layer",
        first_in: int,
        profile: "ExtensionProfile",
        offsets: tuple[int, int, int],
        payload_types: tuple[int, int | None],
    ) -> None:
        """Goes on with this layer, from its index `first_in` on. `offsets`: of timestamps, picture
        ids and TL0PICIDX."""
        self.end()
        self.epoch = Epoch(self._highest + 1, first_in, layer, profile, *offsets, *payload_types)
        self.epochs = (*self.epochs[1 - MAX_EPOCHS :], self.epoch)
        layer.ledger.changes += 1

    def end(self) -> None:
        """The present epoch has got its last packet; harmless without one."""
        if self.epoch is not None:
            self._highest = self.highest
            self.epoch.layer.ledger.changes += 1
            self.epoch = None

    def epoch_on(self, ledger: Ledger) -> Epoch | None:
        """The present epoch, if it is one of this ledger's layer."""
        epoch = self.epoch
        return epoch if epoch is not None and epoch.layer.ledger is ledger else None

    def find(self, out: int) -> Epoch | None:
        """The epoch that an outgoing index belongs to, while it is known."""
        if out > self.highest:
            return None
        return next((epoch for epoch in reversed(self.epochs) if out >= epoch.first_out), None)

    def take(self) -> int | None:
        """The next index of a line without epochs, as for RTX; None when all are used."""
        if self._highest >= MAX_INDEX:
            return None
        self._highest += 1
        return self._highest

    def row(self, epoch: Epoch) -> Row:
        """What headers and nonces of this epoch's copies are made of."""
        return (
            self._base,
            self.ssrc,
            epoch.sequence_offset,
            epoch.timestamp_offset,
            epoch.payload_type,
        )

    def seal(self, index: int, payload: bytes, header: bytes) -> bytes:
        """One datagram: its header, ciphertext and tag."""
        if self._seal is None:
            raise RuntimeError("a slot was filled before its transport had keys")
        return header + self._seal((self._base ^ index).to_bytes(NONCE, "big"), payload, header)


class Lines:
    """The lines of one transport's keys: one for each SSRC that there ever was."""

    __slots__ = ("_ssrcs",)

    def __init__(self) -> None:
        self._ssrcs = array("I")  # a few numbers, looked at when slots are negotiated

    def __contains__(self, ssrc: int) -> bool:
        return ssrc in self._ssrcs

    def has_room(self, count: int) -> bool:
        """For so many more."""
        return len(self._ssrcs) + count <= MAX_LINES

    def add(self, ssrc: int, before: int) -> Line:
        """A new line. Raises ValueError for an SSRC that had one: its indices are used."""
        if ssrc in self._ssrcs or not self.has_room(1):
            raise ValueError(f"SSRC {ssrc} can't have a line of its own")
        self._ssrcs.append(ssrc)
        return Line(ssrc, before)


class Room:
    """The indices of a layer that all of these epochs cover, until somebody comes or goes."""

    __slots__ = ("_changes", "_first", "_last", "_ledger")

    def __init__(self, ledger: Ledger, epochs: Sequence[Epoch]) -> None:
        self._ledger = ledger
        self._changes = ledger.changes
        self._first = max((epoch.first_in for epoch in epochs), default=0)
        self._last = MAX_INDEX - max((epoch.sequence_offset for epoch in epochs), default=0)

    def covers(self, oldest: int, newest: int) -> bool:
        """True when everybody may be sent these and what lies between."""
        return (
            self._first <= oldest and newest <= self._last and self._changes == self._ledger.changes
        )


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
