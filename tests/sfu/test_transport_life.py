"""Reports, timers and the end of a transport."""

import pytest

from sfu.ice.agent import FAILED_AFTER
from sfu.srtp.keys import SrtpError
from sfu.stats import DropReason
from sfu.transport import (
    MAX_RTCP_DATAGRAM,
    TICK,
)
from sfu.wire.arith import compact_ntp, ntp_from_seconds
from sfu.wire.rtcp import (
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLossIndication,
    ReceiverReport,
    Remb,
    ReportBlock,
    SenderReport,
    SourceDescription,
    TransportFeedback,
)
from tests.support.core import (
    TAG,
    VP8_PT,
    Source,
    vp8,
)
from tests.support.line import HOME, SLOT, Line
from tests.support.media import write_rtp


class TestReports:
    def test_of_the_peer_reach_both_halves(self) -> None:
        line, source = Line().connected(), Source()
        line.rtp(1)
        line.watch(source)
        sent = compact_ntp(ntp_from_seconds(10.0))
        block = ReportBlock(SLOT, 64, 0, 0, 0, sent, 0)
        ntp = ntp_from_seconds(50.0)
        line.rtcp(SenderReport(11, ntp, 90_000, 1, 1, (block,)), now=10.25)
        assert line.transport.downlink.loss == 0.25
        assert line.transport.uplink.round_trip == pytest.approx(0.25, abs=0.001)
        assert line.pending[0].stream.clock.ntp_at(90_000) == pytest.approx(50.0)

    def test_without_a_round_trip_leave_the_assumption(self) -> None:
        line = Line().connected()
        assumed = line.transport.uplink.round_trip
        line.rtcp(ReceiverReport(9, (ReportBlock(SLOT, 0, 0, 0, 0, 0, 0),)))
        assert line.transport.uplink.round_trip == assumed

    def test_requests_for_packets_are_served(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        first = next(iter(line.transport.downlink.consumers.values())).index_space.highest
        line.sent.clear()
        line.rtcp(Nack(9, SLOT, (first & 0xFFFF,)))
        assert [address for address, _ in line.sent] == [HOME]
        line.rtcp(Nack(9, SLOT, (first + 1 & 0xFFFF,)))
        assert len(line.sent) == 1
        assert line.transport.drops == {DropReason.RTX_EXPIRED: 1}

    def test_requests_for_key_frames_go_on_to_the_publisher(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        asked = source.due
        line.rtcp(PictureLossIndication(9, SLOT), now=5.0)
        line.rtcp(FullIntraRequest(9, ((SLOT, 1), (77, 1))), now=9.0)
        assert source.due == asked + 2

    def test_estimates_and_good_byes_are_taken(self) -> None:
        line = Line().connected()
        line.rtp(1)
        line.rtcp(Remb(9, 300_000, (SLOT,)), Goodbye((11,)))
        assert line.transport.downlink.remb == 300_000
        assert line.pending[0].stream.ended

    def test_of_other_kinds_are_read_over(self) -> None:
        line = Line().connected()
        line.rtcp(SourceDescription(((1, "name"),)))
        assert line.transport.drops == {}

    def test_that_are_broken_or_forged_are_counted(self) -> None:
        line = Line().connected()
        line.transport.receive_rtcp(b"\x80\xc8\x00\x09", 1.0)
        line.transport.uplink.srtp = Forging()  # type: ignore[assignment]
        line.rtcp(Goodbye((1,)))
        assert line.transport.drops == {
            DropReason.RTCP_MALFORMED: 1,
            DropReason.RTCP_UNAUTHENTIC: 1,
        }

    def test_are_not_sent_without_an_address(self) -> None:
        line = Line().begin()
        line.transport.send_rtcp([Goodbye((1,))])
        assert line.sent == []

    def test_fill_as_few_datagrams_as_they_fit_in(self) -> None:
        line = Line().connected()
        records = [Nack(7, 9, tuple(range(0, 17 * 100, 17))) for _ in range(4)]
        line.transport.send_rtcp(records)
        sizes = [len(data) for _, [data] in line.sent]
        assert len(sizes) == 2
        assert max(sizes) <= MAX_RTCP_DATAGRAM
        assert line.take_records() == records


class Forging:
    """SRTCP of somebody without the keys."""

    def unprotect_rtcp(self, data: bytes) -> bytes:
        raise SrtpError("unauthentic")


class TestTimers:
    def test_a_new_transport_has_none(self) -> None:
        line = Line()
        assert line.transport.next_deadline(0.0) is None
        line.begin()
        assert line.transport.next_deadline(0.0) == FAILED_AFTER
        assert not line.transport.handle_timers(1.0)

    def test_feedback_goes_out_when_it_is_due(self) -> None:
        line = Line().connected()
        line.rtp(1)
        line.rtp(3)
        assert line.transport.next_deadline(0.0) == pytest.approx(0.02)
        assert not line.transport.handle_timers(0.02)
        [nack] = line.take_records()
        assert isinstance(nack, Nack)
        assert nack.sequences == (2,)

    def test_once_a_second_reports_go_both_ways(self) -> None:
        line, source = Line().connected(), Source()
        line.rtp(1)
        line.pending[0].start()
        source.uplink.clockmap.sender_report(50.0, 0.5)
        line.watch(source)
        source.layer().stream.clock.sender_report(3_000, 50.0)
        line.transport.handle_timers(TICK)
        kinds = [type(record) for record in line.take_records()]
        assert kinds == [ReceiverReport, SenderReport, SourceDescription]
        line.transport.handle_timers(TICK + 0.5)
        assert line.take_records() == []
        line.transport.handle_timers(2 * TICK)
        assert len(line.take_records()) == 3

    def test_a_stall_changes_no_phase(self) -> None:
        line = Line().connected()
        line.transport.handle_timers(TICK + 0.4)
        assert line.transport.ticked_at == TICK + 0.4
        assert line.transport.next_deadline(TICK + 0.4) == 2 * TICK
        line.transport.handle_timers(5.3)
        assert line.transport.next_deadline(5.3) == 6 * TICK

    def test_layers_are_chosen_anew_every_few_seconds(self) -> None:
        line = Line().connected()
        anew = [line.transport.handle_timers(tick * TICK) for tick in range(1, 9)]
        assert anew == [False, False, False, True] * 2

    def test_layers_are_chosen_anew_every_second_under_a_limit(self) -> None:
        line = Line().connected()
        line.transport.downlink.estimator.sent_rate(1e6, 1.0)
        line.transport.downlink.estimator.on_report(0.5, 0.1, 5.0, 100)
        for at in (6.0, 7.0, 8.0):
            line.transport.downlink.estimator.on_report(0.5, 0.1, at, 100)
        assert line.transport.downlink.limited
        assert line.transport.handle_timers(9.0)
        assert line.transport.handle_timers(10.0)

    def test_without_media_there_is_nothing_to_report(self) -> None:
        line = Line().connected()
        line.transport.handle_timers(TICK)
        assert line.take_records() == []

    def test_bad_seconds_become_a_word(self) -> None:
        line = Line().connected()
        line.rtp(1)
        line.pending[0].start()
        assert line.transport.take_quality() is None
        for tick in (1, 2):
            line.rtp(20 * tick, now=tick - 0.01)
            line.transport.handle_timers(float(tick))
        quality = line.transport.take_quality()
        assert quality is not None
        assert (quality.uplink, quality.downlink) == ("poor", "good")
        assert line.transport.take_quality() is None

    def test_arrivals_are_fed_back(self) -> None:
        line = Line().connected()
        data = write_rtp(VP8_PT, False, 1, 2, 11, [(3, b"\0\1")], vp8())
        line.transport.receive_rtp(data + TAG, 0.0)
        line.transport.handle_timers(0.1)
        [feedback] = line.take_records()
        assert isinstance(feedback, TransportFeedback)


class TestClosing:
    def test_ends_everything_once(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        line.rtp(1)
        line.transport.close("left", 1.0)
        line.transport.close("again", 1.0)
        assert line.state == "closed"
        assert line.transport.close_reason == "left"
        assert line.dtls.sessions[0].closed
        assert source.layer().subscribers() == ()
        assert not source.producer().watchers
        assert all(producer.closed for producer in line.transport.uplink.producers.values())
        assert line.transport.next_deadline(1.0) is None

    def test_lets_go_of_those_who_watch(self) -> None:
        line, other = Line().connected(), Line().connected()
        line.rtp(1)
        consumer = next(iter(other.transport.downlink.consumers.values()))
        consumer.assign(line.pending[0].producer, 0.0)
        consumer.set_target(line.pending[0], 0.0)
        line.transport.close("left", 1.0)
        assert consumer.producer is None
        assert consumer.target is None

    def test_frees_the_slots_before_dtls_which_may_fail(self) -> None:
        line, source = Line().connected(), Source()
        line.watch(source)
        line.dtls.sessions[0].close = broken  # type: ignore[method-assign]
        with pytest.raises(RuntimeError):
            line.transport.close("left", 1.0)
        assert source.layer().subscribers() == ()
        assert line.state == "closed"


def broken() -> None:
    raise RuntimeError
