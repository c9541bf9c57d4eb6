"""Which sockets are let in: tokens, room for them, and how many one person may have."""

from collections import Counter
from dataclasses import dataclass, field

from common.errors import CapacityError, LiveclassError, StateError
from signalling.auth.tokens import verify
from signalling.classroom.permissions import Identity
from signalling.socket.callers import Callers, Key
from signalling.socket.session import Session

SOCKETS_PER_PERSON = 4  # in a class: a page, its reload, another device, its reload
STAFF_RESERVE = 20  # one place in so many is kept for staff
BARRED = 60.0  # seconds that a person put out for flooding stays out


@dataclass(slots=True)
class Tally:
    """Counts since the start, for the metrics."""

    messages: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    connections_refused: Counter[str] = field(default_factory=Counter)
    sockets_closed: Counter[str] = field(default_factory=Counter)


class Door:
    """The sockets that were let in, and for whom they speak."""

    def __init__(self, secret: str, max_sockets: int) -> None:
        self._secret = secret
        self._max_sockets = max_sockets
        self._callers = Callers()
        self.sessions: dict[str, Session] = {}
        self.is_draining = False

    def enter(self, socket: str, token: object, now: float, wall: float) -> Session:
        """Let a socket in that brings a valid token; raises LiveclassError."""
        if self.is_draining:
            raise StateError("draining", "The server is restarting. Try again in a moment.")
        identity = verify(token, self._secret, now=wall)
        if not self._has_room(identity):
            raise CapacityError("server_full", "This server is full. Try again later.")
        caller = self._callers.find((identity.class_id, identity.user_id), now)
        if now < caller.barred_until:
            raise LiveclassError("flooding", "Too much came from your side. Wait a minute.")
        self._callers.add(caller, socket)
        session = self.sessions[socket] = Session(socket, identity, caller)
        return session

    def _has_room(self, identity: Identity) -> bool:
        reserve = 0 if identity.is_staff else self._max_sockets // STAFF_RESERVE
        return len(self.sessions) < self._max_sockets - reserve

    def surplus(self, session: Session) -> str | None:
        """The person's socket that gives way to this one: the oldest that speaks for nobody."""
        sockets = session.caller.sockets
        if len(sockets) <= SOCKETS_PER_PERSON:
            return None
        return next((one for one in sockets[:-1] if not self.sessions[one].is_bound), None)

    def leave(self, socket: str, now: float) -> Session | None:
        """The socket is gone; None when it never came in or had gone."""
        session = self.sessions.pop(socket, None)
        if session is not None:
            self._callers.remove(session.caller, socket, now)
        return session

    def bar(self, key: Key, now: float) -> list[str]:
        """Nobody is let in as this person for a while; the sockets they have."""
        caller = self._callers.find(key, now)
        caller.barred_until = now + BARRED
        return list(caller.sockets)
