"""The one way to a nonce: what passes once, what is refused, and what happens when others fail."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Collected
from sfu.publish.producer import BUFFERED
from sfu.publish.retransmission_buffer import RetransmissionBuffer
from sfu.srtp.nonces import MAX_INDEX, WINDOW, Ledger
from sfu.stats import DropReason
from sfu.wire.packet import Forwarded, Packet
from sfu.wire.rtcp import Nack
from tests.support.core import (
    OPUS_PT,
    Source,
    Viewer,
    flush,
    sequences,
    show,
    vp8,
)
from tests.support.offers import audio, video

PLAIN = tuple(line for line in video().codecs[0] if "97" not in line)  # without RTX


def packet(index: int, payload: bytes = b"payload") -> Packet:
    return Packet(index, 3_000, 0, payload)


def passed(ledger: Ledger, *indices: int) -> list[int]:
    """Which of these, one batch, pass."""
    return [one.index for one in ledger.admit([packet(index) for index in indices], 1)]


def watched(*viewers: Viewer) -> Source:
    source = Source()
    source.receive(1, vp8(key=True, picture=1))
    for viewer in viewers:
        show(viewer, source)
    flush(source)
    return source


def forwarded(source: Source, totals: Totals) -> list[bytes]:
    """What leaves of what waits; the viewers' ciphers fail when a nonce seals two datagrams."""
    outbox = Collected()
    assert forward(source.layer(), 1, 0.0, outbox, totals) == []
    return [data for _, run in outbox for data in run]


class TestLedger:
    def test_lets_an_index_pass_once(self) -> None:
        ledger = Ledger()
        assert passed(ledger, 0, 1, 2, 1, 2) == [0, 1, 2]
        assert passed(ledger, 2, 3, 0) == [3]
        assert ledger.highest == 3

    def test_lets_what_is_late_pass_once(self) -> None:
        ledger = Ledger()
        assert passed(ledger, 5, 9, 7) == [5, 9, 7]
        assert passed(ledger, 7, 6, 8, 6, 10) == [6, 8, 10]

    def test_knows_nothing_below_its_window(self) -> None:
        ledger = Ledger()
        assert passed(ledger, 10, 10 + WINDOW) == [10, 10 + WINDOW]
        assert passed(ledger, 10, 11, 12) == [11, 12]
        assert passed(ledger, 13 + WINDOW, 13, 14) == [13 + WINDOW, 14]

    def test_begins_at_0(self) -> None:
        assert passed(Ledger(), -1, -WINDOW, 0) == [0]

    @given(st.data())
    def test_is_a_set_of_indices_with_an_end(self, data: st.DataObject) -> None:
        ledger, used, highest = Ledger(), set[int](), -1
        for _ in range(data.draw(st.integers(1, 40))):
            near = st.integers(-WINDOW - 3, 3) | st.integers(1, 3 * WINDOW) | st.just(1)
            index = max(0, highest + data.draw(near))
            expected = index > highest - WINDOW and index not in used
            assert passed(ledger, index) == [index] * expected
            if expected:
                used.add(index)
                highest = max(highest, index)

    def test_freezes_what_passes(self) -> None:
        [one] = Ledger().admit([packet(1)], 7)
        assert (one.stamp, type(one)) == (7, Forwarded)
        for name, value in (("payload", b"other"), ("stamp", 8), ("timestamp", 1), ("flags", 0)):
            with pytest.raises(AttributeError, match="can't be changed"):
                setattr(one, name, value)

    def test_refuses_a_packet_that_another_has_frozen(self) -> None:
        [one] = Ledger().admit([packet(1)], 7)
        assert Ledger().admit([one], 8) == []
        assert one.stamp == 7


