"""What the next flush forwards, and what waits for the end of its frame."""

import pytest

from sfu.fanout.pending_pictures import FRAME_WAIT, PendingLayers
from tests.support.core import OPUS_PT, Source, vp8
from tests.support.offers import audio

HALF = FRAME_WAIT / 2


class Table:
    """A source whose layers go straight into the table."""

    def __init__(self, source: Source | None = None) -> None:
        self.source = source or Source()
        self.pending = PendingLayers()

    def receive(self, sequence: int, now: float, *, marker: bool = False) -> None:
        frame = sequence // 10
        payload = vp8(picture=frame)
        self.source.receive(sequence, payload, timestamp=frame, now=now, marker=marker)
        for layer in self.source.pending:
            self.pending.append(layer)
        self.source.pending.clear()

    def taken(self, now: float) -> int:
        """Packets of the layers that are ready."""
        return sum(len(layer.take_pending()) for layer in self.pending.take(now))


def test_the_beginning_of_a_frame_waits_for_its_end() -> None:
    table = Table()
    table.receive(10, 1.0)
    assert table.taken(1.0) == 0
    table.receive(11, 1.0 + HALF, marker=True)
    assert table.taken(1.0 + HALF) == 2
    assert table.pending.next_deadline() is None


def test_but_not_for_long() -> None:
    table = Table()
    table.receive(10, 1.0)
    assert table.taken(1.0 + HALF) == 0
    assert table.pending.next_deadline() == 1.0 + FRAME_WAIT
    assert table.taken(1.0 + FRAME_WAIT) == 1
    assert len(table.pending) == 0


def test_a_frame_that_came_whole_waits_for_nothing() -> None:
    table = Table()
    table.receive(10, 1.0)
    table.receive(11, 1.0, marker=True)
    assert table.taken(1.0) == 2


def test_a_late_packet_goes_at_once() -> None:
    table = Table()
    table.receive(10, 1.0)
    table.receive(12, 1.0, marker=True)
    assert table.taken(1.0) == 2
    table.receive(11, 1.1)
    assert table.taken(1.1) == 1


def test_the_wait_of_one_frame_says_nothing_of_the_next() -> None:
    table = Table()
    table.receive(10, 1.0, marker=True)
    assert table.taken(1.0) == 1
    table.receive(20, 2.0)
    assert table.taken(2.0) == 0


def test_sound_waits_for_nothing() -> None:
    source = Source(audio())
    source.receive(1, b"opus", payload_type=OPUS_PT)
    pending = PendingLayers()
    for layer in source.pending:
        pending.append(layer)
    assert len(pending.take(0.0)) == 1


def test_what_has_closed_is_let_go() -> None:
    table = Table()
    table.receive(10, 1.0)
    table.source.producer().close(1.0)
    assert table.taken(1.0 + FRAME_WAIT) == 0
    assert len(table.pending) == 0


@pytest.mark.parametrize("now", [0.0, 5.0])
def test_nothing_is_nothing(now: float) -> None:
    assert PendingLayers().take(now) == []
    assert PendingLayers().next_deadline() is None
