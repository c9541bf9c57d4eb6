"""How often a layer's segments may cut its subscribers off."""

from sfu.stats import DropReason
from tests.support.core import Source, Viewer, flush, sequences, show, vp8


def test_leaps_cut_subscribers_off_once_a_second() -> None:
    source, viewer = Source(), Viewer()
    source.receive(1, vp8(key=True))
    show(viewer, source)
    flush(source)
    assert source.receive(1_000, vp8(key=True), now=5.0) is None
    assert sequences(flush(source, 5.0)) == [2]
    asked = source.layer().stream.plis_sent
    for number in range(100):
        leap = source.receive(1_300 + 5 * number, vp8(key=True), now=5.0 + number / 101)
        assert leap is DropReason.RTP_LEAPING
    assert source.receive(1_001, now=5.99) is None, "who watches keeps what there is"
    assert sequences(flush(source, 5.99)) == [3]
    assert source.receive(2_000, now=6.0) is None
    assert viewer.slot().target is source.layer()
    assert source.layer().stream.plis_sent == asked + 1


def test_a_stream_that_begins_again_twice_in_a_second_is_shown_when_it_is_over() -> None:
    source, viewer = Source(), Viewer()
    source.receive(1, vp8(key=True))
    show(viewer, source)
    flush(source)
    assert source.receive(40, vp8(key=True), ssrc=60, now=5.0) is None
    assert sequences(flush(source, 5.0)) == [2]
    for number in range(5):
        again = source.receive(90 + number, vp8(key=not number), ssrc=61, now=5.2 + number / 10)
        assert again is DropReason.RTP_LEAPING
    asked = source.layer().stream.plis_sent
    assert source.receive(99, ssrc=61, now=6.05) is None
    assert source.layer().stream.plis_sent == asked + 1
    source.receive(100, vp8(key=True), ssrc=61, now=6.1)
    assert sequences(flush(source, 6.1)) == [3]


def test_leaps_that_cut_nobody_off_and_pauses_are_free() -> None:
    source, viewer = Source(), Viewer()
    for number in range(20):
        assert source.receive(1 + 300 * number, now=5.0) is None
    source.receive(7_000, vp8(key=True), now=5.0)
    show(viewer, source)
    flush(source, 5.0)
    assert source.receive(9_000, vp8(key=True), now=5.1) is None
    flush(source, 5.1)
    for number in range(3):
        source.producer().pause(5.2)
        source.producer().paused = False
        show(viewer, source, 5.2)
        assert source.receive(9_002 + 2 * number, vp8(key=True), now=5.2) is None
        assert len(flush(source, 5.2)) == 1
