"""Compound RTCP: a datagram to records and back (RFC 3550 6.1, RFC 5506).

The records are defined by family in the modules beside; this is where to import them from.
Pure: no I/O, no clock.
"""

from collections.abc import Callable, Mapping, Sequence

from sfu.wire.rtcp_feedback import (
    FMT_APPLICATION,
    FMT_FIR,
    FMT_NACK,
    FMT_PLI,
    PSFB,
    RTPFB,
    FullIntraRequest,
    Nack,
    PictureLossIndication,
    Remb,
)
from sfu.wire.rtcp_packet import RtcpError, split
from sfu.wire.rtcp_reports import (
    BYE,
    RR,
    SDES,
    SR,
    Goodbye,
    ReceiverReport,
    ReportBlock,
    SenderReport,
    SourceDescription,
)
from sfu.wire.transport_cc import FMT_TRANSPORT_CC, TransportFeedback

__all__ = [
    "FullIntraRequest",
    "Goodbye",
    "Nack",
    "PictureLossIndication",
    "ReceiverReport",
    "Remb",
    "ReportBlock",
    "RtcpError",
    "RtcpRecord",
    "SenderReport",
    "SourceDescription",
    "TransportFeedback",
    "build_compound",
    "parse_compound",
    "parsers",
]

RtcpRecord = (
    SenderReport
    | ReceiverReport
    | SourceDescription
    | Goodbye
    | Nack
    | PictureLossIndication
    | FullIntraRequest
    | Remb
    | TransportFeedback
)

Parser = Callable[[int, bytes], RtcpRecord | None]
"""Makes a record of a packet's count (or format) and body; None when it is another kind's."""


def _feedback(parse: Callable[[bytes], RtcpRecord | None]) -> Parser:
    return lambda _, body: parse(body)


_FORMATS = 32  # counts are five bits
_PARSERS: dict[type[RtcpRecord], tuple[int, int | None, Parser]] = {
    SenderReport: (SR, None, SenderReport.parse),
    ReceiverReport: (RR, None, ReceiverReport.parse),
    SourceDescription: (SDES, None, SourceDescription.parse),
    Goodbye: (BYE, None, Goodbye.parse),
    Nack: (RTPFB, FMT_NACK, _feedback(Nack.parse)),
    TransportFeedback: (RTPFB, FMT_TRANSPORT_CC, _feedback(TransportFeedback.parse)),
    PictureLossIndication: (PSFB, FMT_PLI, _feedback(PictureLossIndication.parse)),
    FullIntraRequest: (PSFB, FMT_FIR, _feedback(FullIntraRequest.parse)),
    Remb: (PSFB, FMT_APPLICATION, _feedback(Remb.parse)),
}

Parsers = Mapping[tuple[int, int], Parser]


def parsers(kinds: Sequence[type[RtcpRecord]]) -> Parsers:
    """The parsers of these records, by packet type and count; all others are skipped unread."""
    chosen = {}
    for packet_type, count, parser in (_PARSERS[kind] for kind in kinds):
        for number in range(_FORMATS) if count is None else (count,):
            chosen[packet_type, number] = parser
    return chosen


ALL = parsers(tuple(_PARSERS))
MAX_RECORDS = 32
"""Packets of one datagram that are read; browsers send at most a handful together."""


def parse_compound(
    data: bytes, wanted: Parsers = ALL, *, most: int | None = None
) -> list[RtcpRecord]:
    """The records of a datagram; unwanted packets are skipped, malformed ones raise RtcpError.

    `most`: with more packets than that the datagram raises RtcpError.
    A first packet that is not a report is accepted (RFC 5506).
    """
    records: list[RtcpRecord] = []
    for number, (packet_type, count, body) in enumerate(split(data)):
        if number == most:
            raise RtcpError("too many packets in one datagram")
        parser = wanted.get((packet_type, count))
        if parser is not None and (record := parser(count, body)) is not None:
            records.append(record)
    return records


def build_compound(packets: Sequence[RtcpRecord]) -> bytes:
    """One datagram of these packets in this order."""
    return b"".join([packet.build() for packet in packets])
