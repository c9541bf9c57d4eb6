"""What one participant publishes: streams in, feedback out."""

from collections.abc import Iterable

import pytest

from sfu.publish.uplink import KEEP_ENDED
from sfu.stats import DropReason
from sfu.wire.arith import ntp_from_seconds
from sfu.wire.rtcp import (
    Goodbye,
    Nack,
    PictureLossIndication,
    RtcpRecord,
    SenderReport,
    TransportFeedback,
)
from tests.support.core import OPUS_PT, Source, Viewer, flush, sequences, show, vp8
from tests.support.media import write_rtp
from tests.support.offers import H264, Piece, audio, video

MID, RID = 4, 10
LOCAL = 7


def kinds(records: Iterable[RtcpRecord]) -> list[type]:
    return [type(record) for record in records]


def report_of(ssrc: int, timestamp: int, seconds: float) -> SenderReport:
    return SenderReport(ssrc, ntp_from_seconds(seconds), timestamp, 1, 1)


class TestWhatComesIn:
    def test_media_reaches_its_layer(self) -> None:
        source = Source()
        assert source.receive(5) is None
        assert source.layer().stream.ssrc == 11
        assert source.layer().stream.reception.packets == 1
        assert len(source.layer().pending) == 1

    def test_before_the_keys_nothing_is_taken(self) -> None:
        source = Source(connected=False)
        assert source.receive(5) is DropReason.NOT_CONNECTED

    def test_what_is_no_rtp_is_dropped(self) -> None:
        assert Source().uplink.receive_rtp(b"\x80", 0.0) is DropReason.RTP_MALFORMED

    def test_forged_media_is_dropped_and_leaves_nothing(self) -> None:
        source = Source(max_streams=1)
        packet = write_rtp(96, False, 1, 2, 99, [], b"\x10forged")
        assert source.uplink.receive_rtp(packet + b"x" * 16, 0.0) is DropReason.RTP_UNAUTHENTIC
        assert source.receive(1) is None, "the only place is still free"

    @pytest.mark.parametrize(
        ("again", "reason"),
        [(2_000, DropReason.RTP_REPLAYED), (100, DropReason.RTP_TOO_OLD)],
    )
    def test_replays_are_dropped(self, again: int, reason: DropReason) -> None:
        source = Source()
        source.receive(2_000)
        assert source.receive(again) is reason

    def test_an_unknown_stream_is_dropped(self) -> None:
        source = Source(video(), video())
        assert source.receive(1) is DropReason.RTP_UNKNOWN_STREAM
        assert source.receive(2, extensions=[(MID, b"1")]) is None

    def test_another_codec_is_dropped_and_takes_no_layer_over(self) -> None:
        source = Source()
        source.receive(1)
        assert source.receive(2, payload_type=33) is DropReason.RTP_UNWANTED_CODEC
        other = source.receive(2, ssrc=50, payload_type=33, extensions=[(MID, b"0")])
        assert other is DropReason.RTP_UNWANTED_CODEC
        assert source.layer().stream.ssrc == 11

    def test_padding_is_cut_off(self) -> None:
        source = Source()
        source.receive(1, b"\x10media", padding=9)
        assert source.layer().pending[0].payload == b"\x10media"

    def test_padding_longer_than_the_packet_is_dropped(self) -> None:
        source = Source()
        packet = bytearray(write_rtp(96, False, 1, 2, 11, [], b"\x10media\xff"))
        packet[0] |= 0x20
        reason = source.uplink.receive_rtp(bytes(packet) + bytes(16), 0.0)
        assert reason is DropReason.RTP_MALFORMED

    def test_audio_levels_are_told(self) -> None:
        source = Source(audio())
        source.receive(1, b"opus", payload_type=OPUS_PT, extensions=[(1, b"\x9e")], now=3.0)
        source.receive(2, b"opus", payload_type=OPUS_PT, now=3.0)
        assert source.levels == [("teacher:microphone", 30, 3.0)]

    @pytest.mark.parametrize("value", [bytes(2), bytes(16), bytes(200)])
    def test_an_orientation_of_another_length_goes_no_further(self, value: bytes) -> None:
        """Found by fuzzing: viewers were sent it, in headers that they had not agreed to."""
        source = Source()
        source.receive(1, extensions=[(13, value)])
        assert [p.orientation for p in source.layer().pending] == [None]

    def test_orientation_stays_with_its_packet(self) -> None:
        source = Source()
        source.receive(1, extensions=[(13, b"\x01")])
        source.receive(2)
        assert [p.orientation for p in source.layer().pending] == [b"\x01", None]


