import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.retransmission_buffer import RetransmissionBuffer


def test_gives_back_what_was_put() -> None:
    buffer = RetransmissionBuffer[str](8)
    buffer.put(100, "a")
    buffer.put(101, "b")
    assert buffer.get(100) == "a"
    assert buffer.get(101) == "b"


def test_unknown_and_pushed_out_indices_give_none() -> None:
    buffer = RetransmissionBuffer[str](4)
    assert buffer.get(0) is None
    buffer.put(1, "old")
    buffer.put(5, "new")
    assert buffer.get(1) is None
    assert buffer.get(5) == "new"


def test_a_late_packet_does_not_push_out_a_newer_one() -> None:
    buffer = RetransmissionBuffer[str](4)
    buffer.put(5, "new")
    buffer.put(1, "old")
    assert buffer.get(5) == "new"
    assert buffer.get(1) is None


@pytest.mark.parametrize("capacity", [0, -4, 3, 100])
def test_capacity_must_be_a_power_of_two(capacity: Any) -> None:
    with pytest.raises(ValueError, match="power of two"):
        RetransmissionBuffer(capacity)


@given(st.lists(st.integers(0, 200), max_size=100))
def test_holds_exactly_the_newest_of_each_slot(indices: Any) -> None:
    buffer = RetransmissionBuffer[int](16)
    for index in indices:
        buffer.put(index, index * 10)
    newest = {index % 16: index for index in sorted(indices)}
    for index in range(201):
        assert buffer.get(index) == (index * 10 if newest.get(index % 16) == index else None)


def test_tells_whether_an_index_is_new() -> None:
    buffer = RetransmissionBuffer[str](4)
    assert buffer.put(5, "a")
    assert not buffer.put(5, "again")
    assert buffer.get(5) == "a"
    assert not buffer.put(1, "too old to tell")
    assert buffer.put(9, "b")


def test_an_empty_history_takes_no_room() -> None:
    buffer = RetransmissionBuffer[str](1_024)
    before = sys.getsizeof(buffer._indices) + sys.getsizeof(buffer._packets)
    assert before < 200
    assert buffer.get(1_023) is None
    assert buffer.put(1_023, "first")
    assert buffer.get(1_023) == "first"
    assert sys.getsizeof(buffer._indices) > 8 * 1_024
