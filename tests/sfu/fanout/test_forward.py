"""The fan-out: copies for each subscriber, and retransmissions."""

from dataclasses import replace

import pytest

from sfu.fanout import forward as forwarder
from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Collected
from sfu.fanout.plan import SOUND_GROUP
from sfu.stats import DropReason
from tests.support.core import (
    OPUS_PT,
    STUDENT_ADDRESS,
    TAG,
    VP8_PT,
    Source,
    Viewer,
    flush,
    sequences,
    show,
    vp8,
)
from tests.support.media import read_video
from tests.support.offers import Piece, audio, video

ORIENTED = (13, b"\x02")


def watched(*viewers: Viewer, count: int = 1) -> Source:
    """A source that the viewers watch since its first packet, a key frame's."""
    source = Source()
    source.receive(1, vp8(key=True, picture=1))
    for viewer in viewers:
        show(viewer, source)
    flush(source)
    return source


def without_rtx() -> Piece:
    return video("recvonly", tuple(line for line in video().codecs[0] if "97" not in line))


class TestCopies:
    def test_carry_the_slots_numbers_and_the_publishers_media(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(2, vp8(picture=2), marker=True, timestamp=6_000, now=0.5)
        [sent] = flush(source, 0.5)
        assert sent.address == STUDENT_ADDRESS
        assert (sent.rtp.ssrc, sent.rtp.payload_type) == (1_000, VP8_PT)
        assert sent.rtp.sequence == 2
        assert sent.rtp.marker
        assert read_video(sent.rtp.payload).picture_id == 2

    def test_go_to_everybody_at_one_address_in_one_run(self) -> None:
        viewers = [Viewer(address=("198.51.100.1", port)) for port in (1, 2, 3)]
        source = watched(*viewers)
        source.receive(2)
        source.receive(3)
        outbox = Collected()
        totals = Totals()
        assert forward(source.layer(), 1, 0.0, outbox, totals) == []
        assert [(address[1], len(run)) for address, run in outbox] == [(1, 2), (2, 2), (3, 2)]
        assert (totals.packets, totals.copies) == (2, 6)
        assert totals.bytes == sum(len(data) for _, run in outbox for data in run)

    def test_are_counted_per_slot(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        before = viewer.slot().bytes
        source.receive(2)
        [sent] = flush(source)
        size = 12 + 8 + len(sent.rtp.payload) + len(TAG)  # with the abs-send-time extension
        assert viewer.slot().bytes - before == size
        assert viewer.slot().packets == 2

    def test_carry_one_abs_send_time_per_batch(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(2)
        source.receive(3)
        stamps = {sent.rtp.extensions[2] for sent in flush(source, stamp=0x010203)}
        assert stamps == {b"\x01\x02\x03"}

    def test_carry_the_orientation_of_their_own_packet(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(2, extensions=[ORIENTED])
        source.receive(3)
        turned, plain = flush(source)
        assert turned.rtp.extensions[13] == b"\x02"
        assert 13 not in plain.rtp.extensions

    def test_of_sound_carry_no_extension(self) -> None:
        source, viewer = Source(audio()), Viewer(audio("recvonly"))
        source.receive(1, b"opus", payload_type=OPUS_PT)
        show(viewer, source)
        [sent] = flush(source)
        assert sent.rtp.extensions == {}
        assert sent.rtp.payload_type == OPUS_PT

    def test_are_not_made_without_an_address(self) -> None:
        viewer, other = Viewer(address=None), Viewer()
        source = watched(viewer, other)
        source.receive(2)
        assert len(flush(source)) == 1
        assert viewer.slot().packets == 0

    def test_nothing_pending_is_nothing_to_do(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        outbox = Collected()
        assert forward(source.layer(), 1, 0.0, outbox, Totals()) == []
        assert outbox == []


class TestLatePackets:
    def test_from_before_the_switch_are_left_out_and_counted(self) -> None:
        viewer, late = Viewer(), Viewer()
        source = watched(viewer)
        source.receive(5, vp8(key=True))
        slot = show(late, source)
        flush(source)
        before = slot.packets, slot.bytes
        source.receive(3, vp8() + bytes(800))
        source.receive(6)
        sent = flush(source)
        assert sorted(sequences(sent)) == [2, 3, 6]
        assert slot.packets == before[0] + 1
        assert slot.bytes - before[1] < 200, "what was left out isn't counted"
        assert late.drops == {DropReason.BEFORE_SWITCH: 1}
        assert viewer.drops == {}

    def test_alone_give_no_empty_run(self) -> None:
        viewer = Viewer()
        source = Source()
        source.receive(5, vp8(key=True))
        show(viewer, source)
        flush(source)
        source.receive(3)
        assert flush(source) == []

    def test_of_the_running_picture_take_their_place(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(4)
        source.receive(3)
        assert sequences(flush(source)) == [4, 3]


class TestStarting:
    def test_begins_with_the_packet_that_can_start(self) -> None:
        source, viewer = Source(), Viewer()
        source.receive(1)
        show(viewer, source)
        source.receive(2)
        source.receive(3, vp8(key=True))
        source.receive(4)
        sent = flush(source)
        assert sequences(sent) == [1, 2]
        assert [read_video(one.rtp.payload).key for one in sent] == [True, False]

    def test_waits_while_none_can(self) -> None:
        source, viewer = Source(), Viewer()
        source.receive(1)
        show(viewer, source)
        assert flush(source) == []
        assert tuple(source.layer().waiters) == (viewer.slot(),)

    def test_several_begin_at_once_each_on_its_own_numbers(self) -> None:
        first, second = Viewer(), Viewer()
        source = watched(first)
        source.receive(2)
        flush(source)
        for viewer in (first, second):
            show(viewer, source)
        source.receive(3, vp8(key=True))
        assert sequences(flush(source)) == [3, 1]


class TestFaults:
    """A subscriber's fault must cost neither the publisher nor the others."""

    def broken(self, *args: object) -> int:
        raise OverflowError

    @pytest.mark.parametrize("many", [1_000, 1], ids=["one by one", "at once"])
    @pytest.mark.parametrize("failing", [0, 1, 2])
    def test_of_one_subscriber_leave_the_others_their_copies(
        self, many: int, failing: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(forwarder, "MANY", many)
        viewers = [Viewer(address=("198.51.100.1", port)) for port in (0, 1, 2)]
        source = watched(*viewers)
        before = [viewer.slot().packets for viewer in viewers]
        viewers[failing].slot().index_space.seal_into = self.broken
        source.layer().discard_plans()
        for sequence in (2, 3):
            source.receive(sequence)
        outbox, totals = Collected(), Totals()
        [(consumer, error)] = forward(source.layer(), 1, 0.0, outbox, totals)
        assert consumer is viewers[failing].slot()
        assert isinstance(error, OverflowError)
        others = [number for number in range(3) if number != failing]
        assert [(address[1], len(run)) for address, run in outbox] == [(n, 2) for n in others]
        assert totals.copies == 4
        sent = [viewer.slot().packets - n for viewer, n in zip(viewers, before, strict=True)]
        assert sent == [0 if number == failing else 2 for number in range(3)]

    def test_of_everybody_are_each_told(self) -> None:
        viewers = [Viewer(address=("198.51.100.1", port)) for port in range(40)]
        source = watched(*viewers)
        for viewer in viewers:
            viewer.slot().index_space.seal_into = self.broken
        source.layer().discard_plans()
        source.receive(2)
        outbox = Collected()
        faults = forward(source.layer(), 1, 0.0, outbox, Totals())
        assert {consumer for consumer, _ in faults} == {viewer.slot() for viewer in viewers}
        assert outbox == []

    def test_of_no_subscriber_are_raised(self, monkeypatch: pytest.MonkeyPatch) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(2)
        outbox = Collected()
        monkeypatch.setattr(outbox, "append_batches", self.broken)
        with pytest.raises(OverflowError):
            forward(source.layer(), 1, 0.0, outbox, Totals())

    def test_at_the_start_leave_the_others_their_picture(self) -> None:
        viewers = [Viewer(address=("198.51.100.1", port)) for port in (1, 2)]
        source = Source()
        source.receive(1, vp8(key=True))
        for viewer in viewers:
            show(viewer, source)
        viewers[0].slot().payload_types = {}
        outbox = Collected()
        [(consumer, _)] = forward(source.layer(), 1, 0.0, outbox, Totals())
        assert consumer is viewers[0].slot()
        assert [address[1] for address, _ in outbox] == [2]
        assert not source.layer().waiters


class TestPictureNumbers:
    def test_are_moved_to_the_slots_own(self) -> None:
        viewer = Viewer()
        source = watched(viewer)
        source.receive(2, vp8(picture=2, tl0=7))
        flush(source)
        other = Source(transport_id="other")
        other.receive(1, vp8(key=True, picture=900, tl0=200))
        show(viewer, other)
        other.receive(2, vp8(picture=901, tl0=201))
        parts = [read_video(one.rtp.payload) for one in flush(other)]
        assert [(part.picture_id, part.tl0picidx) for part in parts] == [(3, 8), (4, 9)]


class TestCrowds:
    """Many consumers at once, where numbers are written with numpy."""

    def crowd(self, monkeypatch: pytest.MonkeyPatch, many: int) -> list[list[bytes]]:
        monkeypatch.setattr(forwarder, "MANY", many)
        viewers = [Viewer(address=("198.51.100.1", 1_024 + n)) for n in range(40)]
        source = watched(*viewers)
        for number, viewer in enumerate(viewers):
            space = viewer.slot().index_space
            assert space.mapping is not None
            space.mapping = replace(
                space.mapping,
                first_out=space.mapping.first_out + 65_530 * number,
                timestamp_offset=space.mapping.timestamp_offset + 2**31 * number,
                number_offsets=(5, 0) if number % 2 else (),
            )
        source.layer().discard_plans()
        for sequence in range(2, 6):
            source.receive(sequence, vp8(picture=2) + bytes(sequence == 5), timestamp=9)
        source.receive(6, vp8(picture=3), marker=True, timestamp=10)
        outbox = Collected()
        assert forward(source.layer(), 1, 0.0, outbox, Totals()) == []
        return sorted([list(run) for _, run in outbox], key=repr)

    def listeners(self, monkeypatch: pytest.MonkeyPatch, many: int) -> list[list[bytes]]:
        monkeypatch.setattr(forwarder, "MANY", many)
        viewers = [
            Viewer(audio("recvonly"), address=("198.51.100.1", 1_024 + n))
            for n in range(SOUND_GROUP + 5)
        ]
        source = Source(audio())
        source.receive(1, b"opus", payload_type=OPUS_PT)
        for viewer in viewers:
            show(viewer, source)
        flush(source)
        for number, viewer in enumerate(viewers):
            space = viewer.slot().index_space
            assert space.mapping is not None
            space.mapping = replace(space.mapping, first_out=space.mapping.first_out + number)
        [producer] = source.uplink.producers.values()
        [layer] = producer.layers
        layer.discard_plans()
        source.receive(2, b"opus", payload_type=OPUS_PT)
        outbox = Collected()
        assert forward(layer, 1, 0.0, outbox, Totals()) == []
        return [list(run) for _, run in outbox]

    def test_of_listeners_get_what_few_get(self, monkeypatch: pytest.MonkeyPatch) -> None:
        few, many = self.listeners(monkeypatch, 1_000), self.listeners(monkeypatch, 1)
        assert len({run[0] for run in few}) == SOUND_GROUP + 5, "everybody's are different"
        assert few == many

    def test_get_what_few_get(self, monkeypatch: pytest.MonkeyPatch) -> None:
        few, many = self.crowd(monkeypatch, 1_000), self.crowd(monkeypatch, 1)
        assert len(few) >= 40
        assert few == many
