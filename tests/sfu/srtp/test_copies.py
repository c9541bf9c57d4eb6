"""Single copies: what is sent again, and what goes by itself."""

from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Collected
from sfu.srtp.copies import copy, prepare
from tests.sfu.fanout.test_forward import ORIENTED, watched, without_rtx
from tests.support.core import (
    TAG,
    VP8_RTX_PT,
    Source,
    Viewer,
    flush,
    read_sent,
    show,
    vp8,
)
from tests.support.media import read_rtp


def test_a_copy_alone_is_the_one_that_a_group_gets() -> None:
    viewer = Viewer()
    source = watched(viewer)
    source.receive(2, vp8(picture=2), marker=True)
    outbox = Collected()
    forward(source.layer(), 1, 0.5, outbox, Totals())
    [(_, [sent])] = outbox
    found = viewer.slot().find_sent(2)
    assert found is not None
    _, mapping, packet = found
    [entry] = prepare([packet], viewer.slot().profile)
    assert copy(entry, viewer.slot().index_space, mapping) == sent


class TestRetransmission:
    def sent_again(self, viewer: Viewer, sequence: int) -> bytes:
        found = viewer.slot().find_sent(sequence)
        assert found is not None
        again = viewer.slot().retransmit(*found)
        assert again is not None
        return again

    def test_by_rtx_names_the_first_sequence_number(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(2, vp8(picture=2), marker=True)
        [first] = flush(source)
        again = read_rtp(self.sent_again(viewer, 2)[: -len(TAG)])
        assert (again.ssrc, again.payload_type, again.sequence) == (2_000, VP8_RTX_PT, 1)
        assert again.payload == b"\x00\x02" + first.rtp.payload
        assert (again.timestamp, again.marker) == (first.rtp.timestamp, True)

    def test_by_rtx_never_uses_a_number_twice(self) -> None:
        viewer = Viewer()
        watched(viewer)
        numbers = [read_rtp(self.sent_again(viewer, 1)[: -len(TAG)]).sequence for _ in range(3)]
        assert numbers == [1, 2, 3]

    def test_without_rtx_repeats_every_byte(self) -> None:
        viewer = Viewer(without_rtx())
        source = watched(viewer)
        source.receive(2, vp8(picture=2), extensions=[ORIENTED])
        outbox = Collected()
        forward(source.layer(), 0x123456, 0.5, outbox, Totals())
        [(_, [first])] = outbox
        assert self.sent_again(viewer, 2) == first

    def test_without_rtx_repeats_every_byte_after_a_switch(self) -> None:
        viewer = Viewer(without_rtx())
        source = watched(viewer)
        other = Source(transport_id="other")
        other.receive(700, vp8(key=True, picture=900, tl0=20))
        show(viewer, other)
        outbox = Collected()
        forward(other.layer(), 2, 0.5, outbox, Totals())
        show(viewer, source)
        source.receive(2, vp8(key=True))
        flush(source, 1.0)
        [(_, [first])] = outbox
        [sent] = read_sent(outbox)
        assert self.sent_again(viewer, sent.rtp.sequence) == first
