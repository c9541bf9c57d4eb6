"""Marks, in order, one at a time."""

import pytest

from sfu.subscribe.slot_updates import Slots, SlotUpdateQueue


def test_marks_add_up_and_come_in_the_order_of_the_first() -> None:
    stale = SlotUpdateQueue[str]()
    stale.mark(["b", "a"], Slots.AUDIO)
    stale.mark(["c", "b"], Slots.VIDEO)
    assert len(stale) == 3
    taken = [stale.take() for _ in range(3)]
    assert taken == [("b", Slots.ALL), ("a", Slots.AUDIO), ("c", Slots.VIDEO)]
    assert not stale
    with pytest.raises(StopIteration):
        stale.take()


def test_who_is_marked_again_goes_to_the_end() -> None:
    stale = SlotUpdateQueue[int]()
    stale.mark(range(3), Slots.VIDEO)
    assert stale.take()[0] == 0
    stale.mark([0], Slots.AUDIO)
    assert [stale.take()[0] for _ in range(3)] == [1, 2, 0]


def test_who_is_gone_is_forgotten() -> None:
    stale = SlotUpdateQueue[str]()
    stale.mark(["a", "b"], Slots.LAYERS)
    stale.forget("a")
    stale.forget("nobody")
    assert stale.take() == ("b", Slots.LAYERS)
