from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.publish.seqmap import SeqMap

# Steps: ("a", index, expected compact index) accepts, ("d", index, expected) drops.
TABLES = {
    "in order": [("a", 10, 10), ("a", 11, 11), ("a", 12, 12)],
    "first index is taken as it is": [("a", 70_000, 70_000), ("a", 70_001, 70_001)],
    "loss keeps its place": [("a", 10, 10), ("a", 13, 13), ("a", 11, 11), ("a", 12, 12)],
    "one dropped": [("a", 10, 10), ("d", 11, True), ("a", 12, 11), ("a", 13, 12)],
    "a run dropped": [
        ("a", 10, 10),
        *[("d", index, True) for index in range(11, 20)],
        ("a", 20, 11),
    ],
    "two runs": [
        ("a", 10, 10),
        ("d", 11, True),
        ("a", 12, 11),
        ("d", 13, True),
        ("d", 14, True),
        ("a", 15, 12),
    ],
    "dropped before anything was accepted": [("d", 5, True), ("a", 6, 5), ("a", 4, 4)],
    "late ones around a dropped one": [
        ("a", 10, 10),
        ("d", 12, True),
        ("a", 14, 13),
        ("a", 11, 11),
        ("a", 13, 12),
    ],
    "late packet that was dropped": [
        ("a", 10, 10),
        ("d", 11, True),
        ("a", 12, 11),
        ("a", 11, None),
    ],
    "dropped right before stays dropped": [("a", 10, 10), ("d", 11, True), ("a", 11, None)],
    "too late to drop": [("a", 10, 10), ("a", 12, 12), ("d", 11, False), ("a", 11, 11)],
    "too late to drop after an earlier drop": [
        ("d", 10, True),
        ("a", 13, 12),
        ("d", 12, False),
        ("a", 12, 11),
        ("d", 11, False),
    ],
    "an accepted one can't be dropped": [("a", 10, 10), ("d", 10, False), ("a", 10, 10)],
    "dropping twice says the same": [
        ("a", 10, 10),
        ("d", 11, True),
        ("d", 11, True),
        ("a", 12, 11),
        ("d", 11, True),
        ("a", 13, 12),
    ],
    "duplicates get the same answer": [
        ("a", 10, 10),
        ("d", 11, True),
        ("a", 12, 11),
        ("a", 12, 11),
        ("a", 10, 10),
    ],
    "dropped ones out of order": [
        ("a", 10, 10),
        ("d", 14, True),
        ("d", 12, True),
        ("a", 15, 13),
        ("a", 13, 12),
        ("a", 11, 11),
    ],
    "dropped ones out of order that touch": [
        ("a", 10, 10),
        ("d", 12, True),
        ("d", 11, True),
        ("a", 13, 11),
        ("a", 12, None),
        ("a", 11, None),
    ],
    "accepted between two dropped ones fixes those before it": [
        ("a", 10, 10),
        ("d", 15, True),
        ("a", 13, 13),
        ("d", 12, False),
        ("d", 14, True),
        ("a", 16, 14),
    ],
}


@pytest.mark.parametrize("steps", TABLES.values(), ids=TABLES.keys())
def test_table(steps: Any) -> None:
    seqmap = SeqMap()
    for number, (verb, index, expected) in enumerate(steps):
        result = seqmap.accept(index) if verb == "a" else seqmap.drop(index)
        assert result == expected, f"step {number}: {verb} {index}"


def test_ranges_are_bounded_and_older_ones_are_unknown() -> None:
    seqmap = SeqMap()
    for index in range(0, 4000, 2):
        seqmap.accept(index)
        seqmap.drop(index + 1)
    assert len(seqmap._starts) <= 128
    assert seqmap.accept(100) is None
    assert seqmap.drop(100) is False
    assert seqmap.accept(3999) is None
    assert seqmap.accept(3998) == 3998 - 1999
    assert seqmap.accept(4000) == 2000


def test_a_long_run_is_one_range() -> None:
    seqmap = SeqMap()
    for index in range(100_000):
        assert seqmap.drop(index)
    assert len(seqmap._starts) == 1
    assert seqmap.accept(100_000) == 0


steps = st.lists(st.tuples(st.booleans(), st.integers(0, 60)), max_size=120)


@given(steps)
def test_compact_indices_are_unique_keep_order_and_never_change(steps: Any) -> None:
    seqmap = SeqMap()
    given_out: dict[int, int] = {}
    dropped: set[int] = set()
    for accept, index in steps:
        if accept:
            compact = seqmap.accept(index)
            assert (compact is None) == (index in dropped)
            if compact is not None:
                assert given_out.setdefault(index, compact) == compact
        elif seqmap.drop(index):
            dropped.add(index)
    ordered = [given_out[index] for index in sorted(given_out)]
    assert ordered == sorted(set(ordered))
    for index, compact in given_out.items():
        assert compact == index - sum(1 for gone in dropped if gone < index)


@given(st.lists(st.booleans(), max_size=200), st.integers(0, 2**40))
def test_in_order_drops_leave_no_holes(keeps: Any, first: Any) -> None:
    seqmap = SeqMap()
    compact = []
    for index, keep in enumerate(keeps, first):
        if keep:
            compact.append(seqmap.accept(index))
        else:
            assert seqmap.drop(index)
    assert compact == list(range(first, first + sum(keeps)))
