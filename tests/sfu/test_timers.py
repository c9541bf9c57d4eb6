from collections.abc import Hashable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sfu.timers import Timers


def test_nothing_is_due_in_an_empty_set() -> None:
    timers = Timers[Hashable]()
    assert timers.next_deadline() is None
    assert timers.pop_due(1e9) == []


def test_owners_come_out_in_the_order_of_their_deadlines() -> None:
    timers = Timers[Hashable]()
    timers.set("late", 3.0)
    timers.set("early", 1.0)
    timers.set("never", 10.0)
    assert timers.next_deadline() == 1.0
    assert timers.pop_due(3.0) == ["early", "late"]
    assert timers.next_deadline() == 10.0


def test_equal_deadlines_keep_the_order_of_setting_and_owners_need_no_order() -> None:
    timers = Timers[Hashable]()
    owners = [object(), "text", 7, ("a", 1)]
    for owner in owners:
        timers.set(owner, 1.0)
    assert timers.pop_due(1.0) == owners


def test_the_earlier_deadline_is_kept() -> None:
    timers = Timers[Hashable]()
    timers.set("a", 2.0)
    timers.set("a", 5.0)
    assert timers.next_deadline() == 2.0
    timers.set("a", 1.0)
    assert timers.pop_due(1.0) == ["a"]
    assert timers.pop_due(9.0) == []


def test_clear_then_set_moves_a_deadline_back() -> None:
    timers = Timers[Hashable]()
    timers.set("a", 1.0)
    timers.clear("a")
    assert timers.next_deadline() is None
    timers.set("a", 2.0)
    assert timers.pop_due(1.5) == []
    assert timers.pop_due(2.0) == ["a"]


def test_set_again_at_the_same_time_after_clear_fires_once() -> None:
    timers = Timers[Hashable]()
    timers.set("a", 1.0)
    timers.clear("a")
    timers.set("a", 1.0)
    assert timers.pop_due(1.0) == ["a"]
    assert timers.pop_due(1.0) == []


def test_clearing_an_unknown_owner_is_harmless() -> None:
    Timers[Hashable]().clear("nobody")


def test_dead_entries_do_not_pile_up() -> None:
    timers = Timers[Hashable]()
    timers.set("live", 1e6)
    for turn in range(10_000):
        timers.set("busy", float(turn))
        timers.clear("busy")
    assert len(timers._heap) < 200
    assert timers.pop_due(1e6) == ["live"]


@given(
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.floats(0, 10), st.booleans()),
        max_size=60,
    )
)
def test_behaves_like_a_plain_dictionary(steps: Any) -> None:
    timers = Timers[Any]()
    model: dict[Any, float] = {}
    for owner, when, is_set in steps:
        if is_set:
            timers.set(owner, when)
            model[owner] = min(when, model.get(owner, when))
        else:
            timers.clear(owner)
            model.pop(owner, None)
        assert timers.next_deadline() == min(model.values(), default=None)
    assert sorted(timers.pop_due(5.0)) == sorted(o for o, when in model.items() if when <= 5.0)
