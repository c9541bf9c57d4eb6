"""Admission of sockets: their tokens, the places for them, and how many one person may have."""

from collections import Counter
from dataclasses import dataclass, field

from common.errors import CapacityError, LiveclassError, StateError
from signalling.auth.tokens import verify
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom
from signalling.socket.clients import Client, ClientKey, Clients

SOCKETS_PER_PERSON = 4  # in a class: a page, its reload, another device, its reload
STAFF_RESERVE = 20  # one place in so many is kept for staff
SUSPENDED = 60.0  # seconds for which a person who flooded the server is not admitted


@dataclass(slots=True)
class SignallingCounts:
    """Counts since the start, for the metrics."""

    messages: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    connections_refused: Counter[str] = field(default_factory=Counter)
    sockets_closed: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Session:
    """An admitted socket; it speaks for a participant from video-join to leave or replacement."""

    socket: str
    identity: Identity
    client: Client
    classroom: Classroom | None = None
    person: Participant | None = None

    def bind(self, classroom: Classroom, person: Participant) -> None:
        """The socket has joined the class as this participant."""
        self.classroom = classroom
        self.person = person

    def present(self) -> tuple[Classroom, Participant]:
        """The class and participant; raises StateError when the socket speaks for none."""
        if self.classroom is None or self.person is None:
            raise StateError("not_joined", "Join the class first.")
        if self.classroom.roster.get(self.person.id) is not self.person:
            raise StateError("not_joined", "You are no longer in the class.")
        if self.person.socket is None:
            raise StateError("not_joined", "Join the class again.")
        if self.person.socket != self.socket:
            raise StateError("replaced", "You have joined the class elsewhere.")
        return self.classroom, self.person

    @property
    def is_bound(self) -> bool:
        """Whether the socket speaks for its participant now."""
        return self.person is not None and self.person.socket == self.socket


class SocketAdmission:
    """The sockets that were admitted, each with its session."""

    def __init__(self, secret: str, max_sockets: int) -> None:
        self._secret = secret
        self._max_sockets = max_sockets
        self._clients = Clients()
        self.sessions: dict[str, Session] = {}
        self.is_draining = False

    def admit(self, socket: str, token: object, now: float, wall: float) -> Session:
        """Admits a socket that brings a valid token; raises LiveclassError."""
        if self.is_draining:
            raise StateError("draining", "The server is restarting. Try again in a moment.")
        identity = verify(token, self._secret, now=wall)
        if not self._has_place(identity):
            raise CapacityError("server_full", "This server is full. Try again later.")
        client = self._clients.find((identity.class_id, identity.user_id), now)
        if now < client.suspended_until:
            raise LiveclassError(
                "flooding", "Your device has sent too much. Try again in a minute."
            )
        self._clients.add(client, socket)
        session = self.sessions[socket] = Session(socket, identity, client)
        return session

    def _has_place(self, identity: Identity) -> bool:
        reserve = 0 if identity.is_staff else self._max_sockets // STAFF_RESERVE
        return len(self.sessions) < self._max_sockets - reserve

    def surplus(self, session: Session) -> str | None:
        """The person's socket that gives way to this one: the oldest that is not bound."""
        sockets = session.client.sockets
        if len(sockets) <= SOCKETS_PER_PERSON:
            return None
        return next((one for one in sockets[:-1] if not self.sessions[one].is_bound), None)

    def leave(self, socket: str, now: float) -> Session | None:
        """The socket is gone; None when it was never admitted or had left before."""
        session = self.sessions.pop(socket, None)
        if session is not None:
            self._clients.remove(session.client, socket, now)
        return session

    def suspend(self, key: ClientKey, now: float) -> list[str]:
        """Admits no socket of this person for a minute; returns the sockets they have."""
        client = self._clients.find(key, now)
        client.suspended_until = now + SUSPENDED
        return list(client.sockets)
