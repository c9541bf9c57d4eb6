"""Carries out the effects of a decision, in their order, on the media plane and the sockets."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from common.errors import CapacityError, LiveclassError, StateError
from common.logs import get_logger
from signalling.classroom import media
from signalling.classroom.effects import (
    CloseClass,
    CloseMedia,
    Disconnect,
    Effect,
    Negotiate,
    OpenClass,
    Send,
    SetLayout,
    SetSource,
)
from signalling.classroom.state import Classroom
from signalling.media_plane import MediaPlane
from signalling.socket.outgoing import Outgoing

MEDIA_TIMEOUT = 8.0  # seconds the media plane may take for one request

log = get_logger(__name__)


class Conductor:
    """One effect after the other; the first failure is raised when all were tried."""

    def __init__(self, plane: MediaPlane, outgoing: Outgoing, clock: Callable[[], float]) -> None:
        self._plane = plane
        self._outgoing = outgoing
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def apply(self, room: Classroom, effects: Iterable[Effect]) -> None:
        """Those that nobody waits for: events at once, media in a task."""
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

    async def _carry_out_later(self, room: Classroom, effects: list[Effect]) -> None:
        try:
            await self.carry_out(room, effects)
        except Exception as error:
            log.warning("media.failed", room=room.class_id, error=repr(error))

    async def close(self) -> None:
        """Wait for what is being carried out."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def carry_out(self, room: Classroom, effects: Iterable[Effect]) -> None:
        """All of them; raises LiveclassError."""
        failure: LiveclassError | None = None
        for effect in effects:
            try:
                if isinstance(effect, Negotiate):
                    await self._bounded(self._negotiate(room, effect))
                else:
                    await self._bounded(self._carry_out_one(effect))
            except LiveclassError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    async def _bounded(self, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(MEDIA_TIMEOUT):
                await work
        except TimeoutError:
            raise CapacityError("media_timeout", "The media server is busy. Try again.") from None

    async def _carry_out_one(self, effect: Effect) -> None:
        match effect:
            case Send() | Disconnect():
                self._outgoing.put(effect)
            case OpenClass():
                await self._plane.open_class(effect.class_id)
            case CloseClass():
                await self._plane.close_class(effect.class_id)
            case CloseMedia():
                await self._plane.leave(effect.participant_id)
            case SetSource():
                await self._plane.set_source(effect.participant_id, effect.source, effect.enabled)
            case SetLayout():
                await self._plane.set_layout(effect.participant_id, effect.slots)

    async def _negotiate(self, room: Classroom, effect: Negotiate) -> None:
        if effect.open_first:
            await self._open(room, effect)
        try:
            answer = await self._plane.answer(effect.participant_id, effect.sdp)
        except StateError:
            # The transport went before the news of it came: the offer opens a new one.
            await self._open(room, effect)
            answer = await self._plane.answer(effect.participant_id, effect.sdp)
        payload = answer.describe()
        if effect.offer is not None:
            payload["offer"] = effect.offer
        self._outgoing.put(Send((effect.socket,), "video-answer", payload))

    async def _open(self, room: Classroom, effect: Negotiate) -> None:
        person = room.roster.get(effect.participant_id)
        try:
            await self._plane.join(effect.class_id, effect.participant_id, pinned=effect.pinned)
        except LiveclassError:
            if person is not None:
                media.closed(room, person, self._clock())
            raise
        if person is not None:  # the end of an earlier transport may have been told meanwhile
            person.media_open = True
