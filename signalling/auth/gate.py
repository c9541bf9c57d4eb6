"""The gate decides at every video-join whether a person with a valid token may enter the class.

A class that sells its seats has a gate of its own; without one the token is enough.
"""

from typing import Protocol

from common.roles import Admission
from signalling.classroom.permissions import Identity


class EntryGate(Protocol):
    """The decision about a person whose token is valid."""

    async def admit(self, identity: Identity) -> Admission | None:
        """Admits the person, or raises LiveclassError with the code and sentence for them.

        None for a class that the gate does not know.
        """


class OpenGate:
    """Admits everyone."""

    async def admit(self, identity: Identity) -> Admission | None:
        """The token is enough."""
        return None
