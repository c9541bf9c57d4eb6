"""Headers and nonces written with numpy, beside the same one by one."""

from hypothesis import given
from hypothesis import strategies as st

from sfu.fanout.headers import Columns, HeaderColumns, NonceScratch
from sfu.wire.rtp import FIXED

BITS_32, BITS_48, BITS_96 = 2**32 - 1, 2**48 - 1, 2**96 - 1

PACKETS = st.lists(
    st.tuples(
        st.integers(2**20, BITS_48 - 2**20),
        st.sampled_from([0x80, 0x90, 0xB0]),
        st.sampled_from([0, 0x80]),
        st.integers(0, BITS_32),
    ),
    min_size=1,
    max_size=6,
)
CONSUMERS = st.lists(
    st.tuples(
        st.integers(0, BITS_96),
        st.integers(0, BITS_32),
        st.integers(-(2**20), 2**20),
        st.integers(-BITS_32, 2 * BITS_32),
        st.integers(0, 127),
    ),
    min_size=1,
    max_size=6,
)

Rows = list[tuple[int, int, int, int]]


@given(PACKETS, CONSUMERS)
def test_are_the_same(packets: Rows, consumers: list[tuple[int, int, int, int, int]]) -> None:
    headers, nonces = HeaderColumns(consumers).write(Columns(packets))
    for place, (base, ssrc, sequence, timestamp, payload_type) in enumerate(consumers):
        for number, (index, flags, marker, stamp) in enumerate(packets):
            out = index + sequence
            header = FIXED.pack(
                flags,
                marker | payload_type,
                out & 0xFFFF,
                (stamp + timestamp) & BITS_32,
                ssrc,
            )
            assert headers[place, number].tobytes() == header
            assert nonces[place, number].tobytes() == (base ^ out).to_bytes(12, "big")


def test_shapes_are_consumers_by_packets_by_bytes() -> None:
    headers, nonces = HeaderColumns([(1, 2, 3, 4, 5)] * 3).write(Columns([(9, 0x80, 0, 7)] * 2))
    assert headers.shape == nonces.shape == (3, 2, 12)


def test_nonces_have_views_however_many_they_are() -> None:
    scratch = NonceScratch(2)
    for consumers in (1, 5, 2):
        rows = [(number, 0, 0, 0, 0) for number in range(consumers)]
        _, nonces = HeaderColumns(rows).write(Columns([(64, 0x80, 0, 7), (65, 0x80, 0, 7)]))
        views = scratch.take(nonces)[: 2 * consumers]
        expected = [(n ^ index).to_bytes(12, "big") for n in range(consumers) for index in (64, 65)]
        assert [bytes(view) for view in views] == expected
