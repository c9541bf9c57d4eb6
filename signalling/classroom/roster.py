"""The participants of a class: they join, are away, come back, are replaced and leave.

Pure: no I/O, no clock, no chance; ids come from an injected source of random bytes.
"""

import base64
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from signalling.classroom.permissions import Identity, Right, may

GRACE = 30.0  # seconds that a participant stays after the socket is lost

Rng = Callable[[int], bytes]


def random_id(rng: Rng, size: int = 12) -> str:
    """An id that cannot be guessed, safe in addresses and element ids."""
    return base64.b32encode(rng(size)).decode().rstrip("=").lower()


@dataclass(slots=True)
class Participant:
    """One person in one class, whatever sockets and peer connections come and go.

    A participant without a socket and without a deadline never had one: a recorder, a phone. It
    is present until it leaves, like all others.
    """

    id: str
    identity: Identity
    order: int
    resume: str
    socket: str | None
    deadline: float | None = None  # while away: the end of the grace period
    microphone: bool = False
    camera: bool = False
    screen: bool = False
    media_open: bool = False
    media_lost: bool = False
    uplink_poor: bool = False
    blocked: set[str] = field(default_factory=set)  # sources that are not forwarded
    known: set[str] = field(default_factory=set)  # ids that this client was told about
    is_hidden: bool = False

    @property
    def is_away(self) -> bool:
        """True from the loss of the socket until the participant comes back or leaves."""
        return self.deadline is not None

    @property
    def connection(self) -> str:
        """The state that others are told: connected, poor or lost."""
        if self.is_away or self.media_lost:
            return "lost"
        return "poor" if self.uplink_poor else "connected"

    def describe(self) -> dict[str, object]:
        """The participant as clients know it, but for what features add."""
        return {
            "id": self.id,
            "name": self.identity.name,
            "role": self.identity.role.value,
            "order": self.order,
            "media": {
                "microphone": self.microphone,
                "camera": self.camera,
                "screen": self.screen,
            },
            "connection": self.connection,
        }

    def as_author(self) -> dict[str, object]:
        """The author of a text, kept with it: it may be read when the author has left."""
        return {"id": self.id, "name": self.identity.name, "role": self.identity.role.value}


@dataclass(slots=True)
class Attachment:
    """The outcome of a join: the participant, and the socket that has to go."""

    participant: Participant
    is_new: bool
    is_resumed: bool
    replaced_socket: str | None


@dataclass(slots=True)
class RosterState:
    """A roster in a snapshot: participants in the order of joining, ids of those who are away in
    the order of their deadlines."""

    joined: int
    participants: list[Participant]
    away: list[str]


class Roster:
    """The participants of one class, in the order of joining."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._joined = 0  # participants so far, those who have left included
        self._by_id: dict[str, Participant] = {}
        self._by_user: dict[str, Participant] = {}
        self._away: dict[str, Participant] = {}  # in the order of their deadlines

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, participant_id: str) -> Participant | None:
        return self._by_id.get(participant_id)

    def of_user(self, user_id: str) -> Participant | None:
        return self._by_user.get(user_id)

    def everyone(self) -> tuple[Participant, ...]:
        return tuple(self._by_id.values())

    def visible(self) -> list[Participant]:
        """Those whom others may see, in the order of joining."""
        return [person for person in self._by_id.values() if not person.is_hidden]

    def connected(self) -> list[Participant]:
        """Those who have a socket, hidden ones too."""
        return [person for person in self._by_id.values() if person.socket is not None]

    def sockets(self) -> tuple[str, ...]:
        return sockets_of(self._by_id.values())

    def attach(self, identity: Identity, socket: str | None, resume: str | None) -> Attachment:
        """Binds the socket to the person's participant, a new one when the person is not here.

        None stands for a participant that has no socket and needs none.
        """
        person = self._by_user.get(identity.user_id)
        if person is None:
            return Attachment(self._add(identity, socket), True, False, None)
        same_page = resume is not None and hmac.compare_digest(
            resume.encode(), person.resume.encode()
        )
        replaced = person.socket if person.socket != socket else None
        person.identity = identity
        person.is_hidden = may(identity, Right.HIDDEN)
        person.socket = socket
        self._back(person)
        person.resume = random_id(self._rng, 20)
        return Attachment(person, False, same_page and person.media_open, replaced)

    def _add(self, identity: Identity, socket: str | None) -> Participant:
        self._joined += 1
        person = Participant(
            id=random_id(self._rng),
            identity=identity,
            order=self._joined,
            resume=random_id(self._rng, 20),
            socket=socket,
            is_hidden=may(identity, Right.HIDDEN),
        )
        self._by_id[person.id] = person
        self._by_user[identity.user_id] = person
        return person

    def detach(self, person: Participant, now: float) -> None:
        """The socket is gone; the participant may come back within the grace period."""
        person.socket = None
        self._back(person)
        person.deadline = now + GRACE
        self._away[person.id] = person

    def _back(self, person: Participant) -> None:
        person.deadline = None
        self._away.pop(person.id, None)

    def remove(self, person: Participant) -> None:
        self._back(person)
        self._by_id.pop(person.id, None)
        self._by_user.pop(person.identity.user_id, None)

    def clear(self) -> None:
        self._by_id.clear()
        self._by_user.clear()
        self._away.clear()

    def expired(self, now: float) -> list[Participant]:
        """Those whose grace period is over."""
        return [
            person
            for person in self._away.values()
            if person.deadline is not None and person.deadline <= now
        ]

    def next_deadline(self) -> float | None:
        first = next(iter(self._away.values()), None)
        return None if first is None else first.deadline

    def snapshot(self) -> RosterState:
        return RosterState(self._joined, list(self._by_id.values()), list(self._away))

    def restore(self, state: RosterState) -> None:
        """Takes over the participants of a snapshot; the roster has been empty so far."""
        self._joined = state.joined
        self._by_id = {person.id: person for person in state.participants}
        self._by_user = {person.identity.user_id: person for person in state.participants}
        self._away = {id_: self._by_id[id_] for id_ in state.away}


def sockets_of(people: Iterable[Participant]) -> tuple[str, ...]:
    """The sockets of those who have one."""
    return tuple(person.socket for person in people if person.socket is not None)
