"""The replay window beside a set that forgets nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.srtp.replay import ReplayError, with_index

SIZE = 8


@given(st.lists(st.integers(0, 40), max_size=60))
def test_each_index_of_the_window_is_taken_once(order: list[int]) -> None:
    newest, window = -1, 0
    seen: set[int] = set()
    for index in order:
        if index in seen or index <= newest - SIZE:
            with pytest.raises(ReplayError) as refused:
                with_index(newest, window, index, SIZE)
            assert refused.value.reason == ("too_old" if index <= newest - SIZE else "replayed")
            continue
        newest, window = with_index(newest, window, index, SIZE)
        seen.add(index)
        assert newest == max(seen)
        assert window >> SIZE == 0, "the window is bounded"


def test_a_leap_past_the_window_costs_no_more() -> None:
    assert with_index(0, 1, 1 << 47, SIZE) == (1 << 47, 1)
