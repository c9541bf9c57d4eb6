"""Carries out the effects of a decision, in their order, on the media plane and the sockets."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from common.errors import CapacityError, LiveclassError, StateError
from common.logs import get_logger
from signalling.classroom import media
from signalling.classroom.effects import Disconnect, Effect, Negotiate, Send
from signalling.classroom.state import Classroom
from signalling.media_plane import MediaPlane, OfferCommand, OpenMedia
from signalling.socket.outgoing import Outgoing

MEDIA_TIMEOUT = 8.0  # seconds the media plane may take for one request

log = get_logger(__name__)


class EffectRunner:
    """Runs one effect after the other."""

    def __init__(self, plane: MediaPlane, outgoing: Outgoing, clock: Callable[[], float]) -> None:
        self._plane = plane
        self._outgoing = outgoing
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()

    def apply(self, classroom: Classroom, effects: Iterable[Effect]) -> None:
        """Carries out effects in the background: events at once, media in a task."""
        rest: list[Effect] = []
        for effect in effects:
            if isinstance(effect, Send | Disconnect):
                self._outgoing.put(effect)
            else:
                rest.append(effect)
        if rest:
            task = asyncio.create_task(self._carry_out_later(classroom, rest))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry_out_later(self, classroom: Classroom, effects: list[Effect]) -> None:
        try:
            await self.carry_out(classroom, effects)
        except Exception as error:
            log.warning("media.failed", class_id=classroom.class_id, error=repr(error))

    async def close(self) -> None:
        """Waits for the tasks that still run."""
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def carry_out(self, classroom: Classroom, effects: Iterable[Effect]) -> None:
        """Carries out all effects, then raises the first LiveclassError there was."""
        failure: LiveclassError | None = None
        for effect in effects:
            try:
                await self._carry_out_one(classroom, effect)
            except LiveclassError as error:
                failure = failure or error
        if failure is not None:
            raise failure

    async def _carry_out_one(self, classroom: Classroom, effect: Effect) -> None:
        match effect:
            case Send() | Disconnect():
                self._outgoing.put(effect)
            case Negotiate():
                await self._bounded(self._negotiate(classroom, effect))
            case _:
                await self._bounded(self._plane.run(effect))

    async def _bounded(self, work: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(MEDIA_TIMEOUT):
                await work
        except TimeoutError:
            raise CapacityError("media_timeout", "The media server is busy. Try again.") from None

    async def _negotiate(self, classroom: Classroom, effect: Negotiate) -> None:
        if effect.open_first:
            await self._open(classroom, effect)
        offer = OfferCommand(effect.participant_id, effect.sdp)
        try:
            answer = await self._plane.answer(offer)
        except StateError:
            # The transport closed before its event came: the offer opens a new one.
            await self._open(classroom, effect)
            answer = await self._plane.answer(offer)
        payload = answer.describe()
        if effect.offer is not None:
            payload["offer"] = effect.offer
        self._outgoing.put(Send((effect.socket,), "video-answer", payload))

    async def _open(self, classroom: Classroom, effect: Negotiate) -> None:
        person = classroom.roster.get(effect.participant_id)
        try:
            await self._plane.run(OpenMedia(effect.class_id, effect.participant_id, effect.pinned))
        except LiveclassError:
            if person is not None:
                media.closed(classroom, person, self._clock())
            raise
        if person is not None:  # the event of an earlier transport's end may have come meanwhile
            person.media_open = True
