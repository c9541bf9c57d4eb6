"""The shell around the classes: decodes, asks for decisions, carries out their effects.

Everything that waits, reads the clock or draws random bytes on behalf of a class is here.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from weakref import WeakValueDictionary

from sfu.errors import CapacityError, LiveclassError, StateError
from sfu.events import Event
from signalling import handlers, media
from signalling.classroom import Classroom, ClassSettings, ClassState
from signalling.conductor import Conductor
from signalling.effects import CloseClass, Decision, Disconnect, Effect, Send
from signalling.errors import FloodError, Refusal, to_wire
from signalling.gate import EntryGate, OpenGate
from signalling.inbox import Ack, Inbox
from signalling.logs import get_logger
from signalling.media_plane import MediaPlane
from signalling.messages import MESSAGES, Message, VideoJoin, decode
from signalling.outgoing import Outgoing
from signalling.permissions import Identity
from signalling.presence import Rng
from signalling.session import Session
from signalling.tokens import verify

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class HubSettings:
    """What the hub is given: limits, names and the world's clock and chance."""

    secret: str
    wall: Callable[[], float]
    rng: Rng
    capacity: int = 1_000
    max_sockets: int = 5_000
    titles: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Tally:
    """Counts since the start, for the metrics."""

    messages: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    connections_refused: Counter[str] = field(default_factory=Counter)


