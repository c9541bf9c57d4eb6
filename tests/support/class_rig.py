"""One Classroom in virtual time, and people who act in it.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from common.roles import Role
from sfu.events import Event
from signalling.classroom import handlers, media
from signalling.classroom.effects import Decision, Effect, Send
from signalling.classroom.features.registry import FEATURES, FeatureSet
from signalling.classroom.messages import VideoJoin
from signalling.classroom.permissions import Identity, Right
from signalling.classroom.roster import Participant
from signalling.classroom.state import Classroom, ClassSettings
from tests.support.coded_plane import crossed_event

WALL_OFFSET = 1_700_000_000.0


class CountingRng:
    """Bytes that are different each time and the same in each run."""

    def __init__(self, drawn: int = 0) -> None:
        self.drawn = drawn

    def __call__(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")


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

    def __init__(self, capacity: int = 1_000, features: FeatureSet = FEATURES) -> None:
        self.now = 100.0
        self.features = features
        self.rng = CountingRng()
        settings = ClassSettings("demo", "Demo class", capacity, WALL_OFFSET)
        self.classroom = Classroom(settings, rng=self.rng, now=self.now, features=features)
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
        return self._join(identity, socket or user, resume)

    def attend(self, user: str, role: Role = Role.STUDENT) -> Joined:
        """Join without a socket, as a recorder or a phone does."""
        return self._join(Identity(user, user.capitalize(), role, "demo"), None, None)

    def _join(self, identity: Identity, socket: str | None, resume: str | None) -> Joined:
        message = VideoJoin.model_validate({"classId": "demo", "resume": resume})
        person, decision = self.classroom.join(identity, socket, message, self.now)
        self.effects += decision.effects
        return Joined(person, decision.ack, decision.effects)

    def teacher(self, user: str = "teacher") -> Joined:
        return self.join(user, Role.TEACHER)

    def say(self, who: Joined | Participant, event: str, **payload: object) -> Decision:
        """One message of a participant, from its wire form on."""
        person = who.person if isinstance(who, Joined) else who
        message = self.features.decode(event, (payload,))
        decision = handlers.handle(self.classroom, person, message, self.now)
        self.effects += decision.effects
        return decision

    def lose(self, who: Joined) -> None:
        """The person's socket is gone."""
        assert who.person.socket is not None
        self.effects += self.classroom.socket_lost(who.person, who.person.socket, self.now)

    def happens(self, event: Event) -> list[Effect]:
        """The SFU reports something."""
        effects = media.handle(self.classroom, crossed_event(event), self.now)
        self.effects += effects
        return effects

    def advance(self, seconds: float) -> None:
        """Let time pass, stopping at every deadline."""
        until = self.now + seconds
        while (deadline := self.classroom.next_deadline()) is not None and deadline <= until:
            if self.classroom.is_expired(deadline):
                break
            self.now = max(self.now, deadline)
            self.effects += self.classroom.handle_timers(self.now)
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
