"""Acts on the RTCP that a peer sends, within limits.

A datagram is priced by its records, not by its length: reports, estimates and requests cost very
different work. Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable
from typing import Protocol

from common.work import Price
from sfu.publish.uplink import Uplink
from sfu.srtp.keys import SrtpError
from sfu.srtp.rtp import InboundSrtp
from sfu.stats import DropReason
from sfu.subscribe.downlink import Downlink
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
from sfu.workload import Workload

MAX_NACKED = 128  # packets that one datagram may ask for again
MAX_KEYFRAMES = 16  # slots that one FIR may name


class Peer(Protocol):
    """The parts of a transport that its peer's records concern."""

    uplink: Uplink
    downlink: Downlink
    workload: Workload
    drops: Counter[DropReason]

    def send_again(self, packets: list[bytes]) -> None:
        """Sends retransmissions."""


def receive(peer: Peer, srtp: InboundSrtp, data: bytes, now: float) -> bool:
    """Handles one SRTCP packet of the peer; False when it was dropped, which is counted here."""
    unproven = peer.workload.unproven
    if unproven.is_spent(now):
        peer.drops[DropReason.UNPROVEN_OVER_BUDGET] += 1
        return False
    try:
        plain = srtp.unprotect_rtcp(data)
    except SrtpError:
        peer.drops[DropReason.RTCP_UNAUTHENTIC] += 1
        unproven.charge(Price.FAILED_CHECK)
        return False
    return handle(peer, plain, now)


def handle(peer: Peer, plain: bytes, now: float) -> bool:
    """Handles the records of an authentic compound packet; False when it is malformed.

    Two kinds are not read: names (SDES), and feedback about transport-wide sequence numbers,
    since no slot carries such numbers.
    """
    budget = peer.workload.budget
    try:
        records = parse_compound(plain, WANTED, most=MAX_RECORDS)
    except RtcpError:
        peer.drops[DropReason.RTCP_MALFORMED] += 1
        budget.charge(Price.RTCP_DATAGRAM + Price.RTCP_RECORD * MAX_RECORDS)
        return False
    budget.charge(Price.RTCP_DATAGRAM + Price.RTCP_RECORD * len(records))
    asked = 0
    for record in records:
        if type(record) is Nack:
            asked += _receive_nack(peer, record, MAX_NACKED - asked, now)
        else:
            _HANDLERS[type(record)](peer, record, now)
    return True


def _receive_nack(peer: Peer, nack: Nack, most: int, now: float) -> int:
    """Sends again what it asks for, `most` packets of it; returns how many it asked for."""
    if (beyond := len(nack.sequences) - most) > 0:
        peer.drops[DropReason.NACK_OVER_LIMIT] += beyond
        nack = Nack(nack.sender_ssrc, nack.media_ssrc, nack.sequences[:most])
    packets = peer.downlink.receive_nack(nack, now)
    peer.workload.budget.charge(
        Price.NACK_ENTRY * len(nack.sequences) + Price.RETRANSMISSION * len(packets)
    )
    peer.send_again(packets)
    return len(nack.sequences)


def _receive_sender_report(peer: Peer, report: SenderReport, now: float) -> None:
    peer.uplink.receive_report(report, now)
    _receive_report(peer, report, now)


def _receive_report(peer: Peer, report: SenderReport | ReceiverReport, now: float) -> None:
    peer.downlink.receive_reports(report.reports, now)
    if peer.downlink.round_trip is not None:
        peer.uplink.round_trip = peer.downlink.round_trip


def _receive_goodbye(peer: Peer, goodbye: Goodbye, now: float) -> None:
    peer.uplink.receive_goodbye(goodbye)


def _receive_pli(peer: Peer, pli: PictureLossIndication, now: float) -> None:
    _ask_keyframe(peer, pli.media_ssrc, now)


def _receive_fir(peer: Peer, fir: FullIntraRequest, now: float) -> None:
    entries = fir.entries[:MAX_KEYFRAMES]
    peer.workload.budget.charge(Price.RTCP_RECORD * len(entries))
    for ssrc, _ in entries:
        _ask_keyframe(peer, ssrc, now)


def _ask_keyframe(peer: Peer, ssrc: int, now: float) -> None:
    if peer.downlink.consumer_by_ssrc(ssrc) is None:
        return
    if peer.workload.may_ask_keyframe(ssrc, now):
        peer.downlink.receive_keyframe_request(ssrc, now)
    else:
        peer.drops[DropReason.KEYFRAME_OVER_BUDGET] += 1


def _receive_remb(peer: Peer, remb: Remb, now: float) -> None:
    peer.workload.budget.charge(Price.REMB)
    peer.downlink.receive_remb(remb.bitrate, now)


_HANDLERS: dict[type[RtcpRecord], Callable[..., None]] = {
    SenderReport: _receive_sender_report,
    ReceiverReport: _receive_report,
    Goodbye: _receive_goodbye,
    PictureLossIndication: _receive_pli,
    FullIntraRequest: _receive_fir,
    Remb: _receive_remb,
}
WANTED = parsers((Nack, *_HANDLERS))
