"""What decisions ask the shell to do: plain records, carried out in their order.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass, field

from signalling.classroom.messages import WantedSlot


@dataclass(slots=True)
class Send:
    """One event to some sockets."""

    sockets: tuple[str, ...]
    event: str
    payload: dict[str, object]


@dataclass(slots=True)
class Disconnect:
    """Close a socket after what was sent to it."""

    socket: str


@dataclass(slots=True)
class OpenClass:
    """The media plane shall carry this class."""

    class_id: str


@dataclass(slots=True)
class CloseClass:
    """End all media of the class."""

    class_id: str


@dataclass(slots=True)
class Negotiate:
    """Answer an offer; the answer goes out as video-answer."""

    class_id: str
    participant_id: str
    socket: str
    sdp: str
    open_first: bool
    pinned: bool
    offer: int | None = None  # the client's number of it, told with the answer


@dataclass(slots=True)
class SetSource:
    """Forward, or stop forwarding, what a participant publishes."""

    participant_id: str
    source: str
    enabled: bool


@dataclass(slots=True)
class SetLayout:
    """Point a participant's slots."""

    participant_id: str
    slots: tuple[WantedSlot, ...]


@dataclass(slots=True)
class CloseMedia:
    """End one participant's media."""

    participant_id: str


Effect = Send | Disconnect | OpenClass | CloseClass | Negotiate | SetSource | SetLayout | CloseMedia


@dataclass(slots=True)
class Decision:
    """The acknowledgement of a message and what follows from it."""

    ack: dict[str, object] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)

    @property
    def copies(self) -> int:
        """How many events go out: one a socket."""
        return sum(len(one.sockets) for one in self.effects if isinstance(one, Send))
