"""What a compound packet of a peer makes its transport do, and what it pays for that."""

from common.work import Price
from sfu.rtcp_receiver import MAX_KEYFRAMES, MAX_NACKED, handle
from sfu.stats import DropReason
from sfu.wire.rtcp import (
    MAX_RECORDS,
    FullIntraRequest,
    Nack,
    PictureLossIndication,
    Remb,
    RtcpRecord,
    SourceDescription,
    TransportFeedback,
    build_compound,
)
from tests.support.line import SLOT, Line


def paid(line: Line, *records: RtcpRecord) -> float:
    """Units that these records cost together in one datagram."""
    before = line.transport.workload.budget.credit
    handle(line.transport, build_compound(records), 1.0)
    return before - line.transport.workload.budget.credit


def pli(ssrc: int = SLOT) -> PictureLossIndication:
    return PictureLossIndication(1, ssrc)


def test_each_record_is_paid_for() -> None:
    one, two = paid(Line().begin(), pli()), paid(Line().begin(), pli(), pli())
    assert one == Price.RTCP_DATAGRAM + Price.RTCP_RECORD
    assert two - one == Price.RTCP_RECORD


def test_what_is_asked_for_again_is_paid_by_the_number() -> None:
    line = Line().begin()
    cost = paid(line, Nack(1, SLOT, (1, 2, 3)))
    assert cost == Price.RTCP_DATAGRAM + Price.RTCP_RECORD + 3 * Price.NACK_ENTRY


def test_beyond_the_limit_of_a_datagram_nothing_is_looked_up() -> None:
    line = Line().begin()
    wanted = tuple(range(100))
    paid(line, Nack(1, SLOT, wanted), Nack(1, SLOT, wanted))
    slot = line.transport.downlink.consumer_by_ssrc(SLOT)
    assert slot is not None
    assert slot.nacks_received == MAX_NACKED
    assert line.transport.drops[DropReason.NACK_OVER_LIMIT] == 200 - MAX_NACKED


def test_estimates_cost_what_choosing_layers_costs() -> None:
    assert paid(Line().begin(), Remb(1, 500_000, (SLOT,))) >= Price.REMB


def test_names_and_feedback_that_nobody_asked_for_are_not_read() -> None:
    line = Line().begin()
    feedback = TransportFeedback(1, 2, 0, 0, 0, tuple((n, None) for n in range(1_000)))
    assert paid(line, SourceDescription(((1, "a"),)), feedback) == Price.RTCP_DATAGRAM
    assert not line.transport.drops


def test_too_many_records_are_malformed_and_dear() -> None:
    line = Line().begin()
    cost = paid(line, *[pli()] * (MAX_RECORDS + 1))
    assert line.transport.drops[DropReason.RTCP_MALFORMED] == 1
    assert cost >= Price.RTCP_RECORD * MAX_RECORDS


def test_one_request_for_key_frames_names_so_many_slots() -> None:
    line = Line().begin()
    paid(line, FullIntraRequest(1, tuple((SLOT, n) for n in range(MAX_KEYFRAMES + 9))))
    slot = line.transport.downlink.consumer_by_ssrc(SLOT)
    assert slot is not None
    refused = line.transport.drops[DropReason.KEYFRAME_OVER_BUDGET]
    assert slot.plis_received + refused == MAX_KEYFRAMES
    assert slot.plis_received == 3


def test_key_frames_of_slots_that_are_not_ones_own_leave_no_trace() -> None:
    line = Line().begin()
    paid(line, *[pli(99)] * MAX_RECORDS)
    assert not line.transport.drops
