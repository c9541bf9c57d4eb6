"""A small class with a worker whose faults are collected."""

from typing import NoReturn

from sfu.events import TransportClosed
from sfu.transport import Transport
from sfu.worker import Worker
from tests.support.peers import Peer
from tests.support.room import STUDENT, TEACHER, Room


class BrokenError(Exception):
    """Stands for any programming error."""


def broken(*_: object, **__: object) -> NoReturn:
    raise BrokenError


def class_of_three() -> tuple[Room, Peer, Peer, Peer]:
    """A teacher whom ada and ben watch."""
    room = Room()
    teacher, ada, ben = room.add(TEACHER), room.add(STUDENT, "ada"), room.add(STUDENT, "ben")
    room.join(teacher, ada, ben)
    for student in (ada, ben):
        room.watch(student, ["teacher"])
    room.run(1.0)
    return room, teacher, ada, ben


def faults(room: Room) -> list[str]:
    """The owners of the exceptions that the worker has told of."""
    assert all(isinstance(error, BrokenError) for _, error in room.rig.faults)
    return [owner for owner, _ in room.rig.faults]


def closed(room: Room) -> list[tuple[str, str]]:
    return [(e.transport_id, e.reason) for _, e in room.events(TransportClosed)]


def directory(of: Worker) -> dict[str, Transport]:
    return of._addresses.by_ufrag
