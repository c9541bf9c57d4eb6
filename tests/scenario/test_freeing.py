"""Who leaves is freed at once, by reference counts: the collector does not run in a class."""

import gc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.room import SEEN_STUDENT, STUDENT, TEACHER, Room

UNTIL_DEADLINES_ARE_GONE = 31.0  # s; the timers' heap drops them when they are due


@contextmanager
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def class_of_three() -> Room:
    room = Room()
    room.join(room.add(TEACHER), room.add(STUDENT), room.add(SEEN_STUDENT, "seen"))
    room.watch(room.peers["student"], ["teacher"])
    room.run(2.0)
    room.rig.dtls.sessions.clear()  # the factory's own list, for other tests
    return room


def parts(room: Room, name: str) -> list[weakref.ref[object]]:
    """A transport and its halves."""
    transport = room.rig.worker.routers["class"].transports[name]
    found: list[object] = [transport, transport.downlink]
    if name != "teacher":  # slots that showed the teacher keep it for late retransmissions
        found.append(transport.uplink)
    return [weakref.ref(one) for one in found]


@pytest.mark.parametrize("name", ["teacher", "student", "seen"])
def test_a_transport_that_left_is_freed_without_the_collector(name: str) -> None:
    room = class_of_three()
    with no_collector():
        watched = parts(room, name)
        room.peers[name].leave()
        room.run(UNTIL_DEADLINES_ARE_GONE)
        assert [ref() for ref in watched if ref() is not None] == []


def test_a_class_that_closed_is_freed_without_the_collector() -> None:
    room = class_of_three()
    with no_collector():
        watched = [ref for name in ("teacher", "student", "seen") for ref in parts(room, name)]
        router = weakref.ref(room.rig.worker.routers["class"])
        room.rig.call(lambda worker, now: worker.close_router("class", now))
        room.run(UNTIL_DEADLINES_ARE_GONE)
        assert router() is None
        assert [ref() for ref in watched if ref() is not None] == []
