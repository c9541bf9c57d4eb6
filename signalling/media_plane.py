"""The seam between signalling and the SFU, wherever the SFU runs.

What crosses it are plain records: commands and offers one way, answers, events and statistics
the other. Each can be encoded by msgspec as it is; commands and events carry a tag.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec import Struct

from sfu.events import Event, MediaDelivered
from sfu.stats import RouterSums, TransportSnapshot, WorkerSnapshot
from signalling.classroom.effects import CloseClass, CloseMedia, OpenClass, SetLayout, SetSource

VERSION = 1
"""Of all records together. A new field with a default keeps it; any other change raises it."""


class OpenMedia(Struct, frozen=True, tag="open-media"):
    """Makes room for one participant's connection. `pinned`: their microphone has the first
    audio slot everywhere."""

    class_id: str
    participant_id: str
    pinned: bool


Command = OpenClass | CloseClass | OpenMedia | CloseMedia | SetSource | SetLayout


class OfferCommand(Struct, frozen=True, tag="offer"):
    """A participant's SDP offer."""

    participant_id: str
    sdp: str


class AnsweredSection(Struct, frozen=True, omit_defaults=True):
    """One m= section of an answer, by what it is used for; `source` where it publishes."""

    mid: str
    direction: str
    kind: str
    source: str | None = None


class MediaAnswer(Struct, frozen=True, tag="answer"):
    """The answer to an offer, and what became of each section."""

    sdp: str
    sections: tuple[AnsweredSection, ...]

    def describe(self) -> dict[str, object]:
        """The answer as the client is told it."""
        return {"sdp": self.sdp, "sections": [msgspec.to_builtins(one) for one in self.sections]}


class MediaPlane(Protocol):
    """Classes and participants of an SFU. `run` and `answer` raise LiveclassError; opening a
    class and closing it or a participant's media are idempotent.

    Statistics may take a while: the media plane reads them in slices between packets.
    """

    async def run(self, command: Command) -> None: ...
    async def answer(self, offer: OfferCommand) -> MediaAnswer: ...
    def subscribe(self, handler: Callable[[Event], None]) -> None: ...

    async def totals(self) -> WorkerSnapshot:
        """The worker since its start."""

    async def classes(self) -> list[RouterSums]:
        """Sums of every open class."""

    async def participants(self, class_id: str) -> list[str] | None:
        """Ids of the participants with a transport; None for a class that is not open."""

    async def transport(self, class_id: str, participant_id: str) -> TransportSnapshot | None:
        """One participant's transport; None when it is gone."""

    async def delivered(self, class_id: str) -> list[MediaDelivered]:
        """Media that the participants present have been sent so far; of those who have left, an
        event told it."""
