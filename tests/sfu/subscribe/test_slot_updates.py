"""Marks, in order, one at a time."""

import pytest

from sfu.subscribe.slot_updates import Slots, SlotUpdateQueue


def test_marks_add_up_and_come_in_the_order_of_the_first() -> None:
    queue = SlotUpdateQueue[str]()
    queue.mark(["b", "a"], Slots.AUDIO)
    queue.mark(["c", "b"], Slots.VIDEO)
    assert len(queue) == 3
    taken = [queue.take() for _ in range(3)]
    assert taken == [("b", Slots.ALL), ("a", Slots.AUDIO), ("c", Slots.VIDEO)]
    assert not queue
    with pytest.raises(StopIteration):
        queue.take()


def test_who_is_marked_again_goes_to_the_end() -> None:
    queue = SlotUpdateQueue[int]()
    queue.mark(range(3), Slots.VIDEO)
    assert queue.take()[0] == 0
    queue.mark([0], Slots.AUDIO)
    assert [queue.take()[0] for _ in range(3)] == [1, 2, 0]


def test_who_is_gone_is_forgotten() -> None:
    queue = SlotUpdateQueue[str]()
    queue.mark(["a", "b"], Slots.LAYERS)
    queue.forget("a")
    queue.forget("nobody")
    assert queue.take() == ("b", Slots.LAYERS)
