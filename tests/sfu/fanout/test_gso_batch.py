"""What all copies of a batch share."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.fanout.gso_batch import layout, pad_to_equal_size
from sfu.srtp.copies import prepare, rewrite_payload
from sfu.wire import vp8 as wire
from sfu.wire.packet import PADDING, VERSION, Packet
from tests.support.core import vp8


def frame(*sizes: int, timestamp: int = 9) -> list[Packet]:
    """One frame's packets with payloads of these sizes."""
    return [Packet(n, timestamp, 0, bytes([n]) * size) for n, size in enumerate(sizes)]


class TestPadding:
    def test_pads_the_smaller_packets_by_one_byte(self) -> None:
        packets = frame(5, 5, 6)
        pad_to_equal_size(packets)
        assert [packet.payload for packet in packets] == [bytes(5) + b"\x01", b"\1" * 6, b"\2" * 6]
        assert [packet.flags for packet in packets] == [VERSION | PADDING] * 2 + [VERSION]

    @pytest.mark.parametrize("sizes", [(), (5,), (5, 5), (5, 7), (5, 6, 7)])
    def test_leaves_other_frames_as_they_are(self, sizes: tuple[int, ...]) -> None:
        packets = frame(*sizes)
        pad_to_equal_size(packets)
        assert packets == frame(*sizes)

    def test_leaves_packets_of_several_frames_as_they_are(self) -> None:
        packets = [*frame(5), *frame(6, timestamp=10)]
        pad_to_equal_size(packets)
        assert [len(packet.payload) for packet in packets] == [5, 6]

    def test_never_changes_what_went_out_already(self) -> None:
        packets = frame(5, 6)
        packets[0].stamp = 1
        pad_to_equal_size(packets)
        assert [len(packet.payload) for packet in packets] == [5, 6]

    def test_leaves_padding_that_is_there(self) -> None:
        packets = frame(5, 6)
        packets[1].flags = VERSION | PADDING
        pad_to_equal_size(packets)
        assert [len(packet.payload) for packet in packets] == [5, 6]


class TestGsoBatches:
    def test_of_a_frame_are_one(self) -> None:
        [run] = layout(prepare(frame(50, 50, 40), (2, 0)), 3)
        assert run.segment == 12 + 8 + 50 + 16
        assert run.length == 2 * run.segment + 12 + 8 + 40 + 16
        assert len(run.buffer) == 3 * run.length

    def test_hold_the_extensions_already(self) -> None:
        packets = frame(3)
        packets[0].stamp = 0x010203
        [run] = layout(prepare(packets, (2, 0)), 2)
        run.make_room(2)
        for number in range(2):
            block = bytes(run.buffer[number * run.length + 12 :][:8])
            assert block == b"\xbe\xde\x00\x01\x22\x01\x02\x03"

    @given(st.lists(st.integers(1, 1_200), min_size=1, max_size=100), st.integers(1, 4))
    def test_give_each_datagram_its_own_place(self, sizes: list[int], peers: int) -> None:
        runs = layout(prepare(frame(*sizes), (0, 0)), peers)
        for run in runs:
            run.make_room(peers)
            for header, place in zip(run.headers, run.sealed, strict=True):
                assert not any(header)
                assert not any(place)
                header[:], place[:] = b"h" * len(header), b"p" * len(place)
            run.make_room(peers)
            assert len(run.headers) == peers * len(run.rows)
            assert sorted(set(run.buffer)) == [ord("h"), ord("p")]
            assert run.buffer.count(b"h") == 12 * len(run.rows) * peers
        assert [row[0] for run in runs for row in run.rows] == list(range(len(sizes)))


class TestPayloads:
    def test_a_payload_without_a_descriptor_stays_as_it_is(self) -> None:
        packet = Packet(1, 0, 0, b"anything")
        assert rewrite_payload(packet, 5, 5) == b"anything"

    def test_without_offsets_the_payload_is_not_even_copied(self) -> None:
        payload = vp8(picture=5)
        packet = Packet(1, 0, 0, payload, descriptor=wire.parse(payload))
        assert rewrite_payload(packet, 0, 0) is payload


@pytest.mark.parametrize(
    ("profile", "orientation", "flags"),
    [((0, 0), None, 0x80), ((0, 0), b"\1", 0x80), ((2, 0), None, 0x90), ((0, 13), None, 0x80)],
)
def test_extension_bit_is_set_where_there_is_a_block(
    profile: tuple[int, int], orientation: bytes | None, flags: int
) -> None:
    packet = Packet(1, 2, 0x80, b"x", orientation=orientation, stamp=9)
    [(index, first, marker, timestamp, block, payload)] = prepare([packet], profile)
    assert (index, first, marker, timestamp, payload) == (1, flags, 0x80, 2, b"x")
    assert bool(block) is (flags == 0x90)


def test_packets_of_one_batch_share_their_extension_block() -> None:
    packets = [Packet(n, 2, 0, b"x", stamp=9) for n in range(3)]
    first, *others = [entry[4] for entry in prepare(packets, (2, 13))]
    assert all(other is first for other in others)
    turned = prepare([*packets, replace(packets[0], orientation=b"\1")], (2, 13))[3][4]
    assert turned != first
