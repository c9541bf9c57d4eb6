"""Doubles at the I/O seams of signalling: a media plane that records, sockets that collect."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from common.errors import LiveclassError, StateError
from liveclass.config import Settings
from sfu.events import Event, MediaDelivered
from sfu.stalls import StallWatch
from sfu.stats import RouterSums, TrafficTotals, TransportSnapshot, WorkerSnapshot
from signalling.classroom.effects import CloseMedia, SetLayout, SetSource
from signalling.media_plane import (
    AnsweredSection,
    Command,
    MediaAnswer,
    MediaPlane,
    OfferCommand,
    OpenMedia,
)
from tests.support.snapshots import transport

if TYPE_CHECKING:  # it takes everything that is served
    from liveclass.classes import PlaneFactory


class RecordingMediaPlane:
    """Keeps what it was asked; refuses what a real one would refuse."""

    def __init__(self) -> None:
        self.calls: list[Command | OfferCommand] = []
        self.joined: set[str] = set()
        self.refuse_join: LiveclassError | None = None
        self.handler: Callable[[Event], None] = lambda event: None

    def subscribe(self, handler: Callable[[Event], None]) -> None:
        self.handler = handler

    async def run(self, command: Command) -> None:
        match command:
            case OpenMedia():
                if self.refuse_join is not None:
                    raise self.refuse_join
                self.joined.add(command.participant_id)
            case CloseMedia():
                self.joined.discard(command.participant_id)
            case SetSource() | SetLayout():
                self._require(command.participant_id)
        self.calls.append(command)

    async def answer(self, offer: OfferCommand) -> MediaAnswer:
        self._require(offer.participant_id)
        self.calls.append(offer)
        section = AnsweredSection("0", "recvonly", "audio")
        return MediaAnswer(f"answer to {offer.sdp}", (section,))

    async def totals(self) -> WorkerSnapshot:
        return WorkerSnapshot(1, 2, 3, 4, 5, 6, {"unknown_address": 7})

    async def classes(self) -> list[RouterSums]:
        return [RouterSums("demo", TrafficTotals(copies_sent=3), connected=len(self.joined))]

    async def participants(self, class_id: str) -> list[str] | None:
        return sorted(self.joined) if class_id == "demo" else None

    async def transport(self, class_id: str, participant_id: str) -> TransportSnapshot | None:
        return transport(participant_id) if participant_id in self.joined else None

    async def delivered(self, class_id: str) -> list[MediaDelivered]:
        return [MediaDelivered(class_id, one, "camera", 1.5, 3.0) for one in sorted(self.joined)]

    def _require(self, participant_id: str) -> None:
        if participant_id not in self.joined:
            raise StateError("not_joined", "join the class first")

    def factory(self) -> "PlaneFactory":
        """For create_app: opens nothing, gives this plane."""

        @asynccontextmanager
        async def open_plane(settings: Settings, stalls: StallWatch) -> AsyncIterator[MediaPlane]:
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