class TestRepair:
    """RFC 4588."""

    def test_a_lost_packet_comes_by_rtx(self) -> None:
        source = Source()
        source.receive(10)
        source.receive(12)
        assert source.repair(11, vp8(picture=11), sequence=0) is None
        indices = sorted(packet.index for packet in source.layer().pending)
        assert indices == [32, 33, 34]

    def test_a_packet_that_came_is_not_taken_again(self) -> None:
        source = Source()
        source.receive(10)
        assert source.repair(10, vp8(), sequence=0) is DropReason.RTX_DUPLICATE

    def test_of_what_was_never_sent_is_dropped(self) -> None:
        source = Source()
        assert source.repair(10, vp8(), sequence=0) is DropReason.RTX_AHEAD
        source.receive(10)
        assert source.repair(11, vp8(), sequence=1) is DropReason.RTX_AHEAD
        assert source.receive(11) is None

    def test_without_a_number_is_padding(self) -> None:
        source = Source()
        source.receive(10)
        reason = source.receive(0, b"\x00", ssrc=12, payload_type=97)
        assert reason is DropReason.RTP_PADDING

    def test_old_content_never_goes_out_under_a_number_that_was_used(self) -> None:
        source, viewer = Source(), Viewer()
        source.receive(0, vp8(key=True))
        show(viewer, source)
        for sequence in range(1, 1_200):
            source.receive(sequence)
        flush(source)
        assert source.repair(5, b"\x10other", sequence=0) is DropReason.RTP_TOO_OLD
        assert flush(source, stamp=2) == []


class TestAnotherSsrc:
    """The publisher restarts a stream; nonces, numbers and statistics must survive it."""

    def restarted(self, first: int) -> tuple[Source, Viewer]:
        source, viewer = Source(), Viewer()
        source.receive(first, vp8(key=True))
        show(viewer, source)
        for sequence in range(first + 1, first + 1_300):
            source.receive(sequence)
        assert len(flush(source)) == 1_300
        return source, viewer

    @pytest.mark.parametrize("begin", [0, 99, 100, 700, 5_000, 60_000])
    def test_goes_on_on_the_slots_line(self, begin: int) -> None:
        source, viewer = self.restarted(100)
        source.receive(begin, vp8(key=True), ssrc=50, now=1.0)
        source.receive(begin + 1, ssrc=50, now=1.0)
        assert sequences(flush(source, 1.0, stamp=5)) == [1_301, 1_302]
        assert viewer.slot().layer is source.layer()

    def test_waits_for_a_key_frame_and_asks_for_it(self) -> None:
        source, _ = self.restarted(100)
        source.receive(7, ssrc=50, now=9.0)
        assert flush(source, 9.0, stamp=5) == []
        [asked] = source.uplink.handle_timers(9.0)
        assert asked == PictureLossIndication(LOCAL, 50)

    def test_ends_what_came_before_and_its_repairs(self) -> None:
        source, _ = self.restarted(100)
        source.repair(100, vp8(), sequence=0)
        source.receive(7, ssrc=50)
        assert source.receive(1_400) is DropReason.RTP_STREAM_ENDED
        assert source.repair(101, vp8(), sequence=1) is DropReason.RTP_STREAM_ENDED
        assert source.repair(7, vp8(), sequence=0, ssrc=51) is DropReason.RTX_DUPLICATE

    def test_asks_again_by_the_streams_own_numbers(self) -> None:
        source, _ = self.restarted(100)
        source.receive(7, vp8(key=True), ssrc=50, now=1.0)
        source.receive(10, ssrc=50, now=1.0)
        records = source.uplink.handle_timers(1.1)
        assert Nack(LOCAL, 50, (8, 9)) in records

    def test_reports_of_the_one_before_no_longer_count(self) -> None:
        source, _ = self.restarted(100)
        source.receive(7, ssrc=50)
        assert not source.uplink.receive_report(report_of(11, 0, 1.0), 1.0)
        assert source.uplink.receive_report(report_of(50, 0, 1.0), 1.0)

    def test_repairs_heard_before_the_first_media_stay_usable(self) -> None:
        source = Source()
        source.repair(9, vp8(), sequence=0)
        source.receive(8)
        source.receive(10)
        assert source.repair(9, vp8(), sequence=1) is None

    def test_ended_streams_give_their_place_when_it_is_needed(self) -> None:
        source = Source(max_streams=2)
        source.receive(1, now=0.0)
        source.receive(1, ssrc=50, now=1.0)
        too_soon = 1.0 + KEEP_ENDED - 0.1
        assert source.receive(1, ssrc=51, now=too_soon) is DropReason.RTP_TOO_MANY_STREAMS
        assert source.receive(1, ssrc=51, now=1.0 + KEEP_ENDED) is None
        assert source.layer().stream.ssrc == 51

    def test_running_streams_never_do(self) -> None:
        source = Source(audio(), max_streams=1)
        source.receive(1, b"opus", payload_type=OPUS_PT)
        reason = source.receive(1, b"opus", ssrc=50, payload_type=OPUS_PT, now=100.0)
        assert reason is DropReason.RTP_TOO_MANY_STREAMS


