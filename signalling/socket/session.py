"""One socket of one person, and which participant it speaks for.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from common.errors import StateError
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom
from signalling.socket.callers import Caller


@dataclass(slots=True)
class Session:
    """A connected socket; it speaks for a participant from video-join to leave or replacement."""

    socket: str
    identity: Identity
    caller: Caller
    room: Classroom | None = None
    person: Participant | None = None

    def bind(self, room: Classroom, person: Participant) -> None:
        self.room = room
        self.person = person

    def present(self) -> tuple[Classroom, Participant]:
        """The class and participant; raises when the socket speaks for nobody (any more)."""
        if self.room is None or self.person is None:
            raise StateError("not_joined", "Join the class first.")
        if self.room.roster.get(self.person.id) is not self.person:
            raise StateError("not_joined", "You are no longer in the class.")
        if self.person.socket is None:
            raise StateError("not_joined", "Join the class again.")
        if self.person.socket != self.socket:
            raise StateError("replaced", "You have joined the class elsewhere.")
        return self.room, self.person

    @property
    def is_bound(self) -> bool:
        """Whether the socket speaks for its participant now."""
        return self.person is not None and self.person.socket == self.socket
