"""Marks, in order, a few at a time."""

from sfu.stale import Slots, Stale


def test_marks_add_up_and_come_in_the_order_of_the_first() -> None:
    stale = Stale[str]()
    stale.mark(["b", "a"], Slots.AUDIO)
    stale.mark(["c", "b"], Slots.VIDEO)
    assert len(stale) == 3
    assert stale.take(10) == [("b", Slots.ALL), ("a", Slots.AUDIO), ("c", Slots.VIDEO)]
    assert not stale


def test_a_few_are_taken_and_the_rest_wait() -> None:
    stale = Stale[int]()
    stale.mark(range(5), Slots.VIDEO)
    assert [owner for owner, _ in stale.take(2)] == [0, 1]
    stale.mark([0], Slots.AUDIO)
    assert [owner for owner, _ in stale.take(3)] == [2, 3, 4]
    assert stale.take(3) == [(0, Slots.AUDIO)]
    assert stale.take(3) == []


def test_who_is_gone_is_forgotten() -> None:
    stale = Stale[str]()
    stale.mark(["a", "b"], Slots.LAYERS)
    stale.forget("a")
    stale.forget("nobody")
    assert stale.take(5) == [("b", Slots.LAYERS)]