class TestForwarding:
    """The guard alone must do: what comes before it is made to fail."""

    def forgetful(self, source: Source) -> None:
        """Nothing received is known as received."""
        source.layer().buffer = RetransmissionBuffer(BUFFERED["video"])

    @pytest.mark.parametrize("tag_length", [16, 10], ids=["GCM", "AES-CM"])
    def test_refuses_other_packets_under_used_indices(self, tag_length: int) -> None:
        viewer, totals = Viewer(tag_length=tag_length), Totals()
        source = watched(viewer)
        source.layer().pending += [packet(33, b"\x10one"), packet(33, b"\x10other"), packet(34)]
        assert len(forwarded(source, totals)) == 2
        source.layer().pending += [packet(34, b"\x10other"), packet(33, b"\x10more")]
        assert forwarded(source, totals) == []
        assert totals.drops == {DropReason.NONCE_REFUSED: 3}
        assert totals.packets == 2

    def test_a_repaired_hole_passes_once(self) -> None:
        viewer, totals = Viewer(), Totals()
        source = watched(viewer)
        source.receive(3)
        assert sequences(flush(source)) == [3]
        source.repair(2, vp8(picture=2), sequence=0)
        assert sequences(flush(source)) == [2]
        assert source.repair(2, vp8(picture=77), sequence=1) is DropReason.RTX_DUPLICATE
        self.forgetful(source)
        assert source.repair(2, vp8(picture=78), sequence=2) is None
        assert forwarded(source, totals) == []
        assert totals.drops == {DropReason.NONCE_REFUSED: 1}

    def test_a_reordered_burst_passes_once(self) -> None:
        viewer, totals = Viewer(), Totals()
        source = watched(viewer)
        burst = list(range(2, 32))
        random.Random(1).shuffle(burst)
        for sequence in burst:
            source.receive(sequence, vp8(picture=sequence))
        assert sorted(sequences(flush(source))) == sorted(burst)
        self.forgetful(source)
        for sequence in burst:
            compact = source.layer().seqmap.accept(sequence + source.layer().shift)
            assert compact is not None
            source.layer().pending.append(packet(compact, b"\x10other"))
        assert forwarded(source, totals) == []
        assert totals.drops == {DropReason.NONCE_REFUSED: 30}

    def test_refuses_who_left_the_layer_unnoticed(self) -> None:
        """As if `Layer.discard_plans` had been forgotten: the plans are those of before."""
        leaver, stayer = Viewer(), Viewer(address=("198.51.100.8", 1))
        source, other = watched(leaver, stayer), Source(transport_id="other")
        source.receive(2)
        flush(source)
        plans = source.layer().plans
        other.receive(1, vp8(key=True, picture=900))
        show(leaver, other)
        assert sequences(flush(other)) == [3]
        source.layer().plans = plans
        totals = Totals()
        source.receive(3, vp8(picture=3))
        assert len(forwarded(source, totals)) == 1, "the other one's"
        assert totals.drops == {DropReason.NONCE_REFUSED: 1}

    def test_stops_at_the_last_index(self) -> None:
        viewer, totals = Viewer(), Totals()
        source = watched(viewer)
        viewer.slot().detach(0.0)
        viewer.slot().index_space._highest = MAX_INDEX - 1
        show(viewer, source)
        for sequence in (2, 3, 4):
            source.receive(sequence, vp8(key=sequence == 2, picture=sequence))
        assert len(forwarded(source, totals)) == 1
        assert viewer.drops == {DropReason.NONCE_REFUSED: 2}
        assert max(viewer.cipher.sealed) == (1_000 << 48 | MAX_INDEX).to_bytes(12, "big")


class TestAgain:
    """What is sent again under its own number."""

    @pytest.mark.parametrize("tag_length", [16, 10], ids=["GCM", "AES-CM"])
    def test_sound_is_the_same_in_every_byte(self, tag_length: int) -> None:
        source, totals = Source(audio()), Totals()
        viewer = Viewer(audio("recvonly"), tag_length=tag_length)
        source.receive(1, b"opus", payload_type=OPUS_PT)
        show(viewer, source)
        source.receive(3, b"opus three", payload_type=OPUS_PT)
        [producer] = source.uplink.producers.values()
        outbox = Collected()
        forward(producer.layers[0], 1, 0.0, outbox, totals)
        first = {int.from_bytes(d[2:4], "big"): d for _, run in outbox for d in run}
        assert viewer.slot().ssrc == 1_000
        for number in range(3):
            again = viewer.downlink.receive_nack(Nack(1, 1_000, (1, 2, 3)), number + 1.0)
            assert again == [first[1], first[3]]
        assert len(viewer.cipher.sealed) == 2

    def test_pictures_without_rtx_are_the_same_in_every_byte(self) -> None:
        viewer = Viewer(video("recvonly", PLAIN))
        source = watched(viewer)
        for sequence in (2, 3):  # of one frame, and one shorter: padded
            source.receive(sequence, vp8(picture=2) + bytes(sequence == 3), timestamp=6_000)
        first = forwarded(source, Totals())
        again = viewer.downlink.receive_nack(Nack(1, 1_000, (2, 3)), 1.0)
        assert again == first

    def test_by_rtx_ends_at_the_last_index(self) -> None:
        viewer = Viewer()
        watched(viewer)
        slot = viewer.slot()
        slot.rtx_index_space._highest = MAX_INDEX - 1
        found = slot.find_sent(1)
        assert found is not None
        assert slot.retransmit(*found) is not None
        assert slot.retransmit(*found) is None
        assert viewer.downlink.receive_nack(Nack(1, slot.ssrc, (1,)), 1.0) == []
        assert viewer.drops == {DropReason.NONCE_REFUSED: 1}


def test_what_waits_to_be_forwarded_is_not_sent_again() -> None:
    viewer = Viewer()
    source = watched(viewer)
    source.receive(2)
    viewer.slot().index_space._highest = 99  # as if it had gone out
    assert viewer.slot().find_sent(2) is None


SOURCES = Path(__file__).parents[3] / "sfu"


@pytest.mark.parametrize(
    ("pattern", "where"),
    [
        (r"\bnonce_base\b", {"headers.py", "index_space.py", "rtp.py", "rtcp.py"}),
        (r"\.to_bytes\(12", {"headers.py", "rtp.py", "rtcp.py"}),  # a nonce, one by one
        (r"\bFIXED\.pack", {"headers.py", "rtp.py"}),  # a header, one by one
        (r"__class__ = Forwarded|\bForwarded\(", {"nonces.py", "packet.py"}),
        (r"\bStreamMapping\(", {"index_space.py"}),
        (r"\bIndexSpace\(", {"index_space.py"}),
    ],
)
def test_nobody_else(pattern: str, where: set[str]) -> None:
    texts = {path.name: path.read_text() for path in SOURCES.rglob("*.py")}
    assert {name for name, text in texts.items() if re.search(pattern, text)} <= where
