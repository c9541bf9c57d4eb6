"""A media plane that could be in another process: whatever crosses becomes bytes and back.

Tests that use `across` or `class_server` under tests/signalling and tests/liveclass run both
ways: see tests/conftest.py.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar, cast

from msgspec import Struct, msgpack

from common.errors import CapacityError, LiveclassError, PeerError, StateError
from liveclass.config import Settings
from sfu.events import Event, MediaDelivered
from sfu.stalls import StallWatch
from sfu.stats import RouterSums, TransportSnapshot, WorkerSnapshot
from signalling.media_plane import VERSION, Command, MediaAnswer, MediaPlane, OfferCommand

if TYPE_CHECKING:
    from liveclass.classes import PlaneFactory

Record = TypeVar("Record")
FAULTS: dict[str, type[LiveclassError]] = {
    one.__name__: one for one in (LiveclassError, CapacityError, PeerError, StateError)
}


class Crossing:
    """Whether the media planes of the test that runs are behind bytes."""

    is_coded = False


class Failure(Struct, tag="failure"):
    """An error of the media plane, by whose fault it is."""

    kind: str
    code: str
    message: str


def crossed(value: object, kind: object) -> object:
    """The value as the other side has it: a new object, of the record's own types throughout."""
    version, found = msgpack.decode(
        msgpack.encode((VERSION, value)),
        type=tuple[int, kind],  # type: ignore[valid-type]
    )
    assert version == VERSION
    return found


def crossed_event(event: Event) -> Event:
    """An event as it comes from another process."""
    return cast(Event, crossed(event, Event))


class CodedMediaPlane:
    """Passes every call, answer and event on, encoded and decoded."""

    def __init__(self, plane: MediaPlane) -> None:
        self._plane = plane

    async def run(self, command: Command) -> None:
        try:
            await self._plane.run(cast(Command, crossed(command, Command)))
        except LiveclassError as error:
            raise _crossed_error(error) from None

    async def answer(self, offer: OfferCommand) -> MediaAnswer:
        try:
            answer = await self._plane.answer(_same(offer, OfferCommand))
        except LiveclassError as error:
            raise _crossed_error(error) from None
        return _same(answer, MediaAnswer)

    def subscribe(self, handler: Callable[[Event], None]) -> None:
        def crossing(event: Event) -> None:
            handler(crossed_event(event))

        self._plane.subscribe(crossing)

    async def totals(self) -> WorkerSnapshot:
        return _same(await self._plane.totals(), WorkerSnapshot)

    async def classes(self) -> list[RouterSums]:
        return _same(await self._plane.classes(), list[RouterSums])

    async def participants(self, class_id: str) -> list[str] | None:
        found = await self._plane.participants(_same(class_id, str))
        return None if found is None else _same(found, list[str])

    async def transport(self, class_id: str, participant_id: str) -> TransportSnapshot | None:
        found = await self._plane.transport(_same(class_id, str), _same(participant_id, str))
        return None if found is None else _same(found, TransportSnapshot)

    async def delivered(self, class_id: str) -> list[MediaDelivered]:
        return _same(await self._plane.delivered(_same(class_id, str)), list[MediaDelivered])


def _same(value: Record, kind: type[Record]) -> Record:
    found = crossed(value, kind)
    assert found == value
    return found


def _crossed_error(error: LiveclassError) -> LiveclassError:
    failure = _same(Failure(type(error).__name__, error.code, error.message), Failure)
    return FAULTS[failure.kind](failure.code, failure.message)


def across(plane: MediaPlane) -> MediaPlane:
    """The plane as the test that runs is to have it."""
    return CodedMediaPlane(plane) if Crossing.is_coded else plane


def across_factory(factory: "PlaneFactory") -> "PlaneFactory":
    """Opens the factory's planes as the test that runs is to have them."""

    @asynccontextmanager
    async def open_plane(settings: Settings, stalls: StallWatch) -> AsyncIterator[MediaPlane]:
        async with factory(settings, stalls) as plane:
            yield across(plane)

    return open_plane
