"""One socket of one person, and which participant it speaks for.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from sfu.errors import StateError
from signalling.classroom import Classroom
from signalling.permissions import Identity
from signalling.presence import Participant

MAX_REFUSALS = 200


@dataclass(slots=True)
class Session:
    """A connected socket; it speaks for a participant from video-join to leave or replacement."""

    socket: str
    identity: Identity
    room: Classroom | None = None
    person: Participant | None = None
    refusals: int = 0

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

    def refuse(self) -> bool:
        """Count a message refused for flooding; True when it is enough."""
        self.refusals += 1
        return self.refusals == MAX_REFUSALS
