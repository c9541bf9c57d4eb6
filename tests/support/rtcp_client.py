"""RTCP as the peers write and read it, with aiortc's records: not the SFU's own code.

aiortc does not know transport-wide congestion control, so that is read here
(draft-holmer-rmcat-transport-wide-cc-extensions-01). Pure: no I/O, no clock.
"""

import struct
from dataclasses import dataclass

from aiortc import rtp as aiortc_rtp

NACK, TRANSPORT_CC = 1, 15
PLI, FIR, APPLICATION = 1, 4, 15
NTP_EPOCH = 2_208_988_800  # seconds between 1900 and 1970
_REFERENCE_UNIT = 0.064
_DELTA_UNIT = 0.00025


@dataclass(slots=True)
class TransportFeedback:
    """One transport-cc message: arrival time in seconds, or None, by 16-bit sequence number."""

    ssrc: int
    media_ssrc: int
    count: int
    arrivals: list[tuple[int, float | None]]


Record = aiortc_rtp.AnyRtcpPacket | TransportFeedback


def read_compound(data: bytes) -> list[Record]:
    """Raises when the compound is malformed: what the SFU sends must never be."""
    records: list[Record] = []
    position = 0
    while position < len(data):
        first, kind, words = struct.unpack_from(">BBH", data, position)
        end = position + 4 * (words + 1)
        assert first >> 6 == 2, "RTCP version is not 2"
        assert end <= len(data), "RTCP packet is cut off"
        packet = data[position:end]
        if kind == aiortc_rtp.RTCP_RTPFB and first & 0x1F == TRANSPORT_CC:
            records.append(_read_transport_cc(packet, bool(first & 0x20)))
        else:
            records += aiortc_rtp.RtcpPacket.parse(packet)
        position = end
    return records


def _read_transport_cc(packet: bytes, padded: bool) -> TransportFeedback:
    if padded:
        packet = packet[: -packet[-1]]
    ssrc, media_ssrc, base, status_count = struct.unpack_from(">IIHH", packet, 4)
    reference = int.from_bytes(packet[16:19], "big", signed=True)
    symbols, position = _read_symbols(packet, status_count)
    arrivals: list[tuple[int, float | None]] = []
    at = reference * _REFERENCE_UNIT
    for offset, symbol in enumerate(symbols):
        if symbol == 0:
            arrivals.append(((base + offset) & 0xFFFF, None))
            continue
        assert symbol in (1, 2), "reserved status symbol"
        delta = int.from_bytes(packet[position : position + symbol], "big", signed=symbol == 2)
        assert position + symbol <= len(packet), "receive delta is cut off"
        position += symbol
        at += delta * _DELTA_UNIT
        arrivals.append(((base + offset) & 0xFFFF, at))
    assert len(packet) - position < 4, "bytes left over behind the receive deltas"
    return TransportFeedback(ssrc, media_ssrc, packet[19], arrivals)


def _read_symbols(packet: bytes, count: int) -> tuple[list[int], int]:
    """Packet status chunks: run length, or a vector of one-bit or two-bit symbols."""
    symbols: list[int] = []
    position = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from(">H", packet, position)
        position += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return symbols[:count], position


def ntp(wall: float) -> int:
    """Unix seconds as a 64-bit NTP timestamp."""
    return int((wall + NTP_EPOCH) * (1 << 32)) & 0xFFFFFFFFFFFFFFFF


def wall_from_ntp(timestamp: int) -> float:
    return timestamp / (1 << 32) - NTP_EPOCH


def sender_report(ssrc: int, wall: float, rtp_timestamp: int, packets: int, octets: int) -> bytes:
    info = aiortc_rtp.RtcpSenderInfo(ntp(wall), rtp_timestamp & 0xFFFFFFFF, packets, octets)
    description = aiortc_rtp.RtcpSdesPacket([aiortc_rtp.RtcpSourceInfo(ssrc, [(1, b"peer")])])
    return bytes(aiortc_rtp.RtcpSrPacket(ssrc, info)) + bytes(description)


def receiver_report(ssrc: int, reports: list[aiortc_rtp.RtcpReceiverInfo]) -> bytes:
    return bytes(aiortc_rtp.RtcpRrPacket(ssrc, reports))


def nack(ssrc: int, media_ssrc: int, sequences: list[int]) -> bytes:
    """RFC 4585 6.2.1, one entry for each number; aiortc's own writer stumbles over the wrap."""
    entries = b"".join(struct.pack(">HH", sequence, 0) for sequence in sequences)
    head = struct.pack(
        ">BBHII", 0x80 | NACK, aiortc_rtp.RTCP_RTPFB, 2 + len(sequences), ssrc, media_ssrc
    )
    return head + entries


def pli(ssrc: int, media_ssrc: int) -> bytes:
    return bytes(aiortc_rtp.RtcpPsfbPacket(PLI, ssrc, media_ssrc))


def remb(ssrc: int, bitrate: int, ssrcs: list[int]) -> bytes:
    fci = aiortc_rtp.pack_remb_fci(bitrate, ssrcs)
    return bytes(aiortc_rtp.RtcpPsfbPacket(APPLICATION, ssrc, 0, fci))


def bye(ssrcs: list[int]) -> bytes:
    return bytes(aiortc_rtp.RtcpByePacket(ssrcs))
