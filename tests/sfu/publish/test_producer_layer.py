"""One stream of a publisher: its line of indices, what goes on it, who receives it."""

from itertools import pairwise

import pytest

from sfu.publish.producer import BUFFERED, MAX_LEAP, REORDERING, Layer, Producer
from sfu.publish.stream import QUIET_AFTER
from sfu.stats import DropReason
from tests.support.core import (
    OPUS_PT,
    Source,
    Viewer,
    flush,
    sequences,
    show,
    vp8,
)
from tests.support.offers import H264, audio, video


def take(layer: Layer, index: int, payload: bytes = b"\x10delta", *, now: float = 0.0) -> object:
    return layer.receive(index, 0, index * 3_000, payload, None, now)


def lines(layer: Layer) -> list[int]:
    """Places on the line of what waits for the next flush, in order."""
    return [packet.index for packet in layer.pending]


def test_first_packet_begins_the_line_with_room_for_what_it_overtook() -> None:
    layer = Source().layer()
    for index in (40_000, 40_001, 40_000 - REORDERING):
        assert take(layer, index) is None
    assert lines(layer) == [REORDERING, REORDERING + 1, 0]
    assert take(layer, 40_000 - REORDERING - 1) is DropReason.RTP_TOO_OLD


def test_a_layer_asks_to_be_flushed_once_per_batch() -> None:
    source = Source()
    layer = source.layer()
    take(layer, 5)
    take(layer, 6)
    assert source.pending == [layer]
    layer.take_pending()
    take(layer, 7)
    assert source.pending == [layer, layer]


def test_a_repeated_packet_is_dropped() -> None:
    layer = Source().layer()
    take(layer, 5)
    take(layer, 6)
    assert take(layer, 5) is DropReason.RTX_DUPLICATE


def test_a_packet_that_the_history_no_longer_knows_never_goes_out_again() -> None:
    layer = Source().layer()
    for index in range(BUFFERED["video"] + 10):
        take(layer, index)
    layer.take_pending()
    assert take(layer, 5, b"\x10other") is DropReason.RTP_TOO_OLD
    assert layer.pending == []


@pytest.mark.parametrize("leap", [MAX_LEAP + 1, 5_000, 0x8000])
def test_a_leap_makes_the_line_go_on_right_behind(leap: int) -> None:
    layer = Source().layer()
    take(layer, 100)
    take(layer, 101)
    layer.take_pending()
    take(layer, 101 + leap)
    take(layer, 102 + leap)
    assert lines(layer) == [2 * REORDERING + 2, 2 * REORDERING + 3]
    assert take(layer, 102) is DropReason.RTP_TOO_OLD, "of the line before"


def test_what_repair_can_close_is_no_leap() -> None:
    layer = Source().layer()
    take(layer, 100)
    take(layer, 100 + MAX_LEAP)
    assert lines(layer) == [REORDERING, REORDERING + MAX_LEAP]


def test_a_leap_begins_the_pictures_of_all_who_watch_anew() -> None:
    source, viewer = Source(), Viewer()
    source.receive(1, vp8(key=True))
    consumer = show(viewer, source)
    assert sequences(flush(source)) == [1]
    source.receive(2)
    flush(source)
    source.receive(9_000)
    assert flush(source) == []
    assert consumer.target is source.layer()
    source.receive(9_001, vp8(key=True))
    source.receive(9_002)
    assert sequences(flush(source)) == [3, 4]
    assert consumer.layer is source.layer()


def test_a_leap_asks_for_a_key_frame_unless_it_brings_one() -> None:
    source, viewer = Source(), Viewer()
    source.receive(1, vp8(key=True))
    show(viewer, source)
    flush(source)
    asked = source.layer().stream.plis_sent
    source.receive(5_000, vp8(key=True), now=10.0)
    assert source.layer().stream.plis_sent == asked
    flush(source)
    source.receive(10_000, now=20.0)
    assert source.layer().stream.plis_sent == asked + 1


def test_a_slot_that_waits_for_another_layer_keeps_waiting_when_its_own_leaps() -> None:
    source, viewer, other = Source(), Viewer(), Source(transport_id="other")
    source.receive(1, vp8(key=True))
    consumer = show(viewer, source)
    flush(source)
    other.receive(1, vp8())
    show(viewer, other)
    source.receive(7_000, vp8(key=True))
    assert flush(source) == []
    assert consumer.target is other.layer()
    other.receive(2, vp8(key=True))
    assert sequences(flush(other)) == [2]


def test_sound_goes_on_at_once_after_a_leap() -> None:
    source, viewer = Source(audio()), Viewer(audio("recvonly"))
    source.receive(1, b"opus", payload_type=OPUS_PT)
    show(viewer, source)
    flush(source)
    source.receive(3_000, b"opus", payload_type=OPUS_PT)
    assert sequences(flush(source)) == [2]


