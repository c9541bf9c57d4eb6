"""Promises of the fast path on any machine: calls, depth and memory, never microseconds."""

import pytest

from bench.allocations import hold
from bench.depth import Calls, count, per_copy
from sfu.fanout.plan import SOUND_GROUP

pytestmark = pytest.mark.sweep

CROWDS = (SOUND_GROUP, 2 * SOUND_GROUP, 3 * SOUND_GROUP)  # subscribers, all groups full
MAX_DEPTH = 8  # frames from the read to the write
MAX_PYTHON_CALLS = {"video": 0.2, "sound": 0.5}  # per copy; a picture's packets share theirs
MAX_BUILTIN_CALLS = {"video": 1.0, "sound": 2.5}
MAX_CALLS_PER_PACKET = {"video": 40, "sound": 90}  # of a publisher nobody watches


@pytest.fixture(scope="module", params=["video", "sound"])
def kind(request: pytest.FixtureRequest) -> str:
    """What is sent."""
    return str(request.param)


@pytest.fixture(scope="module")
def some(kind: str) -> tuple[Calls, Calls, Calls]:
    """To three numbers above what a flush lays out once."""
    few, more, many = (count(subscribers, kind) for subscribers in CROWDS)
    return few, more, many


def test_everything_is_forwarded(kind: str, some: tuple[Calls, Calls, Calls]) -> None:
    for calls, subscribers in zip(some, CROWDS, strict=True):
        assert calls.copies == subscribers * (52 if kind == "video" else 12)


def test_few_python_calls_make_a_copy(kind: str, some: tuple[Calls, Calls, Calls]) -> None:
    few, _, many = some
    python, builtin, writes = per_copy(few, many)
    assert python <= MAX_PYTHON_CALLS[kind]
    assert builtin <= MAX_BUILTIN_CALLS[kind]
    assert writes <= (0.25 if kind == "video" else 1.01), "a picture leaves by one write"


def test_the_calls_of_a_copy_do_not_grow_with_subscribers(some: tuple[Calls, Calls, Calls]) -> None:
    few, more, many = some
    assert per_copy(more, many)[0] <= 1.1 * per_copy(few, more)[0] + 0.1


def test_the_way_from_the_read_to_the_write_is_short(some: tuple[Calls, Calls, Calls]) -> None:
    assert 0 < some[2].depth <= MAX_DEPTH


def test_a_packet_comes_in_by_a_bounded_number_of_calls(kind: str) -> None:
    alone = count(0, kind)
    assert alone.packets
    assert alone.python / alone.packets <= MAX_CALLS_PER_PACKET[kind]


def test_copies_hold_no_memory_whatever_their_number() -> None:
    few, many = hold(4), hold(24)
    assert many.copies == 6 * few.copies
    assert many.in_flight <= few.in_flight + 8, "copies pile up during a flush"
    assert many.per_frame < 5, "something is left of every frame"
    assert many.collections < 1, "copies keep the garbage collector at work"
