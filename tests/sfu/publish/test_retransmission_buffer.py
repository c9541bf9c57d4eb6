import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.retransmission_buffer import RetransmissionBuffer


def test_gives_back_what_was_put() -> None:
    history = RetransmissionBuffer[str](8)
    history.put(100, "a")
    history.put(101, "b")
    assert history.get(100) == "a"
    assert history.get(101) == "b"


def test_unknown_and_pushed_out_indices_give_none() -> None:
    history = RetransmissionBuffer[str](4)
    assert history.get(0) is None
    history.put(1, "old")
    history.put(5, "new")
    assert history.get(1) is None
    assert history.get(5) == "new"


def test_a_late_packet_does_not_push_out_a_newer_one() -> None:
    history = RetransmissionBuffer[str](4)
    history.put(5, "new")
    history.put(1, "old")
    assert history.get(5) == "new"
    assert history.get(1) is None


@pytest.mark.parametrize("capacity", [0, -4, 3, 100])
def test_capacity_must_be_a_power_of_two(capacity: Any) -> None:
    with pytest.raises(ValueError, match="power of two"):
        RetransmissionBuffer(capacity)


@given(st.lists(st.integers(0, 200), max_size=100))
def test_holds_exactly_the_newest_of_each_slot(indices: Any) -> None:
    history = RetransmissionBuffer[int](16)
    for index in indices:
        history.put(index, index * 10)
    newest = {index % 16: index for index in sorted(indices)}
    for index in range(201):
        assert history.get(index) == (index * 10 if newest.get(index % 16) == index else None)


def test_tells_whether_an_index_is_new() -> None:
    history = RetransmissionBuffer[str](4)
    assert history.put(5, "a")
    assert not history.put(5, "again")
    assert history.get(5) == "a"
    assert not history.put(1, "too old to tell")
    assert history.put(9, "b")


def test_an_empty_history_takes_no_room() -> None:
    history = RetransmissionBuffer[str](1_024)
    before = sys.getsizeof(history._indices) + sys.getsizeof(history._packets)
    assert before < 200
    assert history.get(1_023) is None
    assert history.put(1_023, "first")
    assert history.get(1_023) == "first"
    assert sys.getsizeof(history._indices) > 8 * 1_024