def test_what_waits_for_the_flush_is_left_out_when_the_line_breaks() -> None:
    source, viewer = Source(), Viewer()
    source.receive(1, vp8(key=True))
    show(viewer, source)
    source.receive(5_000, vp8(key=True))
    sent = flush(source)
    assert [one.rtp.timestamp for one in sent] == [0]
    assert len(sent) == 1


def test_end_of_the_line_stops_asking_for_what_is_missing() -> None:
    layer = Source().layer()
    take(layer, 10, now=0.0)
    take(layer, 15, now=0.0)
    assert layer.stream.nack is not None
    assert layer.stream.nack.deadline is not None
    layer.end_segment()
    assert layer.stream.nack.deadline is None
    take(layer, 40, now=1.0)
    assert layer.stream.nack.deadline is None, "what came meanwhile isn't missing"


def test_paused_producer_takes_nothing_and_misses_nothing() -> None:
    source = Source()
    source.producer().paused = True
    assert source.receive(1) is DropReason.PRODUCER_PAUSED
    assert source.receive(90) is DropReason.PRODUCER_PAUSED
    assert source.layer().pending == []
    assert source.layer().stream.reception.packets == 2
    assert source.uplink.next_deadline(0.0) is None


class TestProbes:
    """Padding alone (RFC 3550 5.1): nothing for subscribers."""

    def test_a_probe_closes_its_gap(self) -> None:
        layer = Source().layer()
        take(layer, 10)
        assert take(layer, 11, b"") is DropReason.RTP_PADDING
        take(layer, 12)
        first, second = lines(layer)
        assert second == first + 1

    def test_a_late_probe_keeps_its_place(self) -> None:
        layer = Source().layer()
        take(layer, 10)
        take(layer, 12)
        assert take(layer, 11, b"") is None
        assert layer.pending[-1].payload == b"\x01"
        assert layer.pending[-1].flags == 0xA0

    def test_a_late_probe_twice_goes_out_once(self) -> None:
        layer = Source().layer()
        take(layer, 10)
        take(layer, 12)
        take(layer, 11, b"")
        assert take(layer, 11, b"") is DropReason.RTX_DUPLICATE
        assert len(layer.pending) == 3

    def test_a_dropped_probe_that_comes_again_as_media_stays_out(self) -> None:
        layer = Source().layer()
        take(layer, 10)
        take(layer, 11, b"")
        take(layer, 12)
        assert take(layer, 11) is DropReason.RTP_TOO_OLD

    def test_a_probe_from_before_the_known_runs_is_dropped(self) -> None:
        layer = Source().layer()
        for index in range(0, 2 * 200, 2):
            take(layer, index)
            take(layer, index + 1, b"")
        assert take(layer, 1, b"") is DropReason.RTP_PADDING

    def test_probes_dont_keep_a_layer_running(self) -> None:
        layer = Source().layer()
        take(layer, 1, now=0.0)
        take(layer, 2, b"", now=QUIET_AFTER + 0.1)
        assert layer.stream.is_quiet(QUIET_AFTER + 0.1)


class TestStarts:
    """Where a subscriber may begin."""

    @pytest.mark.parametrize(
        ("payload", "starts"),
        [
            (vp8(key=True), True),
            (vp8(), False),
            (vp8(start=False), False),
            (b"\x80", False),
        ],
    )
    def test_vp8(self, payload: bytes, starts: bool) -> None:
        layer = Source().layer()
        take(layer, 1, payload)
        assert layer.pending[0].starts is starts

    def test_vp8_key_frame_tells_the_height(self) -> None:
        layer = Source().layer()
        assert layer.height == 720
        take(layer, 1, vp8(key=True))
        assert layer.height == 180

    def test_vp8_key_frame_that_is_cut_off_tells_none(self) -> None:
        layer = Source().layer()
        take(layer, 1, b"\x10\x00")
        assert layer.pending[0].starts
        assert layer.height == 720

    @pytest.mark.parametrize(("nal", "starts"), [(0x67, True), (0x65, True), (0x61, False)])
    def test_h264(self, nal: int, starts: bool) -> None:
        layer = Source(video("sendonly", H264)).layer()
        take(layer, 1, bytes([nal, 0]))
        assert layer.pending[0].starts is starts

    def test_any_sound(self) -> None:
        layer = Source(audio()).layer(source="microphone")
        take(layer, 1, b"opus")
        assert layer.pending[0].starts