class Hub:
    """All classes of this process and all sockets in them."""

    def __init__(self, settings: HubSettings, plane: MediaPlane, outgoing: Outgoing) -> None:
        self.settings = settings
        self.rooms: dict[str, Classroom] = {}
        self._titles = dict(settings.titles)
        self.sessions: dict[str, Session] = {}
        self.tally = Tally()
        self.is_draining = False
        self.gate: EntryGate = OpenGate()
        self.plane = plane
        self._outgoing = outgoing
        self._conductor = Conductor(plane, outgoing)
        self._inboxes: WeakValueDictionary[tuple[str, str], Inbox] = WeakValueDictionary()
        self._inbox_of: dict[str, Inbox] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        plane.subscribe(self.media_event)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    # Sockets

    def connect(self, socket: str, token: object) -> None:
        """Let a socket in that brings a valid token; raises LiveclassError."""
        try:
            if self.is_draining:
                raise StateError("draining", "The server is restarting. Try again in a moment.")
            if len(self.sessions) >= self.settings.max_sockets:
                raise CapacityError("server_full", "This server is full. Try again later.")
            identity = verify(token, self.settings.secret, now=self.settings.wall())
        except LiveclassError as error:
            self.tally.connections_refused[error.code] += 1
            log.info("connection.refused", code=error.code)
            raise
        key = (identity.class_id, identity.user_id)
        inbox = self._inboxes.get(key)
        if inbox is None:
            inbox = self._inboxes[key] = Inbox(self._now())
        self.sessions[socket] = Session(socket, identity)
        self._inbox_of[socket] = inbox

    def disconnect(self, socket: str) -> None:
        """The socket is gone; what it sent before is handled first."""
        session = self.sessions.pop(socket, None)
        if session is None:
            return
        self._outgoing.forget(socket)
        inbox = self._inbox_of.pop(socket)
        if not self.is_draining:  # else all go, and each would be told of each
            inbox.post(partial(self._handle_lost, session))

    async def _handle_lost(self, session: Session) -> Ack:
        room, person = session.room, session.person
        if room is not None and person is not None:
            self._apply(room, room.socket_lost(person, session.socket, self._now()))
        return {}

    # Messages

    async def receive(self, socket: str, event: str, args: tuple[object, ...]) -> Ack | Refusal:
        """Handle one message in the person's order and say what the client is told."""
        session = self.sessions.get(socket)
        if session is None:
            return to_wire(StateError("not_joined", "Connect again."))
        self.tally.messages[event if event in MESSAGES else "unknown"] += 1
        try:
            message = decode(event, args)
            job = partial(self._process, session, message)
            future = self._inbox_of[socket].submit(job, self._now())
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
        self.tally.refusals[code] += 1
        if code == "internal":
            log.error("message.failed", message=event, socket=session.socket, exc_info=error)
        if isinstance(error, FloodError) and session.refuse():
            self._outgoing.put(Disconnect(session.socket))
        return refusal

    async def _process(self, session: Session, message: Message) -> Ack:
        self._outgoing.hold(session.socket)
        if isinstance(message, VideoJoin):
            await self._admit(session)
        start = time.monotonic()
        room, decision = self._decide(session, message)
        self.plane.stalls.took(type(message).__name__, start, time.monotonic())
        return await self._carry_out(room, decision)

    async def _admit(self, session: Session) -> None:
        """Asks the gate; a token may be older than what its bearer is now."""
        identity = session.identity
        found = await self.gate.admit(identity)
        if found is not None:
            self._titles[identity.class_id] = found.title
            session.identity = replace(identity, role=found.role)

    def _decide(self, session: Session, message: Message) -> tuple[Classroom, Decision]:
        if isinstance(message, VideoJoin):
            return self._join(session, message)
        room, person = session.present()
        return room, handlers.handle(room, person, message, self._now())

    def _join(self, session: Session, message: VideoJoin) -> tuple[Classroom, Decision]:
        identity = session.identity
        if session.socket not in self.sessions:
            raise StateError("not_joined", "The socket is gone.")
        if message.class_id != identity.class_id:
            raise LiveclassError("wrong_class", "Your link belongs to another class.")
        room = self._room(identity.class_id)
        try:
            person, decision = room.join(identity, session.socket, message, self._now())
        finally:
            self._arm(room)
        session.bind(room, person)
        log.info("class.joined", room=room.class_id, participant=person.id, role=identity.role)
        return room, decision

    def _room(self, class_id: str) -> Classroom:
        room = self.rooms.get(class_id)
        if room is None:
            settings = ClassSettings(
                class_id=class_id,
                title=self._titles.get(class_id, class_id),
                capacity=self.settings.capacity,
                wall_offset=self.settings.wall() - self._now(),
            )
            room = Classroom(settings, rng=self.settings.rng, now=self._now())
            self.rooms[class_id] = room
        return room

    # Effects and time

    async def _carry_out(self, room: Classroom, decision: Decision) -> Ack:
        try:
            more = await self._conductor.carry_out(room, decision.effects, self._now)
        finally:
            self._arm(room)
        return {**decision.ack, **more}

    def _apply(self, room: Classroom, effects: Iterable[Effect]) -> None:
        """Carry out effects that nobody waits for: events at once, media in a task."""
        rest: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Send | Disconnect):
                self._outgoing.put(effect)
            else:
                rest.append(effect)
        if rest:
            task = asyncio.create_task(self._carry_out_later(room, rest))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._arm(room)

    async def _carry_out_later(self, room: Classroom, effects: list[Effect]) -> None:
        try:
            await self._conductor.carry_out(room, effects, self._now)
        except Exception as error:
            log.warning("media.failed", room=room.class_id, error=repr(error))

    def media_event(self, event: Event) -> None:
        """What the SFU reports, for the class it concerns."""
        room = self.rooms.get(event.router_id)
        if room is not None and not self.is_draining:
            self._apply(room, media.handle(room, event, self._now()))

    def _arm(self, room: Classroom) -> None:
        """One timer a class, at its next deadline."""
        handle = self._timers.pop(room.class_id, None)
        if handle is not None:
            handle.cancel()
        deadline = room.next_deadline()
        if deadline is not None and self.rooms.get(room.class_id) is room:
            loop = asyncio.get_running_loop()
            self._timers[room.class_id] = loop.call_at(deadline, self._handle_timers, room)

    def _handle_timers(self, room: Classroom) -> None:
        now = self._now()
        self._apply(room, room.handle_timers(now))
        if room.is_expired(now):
            del self.rooms[room.class_id]
            self._apply(room, [CloseClass(room.class_id)])

    # What others do to classes

    @property
    def class_ids(self) -> frozenset[str]:
        """Classes with somebody in them, or lately."""
        return frozenset(self.rooms)

    def live_classes(self) -> frozenset[str]:
        """Classes that are being taught."""
        rooms = self.rooms.values()
        return frozenset(room.class_id for room in rooms if room.state is ClassState.LIVE)

    def present(self, class_id: str) -> tuple[Identity, ...]:
        """Who is in a class, also those who are away for a moment."""
        room = self.rooms.get(class_id)
        return () if room is None else tuple(one.identity for one in room.roster.everyone())

    def put_out(self, class_id: str, user_id: str, reason: str) -> None:
        """Whoever is in a class and may not be any more leaves it at once; may come back when
        the gate says so. No error when they are not there."""
        room = self.rooms.get(class_id)
        person = None if room is None else room.roster.of_user(user_id)
        if room is not None and person is not None:
            log.info("class.put_out", room=class_id, participant=person.id, reason=reason)
            self._apply(room, room.put_out(person, reason, self._now()))

    def end_class(self, class_id: str) -> None:
        """Ends a class for everyone; no effect unless it is live."""
        room = self.rooms.get(class_id)
        if room is not None:
            self._apply(room, room.end(self._now()))

    # The end

    def drain(self) -> None:
        """Let no new socket in."""
        self.is_draining = True

    async def close(self) -> None:
        """Stop the timers and wait for what is being carried out."""
        for handle in self._timers.values():
            handle.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
