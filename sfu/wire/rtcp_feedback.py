"""Feedback about one stream: NACK, PLI, FIR and REMB.

RFC 4585 6 (NACK, PLI), RFC 5104 4.3.1 (FIR), draft-alvestrand-rmcat-remb-03 (REMB).
Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Self

from sfu.wire.rtcp_packet import WORD, RtcpError, frame

RTPFB, PSFB = 205, 206
FMT_NACK = 1
FMT_PLI, FMT_FIR, FMT_APPLICATION = 1, 4, 15

SSRCS = Struct(">II")
"""Sender and media SSRC, which open every feedback packet (RFC 4585 6.1)."""

_NACK = Struct(">HH")
_FIR = Struct(">IB3x")
MAX_NACKED = 256
"""Sequence numbers of one NACK that are read; an entry of four bytes names up to 17."""
_REMB_NAME = b"REMB"
_MAX_MANTISSA = 0x3FFFF


def parse_ssrcs(body: bytes) -> tuple[int, int]:
    if len(body) < SSRCS.size:
        raise RtcpError("feedback is cut off")
    sender, media = SSRCS.unpack_from(body)
    return sender, media


@dataclass(slots=True)
class Nack:
    """Packets asked for again; of what comes from outside the first MAX_NACKED at most."""

    sender_ssrc: int
    media_ssrc: int
    sequences: tuple[int, ...]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        sender, media = parse_ssrcs(body)
        # A body is whole words unless odd padding cut it: then its rest is no entry.
        if len(body) & 3:
            raise RtcpError("generic NACK is not whole words")
        sequences: list[int] = []
        for first, mask in _NACK.iter_unpack(body[SSRCS.size :]):
            if len(sequences) >= MAX_NACKED:
                break
            sequences.append(first)
            while mask:
                lowest = mask & -mask
                sequences.append((first + lowest.bit_length()) & 0xFFFF)
                mask ^= lowest
        return cls(sender, media, tuple(sequences[:MAX_NACKED]))

    def build(self) -> bytes:
        entries = b"".join(_NACK.pack(first, mask) for first, mask in _pack_nack(self.sequences))
        return frame(RTPFB, FMT_NACK, SSRCS.pack(self.sender_ssrc, self.media_ssrc) + entries)


def _pack_nack(sequences: Sequence[int]) -> list[tuple[int, int]]:
    """(packet id, bit mask of the 16 after it) entries, RFC 4585 6.2.1; best for rising order."""
    entries: list[tuple[int, int]] = []
    first, mask = -1, 0
    for sequence in sequences:
        ahead = (sequence - first) & 0xFFFF
        if first >= 0 and ahead <= 16:
            if ahead:
                mask |= 1 << (ahead - 1)
            continue
        if first >= 0:
            entries.append((first, mask))
        first, mask = sequence & 0xFFFF, 0
    if first >= 0:
        entries.append((first, mask))
    return entries


@dataclass(slots=True)
class PictureLossIndication:
    sender_ssrc: int
    media_ssrc: int

    @classmethod
    def parse(cls, body: bytes) -> Self:
        return cls(*parse_ssrcs(body))

    def build(self) -> bytes:
        return frame(PSFB, FMT_PLI, SSRCS.pack(self.sender_ssrc, self.media_ssrc))


@dataclass(slots=True)
class FullIntraRequest:
    """Key frames wanted: (media SSRC, 8-bit command number) each."""

    sender_ssrc: int
    entries: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, body: bytes) -> Self:
        sender, _ = parse_ssrcs(body)
        if len(body) & 7:
            raise RtcpError("full intra request is cut off")
        return cls(sender, tuple((ssrc, n) for ssrc, n in _FIR.iter_unpack(body[SSRCS.size :])))

    def build(self) -> bytes:
        entries = b"".join(_FIR.pack(ssrc, number & 0xFF) for ssrc, number in self.entries)
        return frame(PSFB, FMT_FIR, SSRCS.pack(self.sender_ssrc, 0) + entries)


@dataclass(slots=True)
class Remb:
    """The receiver's estimate of what it can take, in bits per second, over these sources."""

    sender_ssrc: int
    bitrate: int
    ssrcs: tuple[int, ...]

    @classmethod
    def parse(cls, body: bytes) -> Self | None:
        """None for application layer feedback that is not REMB."""
        sender, _ = parse_ssrcs(body)
        if body[8:12] != _REMB_NAME:
            return None
        if len(body) < 16:
            raise RtcpError("REMB is cut off")
        (word,) = WORD.unpack_from(body, 12)
        end = 16 + (word >> 24) * 4
        if len(body) < end:
            raise RtcpError("REMB is cut off")
        bitrate = (word & _MAX_MANTISSA) << (word >> 18 & 0x3F)
        return cls(sender, bitrate, tuple(s for (s,) in WORD.iter_unpack(body[16:end])))

    def build(self) -> bytes:
        # Low bits beyond the 18-bit mantissa are dropped, so that no more is claimed than meant.
        exponent = max(0, self.bitrate.bit_length() - 18)
        if self.bitrate < 0 or exponent > 63 or len(self.ssrcs) > 255:
            raise RtcpError("REMB does not fit")
        word = len(self.ssrcs) << 24 | exponent << 18 | self.bitrate >> exponent
        head = SSRCS.pack(self.sender_ssrc, 0) + _REMB_NAME + WORD.pack(word)
        return frame(PSFB, FMT_APPLICATION, head + b"".join(map(WORD.pack, self.ssrcs)))
