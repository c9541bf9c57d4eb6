"""Compound RTCP: a datagram to records and back (RFC 3550 6.1, RFC 5506).

The records are defined by family in the modules beside; this is where to import them from.
Pure: no I/O, no clock.
"""

from collections.abc import Callable, Sequence

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

_COUNTED: dict[int, Callable[[int, bytes], RtcpRecord]] = {
    SR: SenderReport.parse,
    RR: ReceiverReport.parse,
    SDES: SourceDescription.parse,
    BYE: Goodbye.parse,
}
_FEEDBACK: dict[tuple[int, int], Callable[[bytes], RtcpRecord | None]] = {
    (RTPFB, FMT_NACK): Nack.parse,
    (RTPFB, FMT_TRANSPORT_CC): TransportFeedback.parse,
    (PSFB, FMT_PLI): PictureLossIndication.parse,
    (PSFB, FMT_FIR): FullIntraRequest.parse,
    (PSFB, FMT_APPLICATION): Remb.parse,
}


def parse_compound(data: bytes) -> list[RtcpRecord]:
    """The records of a datagram; unknown packets are skipped, malformed ones raise RtcpError.

    A first packet that is not a report is accepted (RFC 5506).
    """
    records: list[RtcpRecord] = []
    for packet_type, count, body in split(data):
        if parse_counted := _COUNTED.get(packet_type):
            records.append(parse_counted(count, body))
        elif parse_feedback := _FEEDBACK.get((packet_type, count)):
            record = parse_feedback(body)
            if record is not None:
                records.append(record)
    return records


def build_compound(packets: Sequence[RtcpRecord]) -> bytes:
    """One datagram of these packets in this order."""
    return b"".join([packet.build() for packet in packets])
