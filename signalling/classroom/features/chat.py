"""The chat of a class: to all, to the teachers or to one person, with a memory for latecomers.

Pure: no I/O, no clock.
"""

from collections import deque
from dataclasses import dataclass
from typing import Any

import msgspec

from signalling.classroom.effects import Decision, Send
from signalling.classroom.features.feature import ClassContext, Feature, on
from signalling.classroom.messages import Id, Message, Text
from signalling.classroom.permissions import Right, require
from signalling.classroom.roster import Participant, random_id, sockets_of
from signalling.errors import MessageError

TO_ALL = "all"
TO_TEACHERS = "teachers"
SHOWN = 50  # messages that a joiner gets
KEPT = 500  # messages of a class that are remembered


class ChatMessage(Message):
    """Sends a text to all, to the teachers or to one participant."""

    text: Text
    to: Id = TO_ALL


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
        """True when the participant may read it."""
        if self.to == TO_ALL or person.id in (self.sender, self.to):
            return True
        return self.to == TO_TEACHERS and person.identity.is_staff

    def describe(self) -> dict[str, object]:
        """The message as clients know it."""
        return {
            "id": self.id,
            "at": self.at,
            "from": self.author,
            "to": self.to,
            "text": self.text,
        }


class Chat(Feature):
    """The last messages of a class; the oldest fall out."""

    name = "chat"

    def __init__(self, context: ClassContext, now: float) -> None:
        super().__init__(context, now)
        self._entries: deque[ChatEntry] = deque(maxlen=KEPT)

    def _write(self, person: Participant, message: ChatMessage, now: float) -> Decision:
        require(person.identity, Right.CHAT)
        roster = self.context.roster
        if message.to not in (TO_ALL, TO_TEACHERS) and roster.get(message.to) is None:
            raise MessageError("This person is not in the class.", "to", "no_such_participant")
        entry = ChatEntry(
            id=random_id(self.context.rng),
            at=self.context.wall_ms(now),
            sender=person.id,
            author=person.as_author(),
            to=message.to,
            text=message.text,
        )
        self.add(entry)
        readers = [one for one in roster.connected() if entry.is_for(one)]
        send = Send(sockets_of(readers), "chat-message", entry.describe())
        return Decision({"id": entry.id, "at": entry.at}, [send])

    messages = (on("chat-message", ChatMessage, _write, to_many=True),)

    def add(self, entry: ChatEntry) -> None:
        """Remembers a message."""
        self._entries.append(entry)

    def readable_by(self, person: Participant) -> list[dict[str, object]]:
        """The last messages that this participant may read, the oldest first."""
        readable = [entry.describe() for entry in self._entries if entry.is_for(person)]
        return readable[-SHOWN:]

    def welcome(self, person: Participant) -> dict[str, object]:
        return {"chat": self.readable_by(person)}

    def restarted(self) -> None:
        self._entries.clear()

    def snapshot(self) -> object:
        return msgspec.to_builtins(list(self._entries))

    def restore(self, data: Any, shift: float) -> None:
        self._entries.extend(msgspec.convert(data, list[ChatEntry]))
