"""Sender and receiver reports, source descriptions and goodbyes (RFC 3550 6.4 to 6.6).

Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Self

from sfu.wire.rtcp_packet import WORD, RtcpError, frame

SR, RR, SDES, BYE = 200, 201, 202, 203

_BLOCK = Struct(">IIIIII")
_SENDER = Struct(">IQIII")
_CNAME = 1
_UINT32 = 0xFFFFFFFF


@dataclass(slots=True)
class ReportBlock:
    """Reception of one source. Counters wider than their fields are cut to them on writing."""

    ssrc: int
    fraction_lost: int
    """In 1/256."""
    packets_lost: int
    """Signed 24 bits: duplicates can make it negative."""
    highest_sequence: int
    jitter: int
    lsr: int
    dlsr: int

    def build(self) -> bytes:
        # RFC 3550 6.4.1: the cumulative count is clamped, never wrapped.
        lost = max(-0x800000, min(self.packets_lost, 0x7FFFFF)) & 0xFFFFFF
        fraction = max(0, min(self.fraction_lost, 255))
        return _BLOCK.pack(
            self.ssrc,
            fraction << 24 | lost,
            self.highest_sequence & _UINT32,
            self.jitter & _UINT32,
            self.lsr,
            self.dlsr & _UINT32,
        )


def _parse_blocks(body: bytes, offset: int, count: int) -> tuple[ReportBlock, ...]:
    if len(body) < offset + count * _BLOCK.size:
        raise RtcpError("report blocks are cut off")
    return tuple(_parse_block(body, offset + i * _BLOCK.size) for i in range(count))


def _parse_block(body: bytes, offset: int) -> ReportBlock:
    ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, offset)
    lost = ((loss & 0xFFFFFF) ^ 0x800000) - 0x800000
    return ReportBlock(ssrc, loss >> 24, lost, highest, jitter, lsr, dlsr)


def _build_blocks(reports: Sequence[ReportBlock]) -> bytes:
    return b"".join(report.build() for report in reports)


@dataclass(slots=True)
class SenderReport:
    ssrc: int
    ntp: int
    """64-bit fixed point, see `sfu.wire.arith`."""
    rtp_timestamp: int
    packet_count: int
    octet_count: int
    reports: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        if len(body) < _SENDER.size:
            raise RtcpError("sender report is cut off")
        ssrc, ntp, rtp_timestamp, packets, octets = _SENDER.unpack_from(body)
        reports = _parse_blocks(body, _SENDER.size, count)
        return cls(ssrc, ntp, rtp_timestamp, packets, octets, reports)

    def build(self) -> bytes:
        sender = _SENDER.pack(
            self.ssrc,
            self.ntp,
            self.rtp_timestamp,
            self.packet_count & _UINT32,
            self.octet_count & _UINT32,
        )
        return frame(SR, len(self.reports), sender + _build_blocks(self.reports))


@dataclass(slots=True)
class ReceiverReport:
    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        if len(body) < WORD.size:
            raise RtcpError("receiver report is cut off")
        return cls(WORD.unpack_from(body)[0], _parse_blocks(body, WORD.size, count))

    def build(self) -> bytes:
        body = WORD.pack(self.ssrc) + _build_blocks(self.reports)
        return frame(RR, len(self.reports), body)


@dataclass(slots=True)
class SourceDescription:
    """The canonical names; other items, and chunks without a name, are read over."""

    items: tuple[tuple[int, str], ...]

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        items: list[tuple[int, str]] = []
        position = 0
        for _ in range(count):
            if position + 4 > len(body):
                raise RtcpError("source description is cut off")
            (ssrc,) = WORD.unpack_from(body, position)
            cname, position = _parse_chunk(body, position + 4)
            if cname is not None:
                items.append((ssrc, cname))
        return cls(tuple(items))

    def build(self) -> bytes:
        body = b"".join(_build_chunk(ssrc, cname) for ssrc, cname in self.items)
        return frame(SDES, len(self.items), body)


def _parse_chunk(body: bytes, position: int) -> tuple[str | None, int]:
    """The chunk's name and where the next one begins (RFC 3550 6.5)."""
    cname = None
    while position < len(body) and body[position]:
        if position + 2 > len(body):
            raise RtcpError("source description item is cut off")
        start = position + 2
        end = start + body[position + 1]
        if end > len(body):
            raise RtcpError("source description item is cut off")
        if body[position] == _CNAME:
            cname = body[start:end].decode("utf-8", "replace")
        position = end
    if position >= len(body):
        raise RtcpError("source description chunk has no end")
    return cname, (position + 4) & ~3


def _build_chunk(ssrc: int, cname: str) -> bytes:
    name = cname.encode()
    if len(name) > 255:
        raise RtcpError("canonical name is longer than 255 bytes")
    chunk = WORD.pack(ssrc) + bytes((_CNAME, len(name))) + name
    return chunk + bytes(4 - (len(chunk) & 3))


@dataclass(slots=True)
class Goodbye:
    """The sources that leave; a reason text is read over."""

    ssrcs: tuple[int, ...]

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        if len(body) < count * 4:
            raise RtcpError("goodbye is cut off")
        return cls(tuple(ssrc for (ssrc,) in WORD.iter_unpack(body[: count * 4])))

    def build(self) -> bytes:
        return frame(BYE, len(self.ssrcs), b"".join(map(WORD.pack, self.ssrcs)))
