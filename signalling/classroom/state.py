"""One class: its state, who comes and goes, and what follows from that.

Pure: no I/O, no clock. `now` is monotonic seconds; times on the wire come from `wall_offset`.
What participants say to each other is decided in `signalling.classroom.handlers`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from common.errors import CapacityError, LiveclassError
from common.roles import Role
from common.work import WorkBudget
from signalling.classroom.chat import ChatLog
from signalling.classroom.effects import (
    CloseClass,
    CloseMedia,
    Decision,
    Disconnect,
    Effect,
    OpenClass,
    Send,
)
from signalling.classroom.messages import VideoJoin
from signalling.classroom.permissions import Identity, Right, abilities, may
from signalling.classroom.roster import Attachment, Participant, Rng, Roster
from signalling.classroom.updates import Updates

SLOTS = {"audio": 4, "video": 10}
KEPT_EMPTY = 600.0  # seconds a class that began is kept with nobody in it
REACTIONS_PER_SECOND = 30.0


class ClassState(StrEnum):
    """Where a class is in its life."""

    WAITING = "waiting"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ClassSettings:
    """What a class is given when it is made."""

    class_id: str
    title: str
    capacity: int = 1_000
    wall_offset: float = 0.0


class Classroom:
    """The decisions of one class; each returns effects for the shell to carry out."""

    def __init__(self, settings: ClassSettings, *, rng: Rng, now: float) -> None:
        self.settings = settings
        self.class_id = settings.class_id
        self.rng = rng
        self.state = ClassState.WAITING
        self.started_at: int | None = None
        self.locked = False
        self.roster = Roster(rng)
        self.updates = Updates()
        self.chat = ChatLog()
        self.reactions = WorkBudget(REACTIONS_PER_SECOND, REACTIONS_PER_SECOND, now)
        self._barred: set[str] = set()
        self._empty_since: float | None = now

    # Facts

    def wall_ms(self, now: float) -> int:
        """The wire's time: milliseconds since 1970."""
        return int((now + self.settings.wall_offset) * 1000)

    def describe(self) -> dict[str, object]:
        """The class as clients know it."""
        return {
            "id": self.class_id,
            "title": self.settings.title,
            "state": self.state.value,
            "started": self.state is ClassState.LIVE,
            "startedAt": self.started_at,
            "locked": self.locked,
        }

    def to_all(self, event: str, payload: dict[str, object]) -> Send:
        """An event for everyone who has a socket."""
        return Send(self.roster.sockets(), event, payload)

    # Coming

    def join(
        self, identity: Identity, socket: str, message: VideoJoin, now: float
    ) -> tuple[Participant, Decision]:
        """Take the person in, or back in; raises when the door is closed to them."""
        self._admit(identity)
        attached = self.roster.attach(identity, socket, message.resume)
        person = attached.participant
        self._empty_since = None
        effects: list[Effect] = []
        if attached.replaced_socket is not None:
            effects += _removed((attached.replaced_socket,), "replaced")
        if identity.role is Role.TEACHER and self._begins_with_teacher(message):
            effects += self.start(now)
        if not may(identity, Right.PUBLISH):
            person.blocked |= {"microphone", "camera"}
        if not may(identity, Right.SCREEN):
            person.blocked |= {"screen", "screen-audio"}
        page = self._first_page(attached, now)
        return person, Decision(self._welcome(attached, page, now), effects)

    def _admit(self, identity: Identity) -> None:
        if identity.user_id in self._barred:
            raise LiveclassError("removed", "You were removed from this class.")
        if self.roster.of_user(identity.user_id) is not None:
            return
        if self.locked and not identity.is_staff:
            raise LiveclassError("locked", "The teacher has locked this class.")
        if len(self.roster) >= self.settings.capacity and not identity.is_staff:
            raise CapacityError("class_full", "This class is full.")

    def _begins_with_teacher(self, message: VideoJoin) -> bool:
        """Joining begins a class; a page that comes back does not begin one that has ended."""
        if self.state is ClassState.ENDED:
            return message.resume is None
        return self.state is ClassState.WAITING

    def _first_page(self, attached: Attachment, now: float) -> list[Participant]:
        person = attached.participant
        page = self.roster.first_page(person)
        person.known = {one.id for one in page}
        if attached.is_new:
            self.updates.joined(person, now)
        else:
            self.updates.updated(person, now)
        return page

    def _welcome(
        self, attached: Attachment, page: Sequence[Participant], now: float
    ) -> dict[str, object]:
        person = attached.participant
        return {
            "self": {**person.describe(), "can": abilities(person.identity)},
            "resumed": attached.is_resumed,
            "participants": [one.describe() for one in page],
            "totals": self.roster.totals(),
            "iceServers": [],
            "slots": SLOTS,
            "chat": self.chat.for_person(person),
            "hands": self.roster.describe_hands(),
            "resume": person.resume,
            "serverTime": self.wall_ms(now),
            "class": self.describe(),
        }

    # Going

    def socket_lost(self, person: Participant, socket: str, now: float) -> list[Effect]:
        """The socket is gone, or its page is being hidden; the person may come back."""
        if person.socket != socket or self.roster.get(person.id) is not person:
            return []
        self.roster.detach(person, now)
        self.updates.updated(person, now)
        return []

    def leave(self, person: Participant, now: float) -> list[Effect]:
        """The participant is gone for good: media closed, hand down, the others told."""
        if self.roster.get(person.id) is not person:
            return []
        self.roster.remove(person)
        self.updates.left(person, now)
        if person.hand_at is not None:
            self.updates.hands(now)
        if len(self.roster) == 0:
            self._empty_since = now
        if not person.media_open:
            return []
        person.media_open = False
        return [CloseMedia(person.id)]

    def remove(self, person: Participant, now: float) -> list[Effect]:
        """Put a person out until the class ends."""
        self._barred.add(person.identity.user_id)
        return self.put_out(person, "removed", now)

    def put_out(self, person: Participant, reason: str, now: float) -> list[Effect]:
        """The person leaves, and is told why."""
        sockets = () if person.socket is None else (person.socket,)
        return [*_removed(sockets, reason), *self.leave(person, now)]

    # Beginning and end

    def start(self, now: float) -> list[Effect]:
        """Begin the class, the first time or anew; no effect while it is live."""
        if self.state is ClassState.LIVE:
            return []
        if self.state is ClassState.ENDED:
            self.chat.clear()
        self.state = ClassState.LIVE
        self.started_at = self.wall_ms(now)
        payload: dict[str, object] = {
            "classId": self.class_id,
            "title": self.settings.title,
            "url": f"/class/{self.class_id}",
            "startedAt": self.started_at,
        }
        return [OpenClass(self.class_id), self.to_all("liveclass-started", payload)]

    def end(self, now: float) -> list[Effect]:
        """End the class for everyone; no effect unless it is live."""
        if self.state is not ClassState.LIVE:
            return []
        self.state = ClassState.ENDED
        self.started_at = None
        self.locked = False
        sockets = self.roster.sockets()
        payload: dict[str, object] = {"classId": self.class_id, "endedAt": self.wall_ms(now)}
        effects: list[Effect] = [Send(sockets, "liveclass-ended", payload)]
        effects += _removed(sockets, "ended")
        effects.append(CloseClass(self.class_id))
        self.roster.clear()
        self.updates.clear()
        self._barred.clear()
        self._empty_since = now
        return effects

    # Time

    def next_deadline(self) -> float | None:
        deadlines = (self.updates.next_deadline(), self.roster.next_deadline(), self._expiry())
        return min((when for when in deadlines if when is not None), default=None)

    def handle_timers(self, now: float) -> list[Effect]:
        """Participants that were away too long leave; gathered changes are told."""
        effects: list[Effect] = []
        for person in self.roster.expired(now):
            effects += self.leave(person, now)
        flush_at = self.updates.next_deadline()
        if flush_at is not None and flush_at <= now:
            effects += self.updates.flush(self.roster, now)
        return effects

    def _expiry(self) -> float | None:
        if self._empty_since is None:
            return None
        kept = 0.0 if self.state is ClassState.WAITING else KEPT_EMPTY
        return self._empty_since + kept

    def is_expired(self, now: float) -> bool:
        """Nobody is here and nobody needs to find the class again."""
        expiry = self._expiry()
        return expiry is not None and expiry <= now


def _removed(sockets: tuple[str, ...], reason: str) -> list[Effect]:
    """Tell sockets that they are out, and why, then close them."""
    goodbyes: list[Effect] = [Disconnect(socket) for socket in sockets]
    return [Send(sockets, "removed", {"reason": reason}), *goodbyes] if sockets else []
