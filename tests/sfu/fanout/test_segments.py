"""Cutting datagrams for UDP_SEGMENT (udp(7))."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.fanout.segments import MAX_SEGMENTED_BYTES, MAX_SEGMENTS, cut


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
