"""Doubles at the I/O seams of signalling: a media plane that records, sockets that collect."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from common.errors import LiveclassError, StateError
from liveclass.config import Settings
from sfu.events import Event
from sfu.stalls import StallWatch
from sfu.stats import RouterReading, WorkerSnapshot
from signalling.classroom.messages import WantedSlot
from signalling.media_plane import MediaAnswer, MediaPlane

if TYPE_CHECKING:  # it takes everything that is served
    from liveclass.app import PlaneFactory


class RecordingMediaPlane:
    """Keeps what it was asked; refuses what a real one would refuse."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []
        self.joined: set[str] = set()
        self.stalls = StallWatch()
        self.refuse_join: LiveclassError | None = None
        self.handler: Callable[[Event], None] = lambda event: None

    def subscribe(self, handler: Callable[[Event], None]) -> None:
        self.handler = handler

    async def open_class(self, class_id: str) -> None:
        self.calls.append(("open_class", class_id))

    async def close_class(self, class_id: str) -> None:
        self.calls.append(("close_class", class_id))

    async def join(self, class_id: str, participant_id: str, *, pinned: bool) -> None:
        if self.refuse_join is not None:
            raise self.refuse_join
        self.joined.add(participant_id)
        self.calls.append(("join", class_id, participant_id, pinned))

    async def answer(self, participant_id: str, sdp: str) -> MediaAnswer:
        self._require(participant_id)
        self.calls.append(("answer", participant_id, sdp))
        section: dict[str, object] = {"mid": "0", "direction": "recvonly", "kind": "audio"}
        return MediaAnswer(f"answer to {sdp}", [section])

    async def set_layout(self, participant_id: str, slots: Sequence[WantedSlot]) -> None:
        self._require(participant_id)
        self.calls.append(("set_layout", participant_id, [slot.mid for slot in slots]))

    async def set_source(self, participant_id: str, source: str, enabled: bool) -> None:
        self._require(participant_id)
        self.calls.append(("set_source", participant_id, source, enabled))

    async def leave(self, participant_id: str) -> None:
        self.joined.discard(participant_id)
        self.calls.append(("leave", participant_id))

    def totals(self) -> WorkerSnapshot:
        return WorkerSnapshot(1, 2, 3, 4, 5, 6, {"unknown_address": 7})

    def routers(self) -> list[RouterReading]:
        return []

    def _require(self, participant_id: str) -> None:
        if participant_id not in self.joined:
            raise StateError("not_joined", "join the class first")

    def factory(self) -> "PlaneFactory":
        """For create_app: opens nothing, gives this plane."""

        @asynccontextmanager
        async def open_plane(settings: Settings) -> AsyncIterator[MediaPlane]:
            yield self

        return open_plane


class CollectingEmitter:
    """A Socket.IO server that keeps what it is asked to send, in order."""

    def __init__(self) -> None:
        self.sent: list[tuple[object, ...]] = []
        self.fail_on: str | None = None
        self._changed = asyncio.Condition()

    async def emit(self, event: str, data: object, *, to: list[str]) -> None:
        if event == self.fail_on:
            raise ConnectionError("no such socket")
        await self._keep((event, data, tuple(to)))

    async def disconnect(self, sid: str) -> None:
        await self._keep(("disconnect", sid))

    async def _keep(self, sent: tuple[object, ...]) -> None:
        async with self._changed:
            self.sent.append(sent)
            self._changed.notify_all()

    async def has_sent(self, count: int) -> None:
        """Wait until so many things were sent."""
        async with asyncio.timeout(5), self._changed:
            await self._changed.wait_for(lambda: len(self.sent) >= count)
