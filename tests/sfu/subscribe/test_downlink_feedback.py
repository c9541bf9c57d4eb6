"""What subscribers report, and what is told to them."""

from collections.abc import Sequence

import pytest

from sfu.subscribe.downlink import MAX_SOURCES
from sfu.wire.arith import compact_ntp, ntp_from_seconds
from sfu.wire.rtcp import RtcpRecord, SenderReport, SourceDescription
from tests.support.core import (
    Source,
    Viewer,
    flush,
    show,
    vp8,
)
from tests.support.downlinks import (
    SLOT,
    congest,
    report,
    simulcast,
    targets,
    watch,
    watching,
)
from tests.support.offers import H264, Piece, video


class TestKeyFrameRequests:
    def test_go_on_to_the_layer_that_is_shown(self) -> None:
        source, viewer = watching()
        before = source.layer().stream.plis_sent
        assert viewer.downlink.receive_keyframe_request(SLOT, 9.0)
        assert source.layer().stream.plis_sent == before + 1
        assert viewer.slot().plis_received == 1

    def test_of_an_empty_slot_go_nowhere(self) -> None:
        viewer = Viewer()
        assert viewer.downlink.receive_keyframe_request(SLOT, 9.0)
        assert not viewer.downlink.receive_keyframe_request(77, 9.0)


class TestReports:
    def test_tell_the_loss_of_what_was_sent(self) -> None:
        _, viewer = watching()
        viewer.downlink.receive_reports([report(lost=0.25), report(ssrc=77, lost=1.0)], 1.0)
        assert viewer.downlink.loss == 0.25

    def test_about_nothing_new_say_nothing(self) -> None:
        _, viewer = watching()
        viewer.downlink.receive_reports([report(lost=0.25)], 1.0)
        viewer.downlink.receive_reports([report(lost=0.9)], 2.0)
        assert viewer.downlink.loss == 0.25

    def test_tell_the_round_trip(self) -> None:
        _, viewer = watching()
        sent = compact_ntp(ntp_from_seconds(100.0))
        viewer.downlink.receive_reports([report(lsr=sent, dlsr=0.5)], 100.75)
        assert viewer.downlink.round_trip == pytest.approx(0.25, abs=0.001)

    def test_from_the_future_tell_no_round_trip(self) -> None:
        _, viewer = watching()
        sent = compact_ntp(ntp_from_seconds(100.0))
        viewer.downlink.receive_reports([report(lsr=sent, dlsr=9.0)], 100.75)
        assert viewer.downlink.round_trip is None

    def test_of_heavy_loss_lower_the_layer(self) -> None:
        source, viewer = simulcast(), Viewer()
        watch(viewer, source)
        viewer.downlink.allocate(1.0)
        assert targets(viewer) == {"0": "f"}
        viewer.downlink.estimator.sent_rate(1_500_000, 1.0)
        for second in range(5, 10):
            viewer.slot().sent.packets += 100
            viewer.downlink.receive_reports([report(lost=0.5)], float(second))
        assert targets(viewer) == {"0": "h"}

    def test_remb_that_brakes_lowers_the_layer(self) -> None:
        source, viewer = simulcast(), Viewer()
        watch(viewer, source)
        viewer.downlink.allocate(1.0)
        viewer.downlink.estimator.sent_rate(1_500_000, 1.0)
        for tick in range(12):
            viewer.downlink.receive_remb(500_000, 5.0 + tick)
        assert viewer.downlink.remb == 500_000
        assert targets(viewer) == {"0": "h"}


class TestPath:
    def test_another_address_is_another_path(self) -> None:
        viewer = Viewer()
        congest(viewer, 200_000)
        viewer.downlink.loss, viewer.downlink.remb = 0.5, 1.0
        viewer.downlink.move(viewer.downlink.address)
        assert viewer.downlink.limited
        viewer.downlink.move(("192.0.2.1", 1))
        assert not viewer.downlink.limited
        assert (viewer.downlink.loss, viewer.downlink.remb) == (0.0, None)

    def test_sent_rate_is_measured_between_two_counts(self) -> None:
        viewer = Viewer()
        viewer.downlink.count_rate(10.0)
        viewer.slot().sent.bytes += 125_000
        viewer.downlink.count_rate(12.0)
        assert viewer.downlink.sent_rate == 500_000

    def test_loss_is_forgotten_when_nothing_is_sent_any_more(self) -> None:
        _, viewer = watching()
        viewer.downlink.count_rate(10.0)
        viewer.downlink.loss = 0.5
        viewer.downlink.count_rate(11.0)
        assert viewer.downlink.loss == 0.0

    def test_what_a_slot_sent_before_it_ended_is_in_the_rate(self) -> None:
        _, viewer = watching()
        viewer.downlink.count_rate(10.0)
        viewer.slot().sent.bytes += 125_000
        viewer.negotiate(video("inactive"), video("recvonly"))
        viewer.downlink.count_rate(12.0)
        assert viewer.downlink.sent_rate == 500_000
        viewer.downlink.count_rate(13.0)
        assert viewer.downlink.sent_rate == 0.0


class TestSenderReports:
    def told(self, *pieces: Piece, slots: int) -> Sequence[RtcpRecord]:
        """Reports of a viewer whose slots all show one publisher with a known clock."""
        source, viewer = Source(), Viewer(*pieces)
        source.receive(1, vp8(key=True), now=10.0)
        source.layer().stream.clock.sender_report(3_000, 50.0)
        source.uplink.clockmap.sender_report(50.0, 10.0)
        for mid in range(slots):
            show(viewer, source, mid=str(mid))
        flush(source, 10.0)
        return viewer.downlink.sender_reports(11.0)

    def test_put_the_publishers_clock_on_the_servers(self) -> None:
        report, names = self.told(slots=1)
        assert isinstance(report, SenderReport)
        assert report.ssrc == SLOT
        assert report.ntp == ntp_from_seconds(11.0)
        assert report.rtp_timestamp == 90_000
        assert report.packet_count == 1
        assert names == SourceDescription(((SLOT, "cname"),))

    def test_name_no_more_slots_at_once_than_a_packet_can(self) -> None:
        pieces = [video("recvonly")] * (MAX_SOURCES + 4)
        records = self.told(*pieces, slots=len(pieces))
        names = [r for r in records if isinstance(r, SourceDescription)]
        assert [len(record.items) for record in names] == [MAX_SOURCES, 4]

    def test_leave_out_slots_without_media_or_without_a_clock(self) -> None:
        assert self.told(slots=0) == []
        _, viewer = watching()
        assert viewer.downlink.sender_reports(11.0) == []


def test_codec_of_a_publisher_decides_the_payload_type() -> None:
    source, viewer = Source(video("sendonly", H264)), Viewer()
    source.receive(1, b"\x67sps", payload_type=108)
    show(viewer, source)
    [sent] = flush(source)
    assert sent.rtp.payload_type == 108
