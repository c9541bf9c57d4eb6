"""One class: joining and leaving it, the beginning and end of its lesson, and what follows.

Pure: no I/O, no clock. `now` is monotonic seconds; times on the wire come from `wall_offset`.
Messages of participants are decided in `signalling.classroom.handlers` and by the features.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from common.errors import CapacityError, LiveclassError
from common.roles import Role
from signalling.classroom.changes import RosterChanges
from signalling.classroom.effects import (
    CloseClass,
    CloseMedia,
    Decision,
    Disconnect,
    Effect,
    OpenClass,
    Send,
)
from signalling.classroom.features.feature import ClassContext
from signalling.classroom.features.registry import FEATURES, Features, FeatureSet
from signalling.classroom.messages import VideoJoin
from signalling.classroom.permissions import Identity, Right, abilities, may
from signalling.classroom.roster import Attachment, Participant, Rng, Roster
from signalling.classroom.snapshot import ClassSnapshot, decode, encode
from signalling.classroom.updates import flush
from signalling.classroom.view import ClassView

SLOTS = {"audio": 4, "video": 10}
KEPT_EMPTY = 600.0  # seconds that a class is kept without participants once its lesson began


class LessonState(StrEnum):
    """The stages of a lesson."""

    WAITING = "waiting"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ClassSettings:
    """The facts about a class that are known before it is joined."""

    class_id: str
    title: str
    capacity: int = 1_000
    wall_offset: float = 0.0


class Classroom:
    """The decisions about one class; each returns effects for the shell to carry out."""

    def __init__(
        self,
        settings: ClassSettings,
        *,
        rng: Rng,
        now: float,
        features: FeatureSet = FEATURES,
    ) -> None:
        self.settings = settings
        self.class_id = settings.class_id
        self.state = LessonState.WAITING
        self.started_at: int | None = None
        self.locked = False
        self.roster = Roster(rng)
        self.changes = RosterChanges()
        self.context = ClassContext(self.roster, self.changes, rng, settings.wall_offset)
        self.features = Features(features, self.context, now)
        self.view = ClassView(self.roster, self.features)
        self._removed_users: set[str] = set()  # by a moderator, until the lesson ends
        self._empty_since: float | None = now

    # Facts

    def describe(self) -> dict[str, object]:
        """The class as clients know it."""
        return {
            "id": self.class_id,
            "title": self.settings.title,
            "state": self.state.value,
            "started": self.state is LessonState.LIVE,
            "startedAt": self.started_at,
            "locked": self.locked,
        }

    # Joining

    def join(
        self, identity: Identity, socket: str | None, message: VideoJoin, now: float
    ) -> tuple[Participant, Decision]:
        """Takes the person in, or back in; raises LiveclassError when they are refused.

        Without a socket the participant is there for the others to see, is sent nothing, and
        stays until `leave`.
        """
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
        if identity.user_id in self._removed_users:
            raise LiveclassError("removed", "You were removed from this class.")
        if self.roster.of_user(identity.user_id) is not None:
            return
        if self.locked and not identity.is_staff:
            raise LiveclassError("locked", "The teacher has locked this class.")
        if len(self.roster) >= self.settings.capacity and not identity.is_staff:
            raise CapacityError("class_full", "This class is full.")

    def _begins_with_teacher(self, message: VideoJoin) -> bool:
        """Joining begins a class; a page that comes back does not begin one that has ended."""
        if self.state is LessonState.ENDED:
            return message.resume is None
        return self.state is LessonState.WAITING

    def _first_page(self, attached: Attachment, now: float) -> list[Participant]:
        person = attached.participant
        page = self.view.first_page(person)
        person.known = {one.id for one in page}
        if attached.is_new:
            self.changes.joined(person, now)
        else:
            self.changes.updated(person, now)
        return page

    def _welcome(
        self, attached: Attachment, page: Sequence[Participant], now: float
    ) -> dict[str, object]:
        person = attached.participant
        return {
            "self": {**self.view.describe(person), "can": abilities(person.identity)},
            "resumed": attached.is_resumed,
            "participants": [self.view.describe(one) for one in page],
            "totals": self.view.totals(),
            "iceServers": [],
            "slots": SLOTS,
            **self.features.welcome(person),
            "resume": person.resume,
            "serverTime": self.context.wall_ms(now),
            "class": self.describe(),
        }

    # Leaving

    def socket_lost(self, person: Participant, socket: str, now: float) -> list[Effect]:
        """The socket is gone, or its page goes away; the person may come back."""
        if person.socket != socket or self.roster.get(person.id) is not person:
            return []
        self.roster.detach(person, now)
        self.changes.updated(person, now)
        return []

    def leave(self, person: Participant, now: float) -> list[Effect]:
        """The participant is gone for good: media is closed, features forget, others are told."""
        if self.roster.get(person.id) is not person:
            return []
        self.roster.remove(person)
        self.changes.left(person, now)
        effects = self.features.left(person, now)
        if len(self.roster) == 0:
            self._empty_since = now
        if person.media_open:
            person.media_open = False
            effects.append(CloseMedia(person.id))
        return effects

    def remove(self, person: Participant, now: float) -> list[Effect]:
        """Evicts a person, who is not let in again until the lesson ends."""
        self._removed_users.add(person.identity.user_id)
        return self.evict(person, "removed", now)

    def evict(self, person: Participant, reason: str, now: float) -> list[Effect]:
        """Makes the person leave, and tells them the reason."""
        sockets = () if person.socket is None else (person.socket,)
        return [*_removed(sockets, reason), *self.leave(person, now)]

    # Beginning and end

    def start(self, now: float) -> list[Effect]:
        """Begins the lesson, the first one or another; no effect while one is live."""
        if self.state is LessonState.LIVE:
            return []
        if self.state is LessonState.ENDED:
            self.features.restarted()
        self.state = LessonState.LIVE
        self.started_at = self.context.wall_ms(now)
        payload: dict[str, object] = {
            "classId": self.class_id,
            "title": self.settings.title,
            "url": f"/class/{self.class_id}",
            "startedAt": self.started_at,
        }
        return [OpenClass(self.class_id), self.context.to_all("liveclass-started", payload)]

    def end(self, now: float) -> list[Effect]:
        """Ends the lesson for everyone; no effect unless it is live."""
        if self.state is not LessonState.LIVE:
            return []
        self.state = LessonState.ENDED
        self.started_at = None
        self.locked = False
        sockets = self.roster.sockets()
        payload: dict[str, object] = {
            "classId": self.class_id,
            "endedAt": self.context.wall_ms(now),
        }
        effects: list[Effect] = [Send(sockets, "liveclass-ended", payload)]
        effects += _removed(sockets, "ended")
        effects.append(CloseClass(self.class_id))
        self.roster.clear()
        self.changes.clear()
        self.features.ended()
        self._removed_users.clear()
        self._empty_since = now
        return effects

    # Time

    def next_deadline(self) -> float | None:
        deadlines = (
            self.changes.deadline,
            self.roster.next_deadline(),
            self.features.next_deadline(),
            self._expiry(),
        )
        return min((when for when in deadlines if when is not None), default=None)

    def handle_timers(self, now: float) -> list[Effect]:
        """Participants whose grace period is over leave; gathered changes are sent; features do
        what is due."""
        effects: list[Effect] = []
        for person in self.roster.expired(now):
            effects += self.leave(person, now)
        if self.changes.deadline is not None and self.changes.deadline <= now:
            effects += flush(self.changes, self.view, now)
        return effects + self.features.handle_timers(now)

    def _expiry(self) -> float | None:
        if self._empty_since is None:
            return None
        kept = 0.0 if self.state is LessonState.WAITING else KEPT_EMPTY
        return self._empty_since + kept

    def is_expired(self, now: float) -> bool:
        """True when the class has been empty for so long that it may be forgotten."""
        expiry = self._expiry()
        return expiry is not None and expiry <= now

    # Surviving a restart

    def snapshot(self) -> dict[str, Any]:
        """The whole class as plain data (`signalling.classroom.snapshot`)."""
        return encode(
            ClassSnapshot(
                class_id=self.class_id,
                state=self.state.value,
                started_at=self.started_at,
                locked=self.locked,
                removed_users=sorted(self._removed_users),
                empty_since=self._empty_since,
                wall_offset=self.settings.wall_offset,
                roster=self.roster.snapshot(),
                changes=self.changes,
                features=self.features.snapshot(),
            )
        )

    @classmethod
    def restore(
        cls,
        data: object,
        settings: ClassSettings,
        *,
        rng: Rng,
        now: float,
        features: FeatureSet = FEATURES,
    ) -> "Classroom":
        """The class of a snapshot, with its times on this process's clock; raises SnapshotError.

        Sockets keep their names: of those that are gone the caller reports `socket_lost`.
        """
        saved, shift = decode(data, settings.class_id, settings.wall_offset)
        classroom = cls(settings, rng=rng, now=now, features=features)
        classroom.state = LessonState(saved.state)
        classroom.started_at = saved.started_at
        classroom.locked = saved.locked
        classroom._removed_users = set(saved.removed_users)
        classroom._empty_since = saved.empty_since
        classroom.roster.restore(saved.roster)
        classroom.changes.restore(saved.changes)
        classroom.features.restore(saved.features, shift)
        return classroom


def _removed(sockets: tuple[str, ...], reason: str) -> list[Effect]:
    """Tells sockets why they are removed, then closes them."""
    goodbyes: list[Effect] = [Disconnect(socket) for socket in sockets]
    return [Send(sockets, "removed", {"reason": reason}), *goodbyes] if sockets else []