class TestNewestNumbers:
    """What a slot needs to go on from when it leaves."""

    def test_are_those_of_the_highest_index_not_of_the_last_packet(self) -> None:
        layer = Source().layer()
        take(layer, 7, vp8(picture=7, tl0=3))
        take(layer, 9, vp8(picture=9, tl0=4))
        take(layer, 8, vp8(picture=8, tl0=3))
        layer.take_pending()
        assert layer.newest_timestamp == 27_000
        assert layer.newest_numbers == (9, 4)

    def test_survive_packets_that_have_none(self) -> None:
        layer = Source().layer()
        take(layer, 7, vp8(picture=7, tl0=3))
        take(layer, 8, b"\x10plain")
        layer.take_pending()
        assert layer.newest_timestamp == 24_000
        assert layer.newest_numbers == (7, 3)


class TestAnotherSsrc:
    """A publisher's encoder starts anew (RFC 3550 8.2): the line goes on."""

    def restarted(self) -> tuple[Producer, Layer]:
        source = Source()
        layer = source.layer()
        layer.begin_stream(11)
        for index in (3_000, 3_001):
            layer.stream.reception.receive(index, 0, 0.0, 100)
            take(layer, index)
        layer.stream.clock.sender_report(0, 1.0)
        layer.begin_stream(12)
        return source.producer(), layer

    def test_lower_numbers_come_behind(self) -> None:
        _, layer = self.restarted()
        before = lines(layer)
        layer.take_pending()
        take(layer, 7)
        take(layer, 8)
        assert all(a < b for a, b in pairwise([*before, *lines(layer)]))

    def test_statistics_and_clock_begin_anew(self) -> None:
        _, layer = self.restarted()
        assert layer.stream.ssrc == 12
        assert layer.stream.reception.packets == 0
        assert layer.stream.clock.ntp_at(0) is None


class TestRunning:
    def test_quiet_after_a_while_without_media(self) -> None:
        layer = Source().layer()
        take(layer, 1, now=1.0)
        assert not layer.stream.is_quiet(1.0 + QUIET_AFTER)
        assert layer.stream.is_quiet(1.1 + QUIET_AFTER)

    def test_a_layer_that_stops_has_no_loss(self) -> None:
        layer = Source().layer()
        layer.start()
        layer.stream.loss = 0.5
        layer.stop()
        assert not layer.active
        assert layer.stream.loss == 0.0


class TestMembers:
    def test_are_grouped_by_extension_profile(self) -> None:
        layer = Source().layer()
        plain, other, same = Viewer().slot(), Viewer().slot(), Viewer().slot()
        other.profile = (0, 0)
        for consumer in (plain, other, same):
            layer.add(consumer)
        assert layer.by_profile == ((plain.profile, (plain, same)), ((0, 0), (other,)))
        layer.remove(other)
        layer.remove(other)
        left = list(layer.by_profile)
        assert left == [(plain.profile, (plain, same))]
        assert layer.subscribers() == (plain, same)

    def test_wait_and_forget_are_idempotent(self) -> None:
        layer, consumer = Source().layer(), Viewer().slot()
        layer.wait(consumer)
        layer.wait(consumer)
        assert tuple(layer.waiters) == (consumer,)
        layer.forget(consumer)
        layer.forget(consumer)
        assert not layer.waiters


class TestUnwatched:
    """A layer without subscribers costs as little as it may."""

    def running(self) -> Source:
        source = Source()
        source.receive(1, vp8(key=True))
        source.layer().start()
        flush(source)
        return source

    def test_keeps_only_what_may_begin_a_picture(self) -> None:
        source = self.running()
        source.receive(2, vp8(start=False))
        source.receive(3, vp8(start=True))
        assert [packet.timestamp for packet in source.layer().pending] == [9_000]

    def test_is_not_quiet_for_that(self) -> None:
        source = self.running()
        source.receive(2, vp8(start=False), now=5.0)
        assert not source.layer().stream.is_quiet(5.5)

    def test_has_everything_for_those_who_wait(self) -> None:
        source, viewer = self.running(), Viewer()
        show(viewer, source)
        source.receive(2, vp8(start=False))
        source.receive(3, vp8(key=True))
        source.receive(4, vp8(start=False))
        assert [sent.rtp.sequence for sent in flush(source)] == [1, 2]

    def test_has_everything_until_it_has_been_told_to_run(self) -> None:
        source = Source()
        source.receive(1, vp8(start=False))
        assert len(source.layer().pending) == 1

    def test_keeps_a_picture_whole_that_is_waiting_for_its_end(self) -> None:
        source = self.running()
        source.receive(2, vp8(key=True))
        viewer = Viewer()
        show(viewer, source)
        source.receive(3, vp8(start=False), timestamp=6_000)
        assert [sent.rtp.sequence for sent in flush(source)] == [1, 2]

    def test_keeps_the_rest_of_it_before_anybody_comes_too(self) -> None:
        source = self.running()
        source.receive(2, vp8(key=True))
        source.receive(3, vp8(start=False), timestamp=6_000)
        assert len(source.layer().pending) == 2
