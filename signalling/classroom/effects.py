"""The effects of a decision: plain records, carried out in their order.

Those with a tag are commands that cross to the media plane as they are. Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field

from msgspec import Struct

from sfu.layout import SlotWant


@dataclass(slots=True)
class Send:
    """One event to some sockets."""

    sockets: tuple[str, ...]
    event: str
    payload: dict[str, object]


@dataclass(slots=True)
class Disconnect:
    """Closes a socket after the events that were queued for it."""

    socket: str


class OpenClass(Struct, frozen=True, tag="open-class"):
    """Makes the media plane carry this class."""

    class_id: str


class CloseClass(Struct, frozen=True, tag="close-class"):
    """Ends all media of the class."""

    class_id: str


@dataclass(slots=True)
class Negotiate:
    """Answers an offer; the answer goes out as video-answer."""

    class_id: str
    participant_id: str
    socket: str
    sdp: str
    open_first: bool
    pinned: bool
    offer: int | None = None  # the client's number of it, told with the answer


class SetSource(Struct, frozen=True, tag="set-source"):
    """Starts or stops the forwarding of a source that a participant publishes."""

    participant_id: str
    source: str
    enabled: bool


class SetLayout(Struct, frozen=True, tag="set-layout"):
    """Points a participant's slots at what it wants to see."""

    participant_id: str
    slots: tuple[SlotWant, ...]


class CloseMedia(Struct, frozen=True, tag="close-media"):
    """Ends one participant's media."""

    participant_id: str


Effect = Send | Disconnect | OpenClass | CloseClass | Negotiate | SetSource | SetLayout | CloseMedia


@dataclass(slots=True)
class Decision:
    """The acknowledgement of a message and the effects that follow from it."""

    ack: dict[str, object] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)

    @property
    def copies(self) -> int:
        """The number of events that go out: one a socket."""
        return sum(len(one.sockets) for one in self.effects if isinstance(one, Send))
