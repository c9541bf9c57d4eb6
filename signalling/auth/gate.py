"""Who may enter a class, beside the join token: asked at every video-join.

A class that sells its seats has a gate of its own; without one the token alone opens it.
"""

from typing import Protocol

from common.roles import Admission
from signalling.classroom.permissions import Identity


class EntryGate(Protocol):
    """The door that a join token leads to."""

    async def admit(self, identity: Identity) -> Admission | None:
        """Lets the person in, or raises LiveclassError with the code and sentence for them.

        None for a class that the gate does not know.
        """


class OpenGate:
    """Lets everybody in."""

    async def admit(self, identity: Identity) -> Admission | None:
        """The token is enough."""
        return None