class TestGoodbye:
    def test_stops_the_layer_at_once(self) -> None:
        source = Source()
        source.receive(1)
        source.layer().start()
        source.uplink.receive_goodbye(Goodbye((11, 99)))
        assert source.layer().stream.is_quiet(0.0)

    def test_of_a_repair_stream_stops_nothing(self) -> None:
        source = Source()
        source.receive(1)
        source.repair(1, vp8(), sequence=0)
        source.uplink.receive_goodbye(Goodbye((12,)))
        assert not source.layer().stream.is_quiet(0.0)

    def test_the_same_ssrc_may_come_back_with_its_srtp_state(self) -> None:
        source = Source()
        for sequence in (0, 30_000, 60_000, 24_464, 54_464, 18_928):  # twice around
            source.receive(sequence)
        source.uplink.receive_goodbye(Goodbye((11,)))
        assert source.receive(18_928) is DropReason.RTP_REPLAYED
        assert source.receive(18_929) is None
        assert source.layer().stream.reception.highest_index == 18_929 + 2 * 0x10000


class TestRenegotiation:
    def test_what_stays_as_it_was_keeps_its_producer(self) -> None:
        source = Source(audio(), video(rids=("q", "f")))
        before = dict(source.uplink.producers)
        opened, closed = source.negotiate(audio(), video(rids=("q", "f")), video())
        assert [producer.source for producer in opened] == ["screen"]
        assert closed == []
        assert {k: v for k, v in source.uplink.producers.items() if k in before} == before

    @pytest.mark.parametrize(
        "changed",
        [video(rids=("q", "h")), video(), video("sendonly", H264, rids=("q", "f"))],
        ids=["rids", "no rids", "codec"],
    )
    def test_another_shape_is_another_producer(self, changed: Piece) -> None:
        source = Source(video(rids=("q", "f")))
        before = source.producer()
        opened, closed = source.negotiate(changed)
        assert closed == [before]
        assert opened == [source.producer()]

    def test_an_ssrc_goes_on_for_the_new_producer_with_its_srtp_state(self) -> None:
        source = Source()
        for sequence in (0, 30_000, 60_000, 24_464, 54_464, 18_928):  # twice around
            source.receive(sequence)
        source.negotiate(video("sendonly", H264))
        assert source.receive(18_928, payload_type=108) is DropReason.RTP_REPLAYED
        assert source.receive(18_929, b"\x61x", payload_type=108) is None
        assert source.layer().stream.reception.highest_index == 18_929 + 2 * 0x10000

    def test_a_section_that_stops_sending_closes_its_producer(self) -> None:
        source = Source(audio(), video())
        camera = source.producer()
        assert source.negotiate(audio(), video("inactive")) == ([], [camera])


