"""Datagrams laid out for sends that the kernel cuts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.fanout.gso_batch import MAX_SEGMENTED_BYTES, MAX_SEGMENTS, cut, layout, pad_to_equal_size
from sfu.srtp.copies import Prepared
from sfu.wire.packet import PADDING, VERSION, Packet


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
        [batch] = layout(Prepared(frame(50, 50, 40), (2, 0)), 16, 3)
        assert batch.segment == 12 + 8 + 50 + 16
        assert batch.length == 2 * batch.segment + 12 + 8 + 40 + 16
        assert len(batch.buffer) == 3 * batch.length

    def test_hold_the_extensions_already(self) -> None:
        packets = frame(3)
        packets[0].stamp = 0x010203
        [batch] = layout(Prepared(packets, (2, 0)), 16, 2)
        batch.make_room(2)
        for number in range(2):
            block = bytes(batch.buffer[number * batch.length + 12 :][:8])
            assert block == b"\xbe\xde\x00\x01\x22\x01\x02\x03"

    @given(st.lists(st.integers(1, 1_200), min_size=1, max_size=100), st.integers(1, 4))
    def test_give_each_datagram_its_own_place(self, sizes: list[int], peers: int) -> None:
        batches = layout(Prepared(frame(*sizes), (0, 0)), 10, peers)
        for batch in batches:
            batch.make_room(peers)
            for header, place in zip(batch.headers, batch.sealed, strict=True):
                assert not any(header)
                assert not any(place)
                header[:], place[:] = b"h" * len(header), b"p" * len(place)
            batch.make_room(peers)
            assert len(batch.headers) == peers * len(batch.fields)
            assert sorted(set(batch.buffer)) == [ord("h"), ord("p")]
            assert batch.buffer.count(b"h") == 12 * len(batch.fields) * peers
        assert [one[0] for batch in batches for one in batch.fields] == list(range(len(sizes)))


@pytest.mark.parametrize(
    ("sizes", "ranges"),
    [
        ([], []),
        ([100], [(0, 1)]),
        ([100] * 3, [(0, 3)]),
        ([100, 100, 60], [(0, 3)]),
        ([100, 60, 60], [(0, 2), (2, 3)]),
        ([60, 100], [(0, 1), (1, 2)]),
        ([99, 99, 100, 100], [(0, 2), (2, 4)]),
        ([100, 99, 100, 99], [(0, 2), (2, 4)]),
        ([100] * MAX_SEGMENTS, [(0, MAX_SEGMENTS)]),
        ([100] * (MAX_SEGMENTS + 1), [(0, MAX_SEGMENTS), (MAX_SEGMENTS, MAX_SEGMENTS + 1)]),
        ([1_400] * 50, [(0, 46), (46, 50)]),
    ],
)
def test_cuts(sizes: list[int], ranges: list[tuple[int, int]]) -> None:
    assert cut(sizes) == ranges


@given(st.lists(st.sampled_from([40, 1_199, 1_200, 1_499]), max_size=200))
def test_every_range_is_one_that_the_kernel_takes(sizes: list[int]) -> None:
    ranges = cut(sizes)
    assert [size for start, end in ranges for size in sizes[start:end]] == sizes
    for start, end in ranges:
        run = sizes[start:end]
        assert len(run) <= MAX_SEGMENTS
        assert sum(run) <= MAX_SEGMENTED_BYTES
        assert set(run[:-1]) <= {run[0]}
        assert run[-1] <= run[0]
