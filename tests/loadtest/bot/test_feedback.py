"""Report blocks and the estimate, second by second."""

import pytest

from loadtest.bot.feedback import BACK_OFF, FIRST_ESTIMATE, Estimate, Feedback
from loadtest.bot.receiver import ReceivedStream
from sfu.wire.arith import compact_ntp, ntp_from_seconds
from sfu.wire.rtcp import ReceiverReport, Remb, SenderReport, build_compound, parse_compound

NOW = 500.0


def begun(*seqs: int, ssrc: int = 5) -> ReceivedStream:
    stream = ReceivedStream("4", True, ssrc, None)
    for seq in seqs:
        stream.receive(seq, 96, 1_000, NOW)
    return stream


def test_nothing_is_reported_before_anything_has_come() -> None:
    assert Feedback(1, NOW).report([ReceivedStream("4", True, 5, None)], 0.0, NOW + 1) == []


def test_a_block_says_what_is_missing_since_the_last() -> None:
    feedback, stream = Feedback(1, NOW), begun(10, 11, 12, 15)
    receiver, remb = feedback.report([stream], 0.0, NOW + 1)
    assert isinstance(receiver, ReceiverReport)
    assert isinstance(remb, Remb)
    (block,) = receiver.reports
    assert (block.ssrc, block.highest_sequence, block.packets_lost) == (5, 15, 2)
    assert block.fraction_lost == 2 * 256 // 6
    assert (block.lsr, block.dlsr) == (0, 0)
    for seq in (13, 14, 16):
        stream.receive(seq, 96, 1_000, NOW)
    again, _ = feedback.report([stream], 0.0, NOW + 2)
    assert isinstance(again, ReceiverReport)
    assert (again.reports[0].packets_lost, again.reports[0].fraction_lost) == (0, 0)
    assert parse_compound(build_compound([again, remb])) == [again, remb]


def test_a_sender_report_is_answered_with_its_time_and_the_delay() -> None:
    feedback, stream = Feedback(1, NOW), begun(1)
    ntp = ntp_from_seconds(4_000.5)
    feedback.receive_report(SenderReport(5, ntp, 0, 0, 0), NOW)
    receiver, _ = feedback.report([stream], 0.0, NOW + 0.5)
    assert isinstance(receiver, ReceiverReport)
    assert receiver.reports[0].lsr == compact_ntp(ntp)
    assert receiver.reports[0].dlsr == 32_768


def test_more_streams_than_a_report_holds_are_left_out() -> None:
    streams = [begun(1, ssrc=number) for number in range(1, 60)]
    receiver, _ = Feedback(1, NOW).report(streams, 0.0, NOW + 1)
    assert isinstance(receiver, ReceiverReport)
    assert len(receiver.reports) == 31


def test_the_estimate_climbs_slowly_and_never_far_above_what_comes() -> None:
    estimate = Estimate()
    told = [estimate.update(2_000_000, 0.0, 1.0) for _ in range(60)]
    assert told[0] == pytest.approx(FIRST_ESTIMATE * 1.08)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(3_010_000)


def test_the_estimate_brakes_below_what_comes_while_packets_wait() -> None:
    estimate = Estimate()
    for _ in range(60):
        estimate.update(2_000_000, 0.0, 1.0)
    assert estimate.update(600_000, 0.2, 1.0) == pytest.approx(BACK_OFF * 600_000)
    assert estimate.update(600_000, 0.0, 1.0) > BACK_OFF * 600_000
