"""A published track: its layers, and the slots that show it."""

import pytest

from sfu.publish.producer import Producer
from sfu.wire.rtcp import Nack
from tests.support.core import Source, Viewer, flush, show, vp8
from tests.support.offers import audio, video

RIDS = ("q", "h", "f")


def running(*rates: float, rids: tuple[str, ...] = RIDS) -> Producer:
    """A producer whose layers have sent at these rates (bits/s) in the second from 0 to 1."""
    producer = Source(video(rids=rids)).producer()
    for number, (layer, rate) in enumerate(zip(producer.layers, rates, strict=False)):
        layer.begin_stream(100 + number)
        layer.stream.reception.receive(1, 0, 0.0, int(rate / 8))
        layer.start()
    return producer


@pytest.mark.parametrize(
    ("rids", "heights"),
    [((), [720]), (("a", "b"), [360, 720]), (RIDS, [180, 360, 720]), (("a",) * 0, [720])],
)
def test_heights_are_assumed_until_a_key_frame_tells(
    rids: tuple[str, ...], heights: list[int]
) -> None:
    producer = Source(video(rids=rids)).producer()
    assert [layer.height for layer in producer.layers] == heights


def test_layers_are_found_by_rid() -> None:
    producer = Source(video(rids=RIDS)).producer()
    assert producer.layer_by_rid("h") is producer.layers[1]
    assert producer.layer_by_rid("") is None
    plain = Source().producer()
    assert plain.layer_by_rid("") is plain.layers[0]


@pytest.mark.parametrize(
    ("paused", "closed", "available"),
    [(False, False, True), (True, False, False), (False, True, False)],
)
def test_available(paused: bool, closed: bool, available: bool) -> None:
    producer = Source().producer()
    producer.paused, producer.closed = paused, closed
    assert producer.available is available


class TestWhatAnAllocatorSees:
    def test_running_layers_with_their_rates(self) -> None:
        infos = running(100_000, 400_000).layer_infos(1.0)
        assert [(i.index, i.bitrate, i.height) for i in infos] == [
            (0, 100_000, 180),
            (1, 400_000, 360),
        ]

    def test_indices_rise_with_the_height_whatever_the_order_of_the_offer(self) -> None:
        producer = running(900_000, 400_000, 100_000, rids=("f", "h", "q"))
        for layer, height in zip(producer.layers, (720, 360, 180), strict=True):
            layer.height = height
        infos = producer.layer_infos(1.0)
        assert [(i.index, i.height) for i in infos] == [(0, 180), (1, 360), (2, 720)]
        assert [producer.by_height()[i.index].rid for i in infos] == ["q", "h", "f"]

    def test_silent_layers_that_once_ran_stay_on_offer(self) -> None:
        producer = running(100_000, 400_000)
        for layer in producer.layers:
            layer.stop()
        assert [i.index for i in producer.layer_infos(60.0)] == [0, 1]
        assert all(i.bitrate >= 1.0 for i in producer.layer_infos(61.0))

    def test_nothing_before_the_first_packet(self) -> None:
        assert Source().producer().layer_infos(0.0) == ()


class TestKeyFrameRequests:
    def test_go_to_the_publisher(self) -> None:
        source = Source()
        source.receive(1)
        source.producer().request_keyframe(source.layer(), 0.0)
        assert source.layer().stream.plis_sent == 1

    def test_are_spared_while_a_key_frame_is_just_arriving(self) -> None:
        source = Source()
        source.receive(1, vp8(key=True))
        source.producer().request_keyframe(source.layer(), 0.0)
        assert source.layer().stream.plis_sent == 0

    def test_make_no_sense_before_the_first_packet_or_for_sound(self) -> None:
        source, sound = Source(), Source(audio())
        source.producer().request_keyframe(source.layer(), 0.0)
        sound.receive(1, b"opus", payload_type=111)
        sound.producer("microphone").request_keyframe(sound.layer(source="microphone"), 0.0)
        assert (source.due, sound.due) == (0, 0)


class TestPauseAndClose:
    def shown(self) -> tuple[Source, Viewer, Viewer]:
        """One who sees the producer, one who waits for it."""
        source, sees, waits = Source(), Viewer(), Viewer()
        source.receive(1, vp8(key=True))
        show(sees, source)
        flush(source)
        show(waits, source)
        return source, sees, waits

    def test_pause_empties_the_slots_but_they_stay_pointed_at_it(self) -> None:
        source, sees, waits = self.shown()
        source.producer().pause(1.0)
        for viewer in (sees, waits):
            assert viewer.slot().layer is None
            assert viewer.slot().target is None
            assert viewer.slot().producer is source.producer()
        assert source.layer().subscribers() == ()

    def test_what_is_sent_during_a_pause_is_not_asked_for_afterwards(self) -> None:
        source, *_ = self.shown()
        source.producer().pause(1.0)
        source.receive(2, now=1.1)
        source.receive(50, now=1.2)
        source.producer().paused = False
        source.receive(60, now=2.0)
        assert not any(isinstance(record, Nack) for record in source.uplink.handle_timers(2.5))

    def test_close_lets_go_of_everybody_and_of_the_packets(self) -> None:
        source, sees, waits = self.shown()
        source.receive(2)
        source.producer().close(1.0)
        source.producer().close(1.0)
        for viewer in (sees, waits):
            assert viewer.slot().layer is None
            assert viewer.slot().producer is None
            assert viewer.slot().find_sent(1) is None
        assert not source.producer().watchers
        assert source.layer().pending == []
        assert not source.layer().waiters
