"""What signalling needs of the SFU, wherever it runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sfu.events import Event
from sfu.stalls import StallWatch
from sfu.stats import RouterReading, WorkerSnapshot
from signalling.classroom.messages import WantedSlot


@dataclass(slots=True)
class MediaAnswer:
    """The answer to an offer, and what became of each section."""

    sdp: str
    sections: list[dict[str, object]]

    def describe(self) -> dict[str, object]:
        return {"sdp": self.sdp, "sections": self.sections}


class MediaPlane(Protocol):
    """Classes and participants of an SFU; the calls raise LiveclassError.

    `open_class`, `close_class` and `leave` are idempotent. `stalls` watches the loop that
    signalling and the SFU share: both tell it what took long.
    """

    @property
    def stalls(self) -> StallWatch: ...
    async def open_class(self, class_id: str) -> None: ...
    async def close_class(self, class_id: str) -> None: ...
    async def join(self, class_id: str, participant_id: str, *, pinned: bool) -> None: ...
    async def answer(self, participant_id: str, sdp: str) -> MediaAnswer: ...
    async def set_layout(self, participant_id: str, slots: Sequence[WantedSlot]) -> None: ...
    async def set_source(self, participant_id: str, source: str, enabled: bool) -> None: ...
    async def leave(self, participant_id: str) -> None: ...
    def subscribe(self, handler: Callable[[Event], None]) -> None: ...
    def totals(self) -> WorkerSnapshot: ...
    def routers(self) -> list[RouterReading]: ...
