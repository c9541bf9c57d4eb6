"""One Classroom in virtual time, and people who act in it.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from itertools import count

from common.roles import Role
from sfu.events import Event
from signalling.classroom import handlers, media
from signalling.classroom.effects import Decision, Effect, Send
from signalling.classroom.messages import VideoJoin, decode
from signalling.classroom.permissions import Identity, Right
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom, ClassSettings
from tests.support.coded_plane import crossed_event

WALL_OFFSET = 1_700_000_000.0


class CountingRng:
    """Bytes that are different each time and the same in each run."""

    def __init__(self) -> None:
        self._next = count(1)

    def __call__(self, size: int) -> bytes:
        return next(self._next).to_bytes(size, "big")


@dataclass(slots=True)
class Joined:
    """A person's participant and the acknowledgement of the join."""

    person: Participant
    ack: dict[str, object]
    effects: list[Effect]

    @property
    def id(self) -> str:
        return self.person.id


class ClassRig:
    """Joins, messages and the passing of time; collects every event by socket."""

    def __init__(self, capacity: int = 1_000) -> None:
        self.now = 100.0
        settings = ClassSettings("demo", "Demo class", capacity, WALL_OFFSET)
        self.room = Classroom(settings, rng=CountingRng(), now=self.now)
        self.effects: list[Effect] = []

    def join(
        self,
        user: str,
        role: Role = Role.STUDENT,
        *,
        socket: str | None = None,
        resume: str | None = None,
        grants: dict[Right, bool] | None = None,
    ) -> Joined:
        """Join as this user; the socket's name is the user's unless given."""
        identity = Identity(user, user.capitalize(), role, "demo", grants or {})
        message = VideoJoin.model_validate({"classId": "demo", "resume": resume})
        person, decision = self.room.join(identity, socket or user, message, self.now)
        self.effects += decision.effects
        return Joined(person, decision.ack, decision.effects)

    def teacher(self, user: str = "teacher") -> Joined:
        return self.join(user, Role.TEACHER)

    def say(self, who: Joined | Participant, event: str, **payload: object) -> Decision:
        """One message of a participant, from its wire form on."""
        person = who.person if isinstance(who, Joined) else who
        decision = handlers.handle(self.room, person, decode(event, (payload,)), self.now)
        self.effects += decision.effects
        return decision

    def lose(self, who: Joined) -> None:
        """The person's socket is gone."""
        assert who.person.socket is not None
        self.effects += self.room.socket_lost(who.person, who.person.socket, self.now)

    def happens(self, event: Event) -> list[Effect]:
        """The SFU reports something, from another process."""
        effects = media.handle(self.room, crossed_event(event), self.now)
        self.effects += effects
        return effects

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at every deadline."""
        until = self.now + seconds
        while (deadline := self.room.next_deadline()) is not None and deadline <= until:
            if self.room.is_expired(deadline):
                break
            self.now = max(self.now, deadline)
            self.effects += self.room.handle_timers(self.now)
        self.now = until

    def got(self, socket: str, event: str | None = None) -> list[dict[str, object]]:
        """The payloads a socket was sent, of one event or of all."""
        return [
            effect.payload
            for effect in self.effects
            if isinstance(effect, Send)
            and socket in effect.sockets
            and event in (None, effect.event)
        ]

    def events(self, socket: str) -> list[str]:
        """The names of the events a socket was sent, in order."""
        return [
            effect.event
            for effect in self.effects
            if isinstance(effect, Send) and socket in effect.sockets
        ]

    def told(self, socket: str, event: str) -> list[str]:
        """The participant ids in all events of one kind that a socket was sent."""
        ids: list[str] = []
        for payload in self.got(socket, event):
            people = payload["participants"]
            assert isinstance(people, list)
            ids += [one if isinstance(one, str) else one["id"] for one in people]
        return ids

    def forget(self) -> None:
        """Start a new collection of effects."""
        self.effects.clear()
