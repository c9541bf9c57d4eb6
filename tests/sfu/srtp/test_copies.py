"""What all copies of a packet share, and what is sent again."""

from dataclasses import replace

import pytest

from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Collected
from sfu.srtp.copies import Prepared
from sfu.wire.packet import Packet
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


@pytest.mark.parametrize(
    ("profile", "orientation", "flags"),
    [((0, 0), None, 0x80), ((0, 0), b"\1", 0x80), ((2, 0), None, 0x90), ((0, 13), None, 0x80)],
)
def test_extension_bit_is_set_where_there_is_a_block(
    profile: tuple[int, int], orientation: bytes | None, flags: int
) -> None:
    packet = Packet(1, 2, 0x80, b"x", orientation=orientation, stamp=9)
    prepared = Prepared([packet], profile)
    assert prepared.fields == [(1, flags, 0x80, 2)]
    assert prepared.payloads == [b"x"]
    assert [bool(block) for block in prepared.extensions] == [flags == 0x90]


def test_packets_of_one_batch_share_their_extension_block() -> None:
    packets = [Packet(n, 2, 0, b"x", stamp=9) for n in range(3)]
    first, *others = Prepared(packets, (2, 13)).extensions
    assert all(other is first for other in others)
    turned = Prepared([*packets, replace(packets[0], orientation=b"\1")], (2, 13)).extensions[3]
    assert turned != first
