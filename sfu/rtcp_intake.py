"""What a peer's RTCP makes a transport do, within its limits.

A datagram is priced by what is in it, not by its length: reports, estimates and requests cost
very different work. Pure: no I/O, no clock.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from common.work import Price
from sfu.stats import DropReason
from sfu.wire.rtcp import (
    MAX_RECORDS,
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    Remb,
    RtcpError,
    RtcpRecord,
    SenderReport,
    parse_compound,
    parsers,
)

if TYPE_CHECKING:
    from sfu.transport import Transport

MAX_NACKED = 128  # packets that one datagram may ask for again
MAX_KEYFRAMES = 16  # slots that one FIR may name


def receive(transport: "Transport", plain: bytes, now: float) -> bool:
    """Handles the records of an authentic compound packet; False when it is none.

    Names (SDES) are of no use here, and feedback about transport-wide numbers none: no slot
    carries such numbers. Neither is read.
    """
    budget = transport.workload.budget
    try:
        records = parse_compound(plain, WANTED, most=MAX_RECORDS)
    except RtcpError:
        transport.drops[DropReason.RTCP_MALFORMED] += 1
        budget.charge(Price.RTCP_DATAGRAM + Price.RTCP_RECORD * MAX_RECORDS)
        return False
    budget.charge(Price.RTCP_DATAGRAM + Price.RTCP_RECORD * len(records))
    asked = 0
    for record in records:
        if type(record) is Nack:
            asked += _receive_nack(transport, record, MAX_NACKED - asked, now)
        else:
            _HANDLERS[type(record)](transport, record, now)
    return True


def _receive_nack(transport: "Transport", nack: Nack, most: int, now: float) -> int:
    """Sends again what it asks for, `most` packets of it; returns how many it asked for."""
    if (beyond := len(nack.sequences) - most) > 0:
        transport.drops[DropReason.NACK_OVER_LIMIT] += beyond
        nack = Nack(nack.sender_ssrc, nack.media_ssrc, nack.sequences[:most])
    packets = transport.downlink.receive_nack(nack, now)
    transport.workload.budget.charge(
        Price.NACK_ENTRY * len(nack.sequences) + Price.RETRANSMISSION * len(packets)
    )
    transport.send_again(packets)
    return len(nack.sequences)


def _receive_sender_report(transport: "Transport", report: SenderReport, now: float) -> None:
    transport.uplink.receive_report(report, now)
    _receive_report(transport, report, now)


def _receive_report(
    transport: "Transport", report: SenderReport | ReceiverReport, now: float
) -> None:
    transport.downlink.receive_reports(report.reports, now)
    if transport.downlink.round_trip is not None:
        transport.uplink.round_trip = transport.downlink.round_trip


def _receive_goodbye(transport: "Transport", goodbye: Goodbye, now: float) -> None:
    transport.uplink.receive_goodbye(goodbye)


def _receive_pli(transport: "Transport", pli: PictureLossIndication, now: float) -> None:
    _ask_keyframe(transport, pli.media_ssrc, now)


def _receive_fir(transport: "Transport", fir: FullIntraRequest, now: float) -> None:
    entries = fir.entries[:MAX_KEYFRAMES]
    transport.workload.budget.charge(Price.RTCP_RECORD * len(entries))
    for ssrc, _ in entries:
        _ask_keyframe(transport, ssrc, now)


def _ask_keyframe(transport: "Transport", ssrc: int, now: float) -> None:
    if transport.downlink.consumer_by_ssrc(ssrc) is None:
        return
    if transport.workload.may_ask_keyframe(ssrc, now):
        transport.downlink.receive_keyframe_request(ssrc, now)
    else:
        transport.drops[DropReason.KEYFRAME_OVER_BUDGET] += 1


def _receive_remb(transport: "Transport", remb: Remb, now: float) -> None:
    transport.workload.budget.charge(Price.REMB)
    transport.downlink.receive_remb(remb.bitrate, now)


_HANDLERS: dict[type[RtcpRecord], Callable[..., None]] = {
    SenderReport: _receive_sender_report,
    ReceiverReport: _receive_report,
    Goodbye: _receive_goodbye,
    PictureLossIndication: _receive_pli,
    FullIntraRequest: _receive_fir,
    Remb: _receive_remb,
}
WANTED = parsers((Nack, *_HANDLERS))
