"""The chat of one class: who may read what, and the memory for those who come late.

Pure: no I/O, no clock.
"""

from collections import deque
from dataclasses import dataclass

from signalling.classroom.roster import Participant

TO_ALL = "all"
TO_TEACHERS = "teachers"
SHOWN = 50
KEPT = 500


def author(person: Participant) -> dict[str, object]:
    """Who wrote it, kept with the message: the person may be gone when it is read."""
    return {"id": person.id, "name": person.identity.name, "role": person.identity.role.value}


@dataclass(slots=True)
class ChatEntry:
    """One message; `to` is "all", "teachers" or a participant id."""

    id: str
    at: int
    sender: str
    author: dict[str, object]
    to: str
    text: str

    def is_for(self, person: Participant) -> bool:
        if self.to == TO_ALL or person.id in (self.sender, self.to):
            return True
        return self.to == TO_TEACHERS and person.identity.is_staff

    def describe(self) -> dict[str, object]:
        return {
            "id": self.id,
            "at": self.at,
            "from": self.author,
            "to": self.to,
            "text": self.text,
        }


class ChatLog:
    """The last messages of a class; the oldest fall out."""

    def __init__(self) -> None:
        self._entries: deque[ChatEntry] = deque(maxlen=KEPT)

    def add(self, entry: ChatEntry) -> None:
        self._entries.append(entry)

    def clear(self) -> None:
        self._entries.clear()

    def for_person(self, person: Participant) -> list[dict[str, object]]:
        """The last messages this person may read, the oldest first."""
        readable = [entry.describe() for entry in self._entries if entry.is_for(person)]
        return readable[-SHOWN:]
