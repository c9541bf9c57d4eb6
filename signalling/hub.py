"""The hub: decodes messages, asks the classes for decisions and has their effects carried out.

Classes neither wait nor read a clock nor draw random bytes: the hub does that for them.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from common.errors import LiveclassError, StateError
from common.logs import get_logger
from sfu.events import Event, TransportClosed
from signalling.auth.gate import EntryGate, OpenGate
from signalling.classroom import handlers, media
from signalling.classroom.effects import CloseClass, Decision, Disconnect, Effect, Send
from signalling.classroom.features.registry import FEATURES
from signalling.classroom.messages import MediaState, Message, VideoJoin, VideoOffer
from signalling.classroom.permissions import Identity
from signalling.classroom.roster import Rng
from signalling.classroom.state import Classroom, ClassSettings, LessonState
from signalling.effect_runner import EffectRunner
from signalling.errors import Refusal, to_wire
from signalling.media_plane import MediaPlane
from signalling.socket.admission import Session, SignallingCounts, SocketAdmission
from signalling.socket.clients import ClientKey
from signalling.socket.inbox import Ack
from signalling.socket.outgoing import Outgoing

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HubSettings:
    """Limits, names, the wall clock and the random source of a hub."""

    secret: str
    wall: Callable[[], float]
    rng: Rng
    capacity: int = 1_000
    max_sockets: int = 5_000
    titles: dict[str, str] = field(default_factory=dict)
    took: Callable[[str, float, float], None] = lambda what, start, end: None
    """Is told of work on the loop: its name, its start and its end."""


class Hub:
    """All classes of this process and all sockets in them."""

    def __init__(
        self,
        settings: HubSettings,
        plane: MediaPlane,
        outgoing: Outgoing,
        gate: EntryGate | None = None,
    ) -> None:
        self.settings = settings
        self.classrooms: dict[str, Classroom] = {}
        self._titles = dict(settings.titles)
        self.counts = SignallingCounts()
        self.gate = gate or OpenGate()
        self._outgoing = outgoing
        self._effects = EffectRunner(plane, outgoing, self._now)
        self._admission = SocketAdmission(settings.secret, settings.max_sockets)
        self._timers: dict[str, asyncio.TimerHandle] = {}
        plane.subscribe(self.media_event)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    # Sockets

    @property
    def sessions(self) -> dict[str, Session]:
        """The sockets that were admitted."""
        return self._admission.sessions

    def connect(self, socket: str, token: object) -> Session:
        """Admits a socket that brings a valid token; raises LiveclassError."""
        try:
            session = self._admission.admit(socket, token, self._now(), self.settings.wall())
        except LiveclassError as error:
            self.counts.connections_refused[error.code] += 1
            log.info("connection.refused", code=error.code)
            raise
        surplus = self._admission.surplus(session)
        if surplus is not None:
            self.counts.sockets_closed["surplus"] += 1
            self._dismiss(surplus, "replaced")
        return session

    def disconnect(self, socket: str) -> None:
        """Handles the end of a socket, after the messages it sent before."""
        session = self._admission.leave(socket, self._now())
        if session is None:
            return
        self._outgoing.forget(socket)
        if not self.is_draining:  # when all leave, news of each would go to all
            session.client.inbox.post(partial(self._handle_lost, session))

    def _dismiss(self, socket: str, reason: str) -> None:
        """Tells a socket why it is removed, and closes it; its messages are ignored from now on."""
        self.disconnect(socket)
        self._outgoing.put(Send((socket,), "removed", {"reason": reason}))
        self._outgoing.put(Disconnect(socket))

    def flooding(self, socket: str) -> None:
        """Evicts a person for a minute, with all their sockets, because messages of this socket
        were refused for too long. Staff are only slowed."""
        session = self.sessions.get(socket)
        if session is None or session.identity.is_staff:
            return
        self._evict_flooding(session.client.key)

    def _evict_flooding(self, key: ClientKey) -> None:
        class_id, user_id = key
        self.counts.refusals["flooding"] += 1
        sockets = self._admission.suspend(key, self._now())
        for one in sockets:
            self._dismiss(one, "flooding")
        classroom = self.classrooms.get(class_id)
        person = None if classroom is None else classroom.roster.of_user(user_id)
        if classroom is not None and person is not None:
            self._apply(classroom, classroom.leave(person, self._now()))

    async def _handle_lost(self, session: Session) -> Ack:
        classroom, person = session.classroom, session.person
        if classroom is not None and person is not None:
            self._apply(classroom, classroom.socket_lost(person, session.socket, self._now()))
        return {}

    # Messages

    async def receive(self, socket: str, event: str, args: tuple[object, ...]) -> Ack | Refusal:
        """Handles one message in the person's order and returns the acknowledgement."""
        session = self.sessions.get(socket)
        if session is None:
            return to_wire(StateError("not_joined", "You are not connected. Connect again."))
        self.counts.messages[event if event in FEATURES.messages else "unknown"] += 1
        try:
            message = FEATURES.decode(event, args)
            if isinstance(message, VideoOffer):
                session.client.budget.take_lines(message.sdp.count("\n"), self._now())
            future = session.client.inbox.submit(partial(self._process, session, message))
        except Exception as error:
            return self._refuse(session, event, error)
        try:
            return {"ok": True, **await future}
        except Exception as error:
            return self._refuse(session, event, error)
        finally:
            # Runs when the caller has queued the acknowledgement: it does so without waiting.
            asyncio.get_running_loop().call_soon(self._outgoing.release, socket)

    def _refuse(self, session: Session, event: str, error: Exception) -> Refusal:
        refusal = to_wire(error)
        code = refusal["error"]["code"]
        self.counts.refusals[code] += 1
        if code == "internal":
            log.error("message.failed", message=event, socket=session.socket, exc_info=error)
        return refusal

    async def _process(self, session: Session, message: Message) -> Ack:
        self._outgoing.hold(session.socket)
        if isinstance(message, VideoJoin):
            await self._admit(session)
        start = time.monotonic()
        classroom, decision = self._decide(session, message)
        self.settings.took(type(message).__name__, start, time.monotonic())
        copies = decision.copies
        if isinstance(message, MediaState):  # the slots of its subscribers are looked at again
            copies += len(classroom.roster) // 2
        session.client.budget.charge_copies(copies)
        return await self._carry_out(classroom, decision)

    async def _admit(self, session: Session) -> None:
        """Asks the gate: the person's role may have changed since their token was made."""
        identity = session.identity
        found = await self.gate.admit(identity)
        if found is not None:
            self._titles[identity.class_id] = found.title
            session.identity = replace(identity, role=found.role)

    def _decide(self, session: Session, message: Message) -> tuple[Classroom, Decision]:
        if isinstance(message, VideoJoin):
            return self._join(session, message)
        classroom, person = session.present()
        return classroom, handlers.handle(classroom, person, message, self._now())

    def _join(self, session: Session, message: VideoJoin) -> tuple[Classroom, Decision]:
        identity = session.identity
        if session.socket not in self.sessions:
            raise StateError("not_joined", "The connection is closed. Connect again.")
        if message.class_id != identity.class_id:
            raise LiveclassError("wrong_class", "Your link belongs to another class.")
        classroom = self._classroom(identity.class_id)
        try:
            person, decision = classroom.join(identity, session.socket, message, self._now())
        finally:
            self._arm(classroom)
        session.bind(classroom, person)
        log.info(
            "class.joined", class_id=classroom.class_id, participant=person.id, role=identity.role
        )
        return classroom, decision

    def _classroom(self, class_id: str) -> Classroom:
        classroom = self.classrooms.get(class_id)
        if classroom is None:
            settings = ClassSettings(
                class_id=class_id,
                title=self._titles.get(class_id, class_id),
                capacity=self.settings.capacity,
                wall_offset=self.settings.wall() - self._now(),
            )
            classroom = Classroom(settings, rng=self.settings.rng, now=self._now())
            self.classrooms[class_id] = classroom
        return classroom

    # Effects and time

    async def _carry_out(self, classroom: Classroom, decision: Decision) -> Ack:
        try:
            await self._effects.carry_out(classroom, decision.effects)
        finally:
            self._arm(classroom)
        return decision.ack

    def _apply(self, classroom: Classroom, effects: Iterable[Effect]) -> None:
        """Carries out effects in the background."""
        self._effects.apply(classroom, effects)
        self._arm(classroom)

    def media_event(self, event: Event) -> None:
        """Hands an event of the SFU to its class."""
        classroom = self.classrooms.get(event.router_id)
        if classroom is None or self.is_draining:
            return
        self._apply(classroom, media.handle(classroom, event, self._now()))
        if isinstance(event, TransportClosed) and event.reason == "flooding":
            person = classroom.roster.get(
                event.transport_id
            )  # whose next offer would begin it anew
            if person is not None:
                self._evict_flooding((classroom.class_id, person.identity.user_id))

    def _arm(self, classroom: Classroom) -> None:
        """Sets the class's one timer to its next deadline."""
        handle = self._timers.pop(classroom.class_id, None)
        if handle is not None:
            handle.cancel()
        deadline = classroom.next_deadline()
        if deadline is not None and self.classrooms.get(classroom.class_id) is classroom:
            loop = asyncio.get_running_loop()
            self._timers[classroom.class_id] = loop.call_at(
                deadline, self._handle_timers, classroom
            )

    def _handle_timers(self, classroom: Classroom) -> None:
        now = self._now()
        self._apply(classroom, classroom.handle_timers(now))
        if classroom.is_expired(now):
            del self.classrooms[classroom.class_id]
            self._apply(classroom, [CloseClass(classroom.class_id)])

    # Calls of billing

    @property
    def class_ids(self) -> frozenset[str]:
        """Classes that have participants, or had some lately."""
        return frozenset(self.classrooms)

    def live_classes(self) -> frozenset[str]:
        """Classes that are being taught."""
        classrooms = self.classrooms.values()
        return frozenset(
            classroom.class_id for classroom in classrooms if classroom.state is LessonState.LIVE
        )

    def present(self, class_id: str) -> tuple[Identity, ...]:
        """The people in a class, those included who are away for a moment."""
        classroom = self.classrooms.get(class_id)
        return (
            () if classroom is None else tuple(one.identity for one in classroom.roster.everyone())
        )

    def evict(self, class_id: str, user_id: str, reason: str) -> None:
        """Removes a person from a class at once; they may come back when the gate admits them. No
        error when they are not there."""
        classroom = self.classrooms.get(class_id)
        person = None if classroom is None else classroom.roster.of_user(user_id)
        if classroom is not None and person is not None:
            log.info("class.evicted", class_id=class_id, participant=person.id, reason=reason)
            self._apply(classroom, classroom.evict(person, reason, self._now()))

    def end_class(self, class_id: str) -> None:
        """Ends a class for everyone; no effect unless it is live."""
        classroom = self.classrooms.get(class_id)
        if classroom is not None:
            self._apply(classroom, classroom.end(self._now()))

    # Shutdown

    def drain(self) -> None:
        """Admits no new socket from now on."""
        self._admission.is_draining = True

    @property
    def is_draining(self) -> bool:
        """True once the server shuts down."""
        return self._admission.is_draining

    async def close(self) -> None:
        """Stops the timers and waits for effects that still run."""
        for handle in self._timers.values():
            handle.cancel()
        await self._effects.close()