class TestFeedback:
    def test_missing_packets_are_asked_for(self) -> None:
        source = Source()
        source.receive(65_534)
        source.receive(1)
        due = source.uplink.next_deadline(0.0)
        assert due == pytest.approx(0.02)
        assert source.uplink.handle_timers(0.01) == []
        assert source.uplink.handle_timers(0.02) == [Nack(LOCAL, 11, (65_535, 0))]

    def test_a_lost_sound_is_not_asked_for(self) -> None:
        source = Source(audio())
        source.receive(1, b"opus", payload_type=OPUS_PT)
        source.receive(9, b"opus", payload_type=OPUS_PT)
        assert source.uplink.next_deadline(0.0) is None
        assert source.uplink.handle_timers(5.0) == []

    def test_too_many_missing_become_a_key_frame_request(self) -> None:
        source = Source()
        source.receive(0)
        source.receive(250)
        source.receive(500)
        assert PictureLossIndication(LOCAL, 11) in source.uplink.handle_timers(0.05)

    def test_key_frame_requests_are_throttled_and_repeated_until_one_comes(self) -> None:
        source = Source()
        source.receive(1)
        layer = source.layer()
        for _ in range(3):
            source.uplink.request_keyframe(layer.stream, 10.0)
        assert source.due == 3
        assert source.uplink.next_deadline(10.0) == 10.0
        assert kinds(source.uplink.handle_timers(10.0)) == [PictureLossIndication]
        assert kinds(source.uplink.handle_timers(10.5)) == [PictureLossIndication]
        source.receive(2, vp8(key=True), now=10.6)
        assert source.uplink.handle_timers(12.0) == []
        assert layer.stream.plis_sent == 2

    def test_arrivals_are_told_by_transport_cc(self) -> None:
        source = Source()
        source.receive(1, extensions=[(3, b"\x00\x05")], now=1.0)
        assert source.uplink.next_deadline(1.0) == pytest.approx(1.1)
        assert source.uplink.handle_timers(1.05) == []
        [feedback] = source.uplink.handle_timers(1.1)
        assert isinstance(feedback, TransportFeedback)
        assert (feedback.media_ssrc, feedback.base_sequence) == (11, 5)

    def test_a_transport_cc_number_of_another_size_is_read_over(self) -> None:
        source = Source()
        source.receive(1, extensions=[(3, b"\x05")])
        assert source.uplink.next_deadline(0.0) is None

    def test_reports_are_about_running_streams(self) -> None:
        source = Source()
        assert source.uplink.receiver_report(0.0) is None
        source.receive(1)
        source.receive(4)
        source.layer().start()
        report = source.uplink.receiver_report(1.0)
        assert report is not None
        [block] = report.reports
        assert (report.ssrc, block.ssrc, block.packets_lost) == (LOCAL, 11, 2)
        assert source.layer().stream.loss == pytest.approx(0.5)

    def test_sender_reports_set_the_clocks(self) -> None:
        source = Source()
        source.receive(1)
        assert source.uplink.receive_report(report_of(11, 90_000, 100.0), 5.0)
        clock = source.layer().stream.clock
        assert clock.rtp_at(6.0, source.uplink.clockmap) == pytest.approx(180_000, abs=1)

    def test_sender_reports_of_others_are_read_over(self) -> None:
        source = Source(video(), video())
        source.receive(1)
        source.receive(1, ssrc=12, extensions=[(MID, b"0")])
        source.repair(1, vp8(), sequence=0, ssrc=13)
        for ssrc in (99, 11, 13):
            assert not source.uplink.receive_report(report_of(ssrc, 0, 1.0), 1.0)
