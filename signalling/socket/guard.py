"""The guard looks at every frame of a socket before it is parsed, and decides what becomes of it.

A stranger, whose token has not been accepted, may send one CONNECT packet, answers to pings and
8 kB in all; anything else ends the socket. Frames of an admitted socket are paid from the person's
`Budget` first; a frame that no client of ours would send goes no further.
Pure: no I/O, no clock.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from common.errors import LiveclassError
from signalling.classroom.features.registry import FEATURES
from signalling.errors import MessageError, Refusal, to_wire
from signalling.socket.clients import Budget

STRANGER_BYTES = 8_192  # of all frames until the token is accepted
STRANGER_FRAMES = 8
STRANGER_NODES = 16  # JSON values in a CONNECT packet: {"token": …}
MAX_NODES = 4_000  # JSON values in a message; a chat message may be commas alone
MAX_FRAME = 32_000  # characters of a message
MAX_OFFER = 500_000  # characters of an offer: MAX_SDP with its JSON escapes

# Engine.IO's type, Socket.IO's type, the acknowledgement's id, the event's name
_EVENT = re.compile(r'42([0-9]{0,9})\["([A-Za-z0-9_-]{1,32})"')
_SIZES: Mapping[str, int] = {"video-offer": MAX_OFFER}


class FrameAction(Enum):
    """The fate of a frame."""

    PASS = "pass"
    IGNORE = "ignore"  # a sign of life and no more
    REFUSE = "refuse"
    END = "end"


@dataclass(frozen=True, slots=True)
class Verdict:
    """An action with the reason that is counted, and the acknowledgement of a refused message."""

    action: FrameAction
    reason: str = ""
    reply: tuple[str, Refusal] | None = None


PASS = Verdict(FrameAction.PASS)
IGNORE = Verdict(FrameAction.IGNORE)
CLOSED = Verdict(FrameAction.END)
ODD = Verdict(FrameAction.REFUSE, "bad_frame")
TOO_MUCH = Verdict(FrameAction.REFUSE, "too_many_messages")


class SocketGuard:
    """Judges the frames of one socket; `budget` is the person's, None for a stranger."""

    __slots__ = ("_asked", "_bytes", "_frames", "budget")

    def __init__(self) -> None:
        self.budget: Budget | None = None
        self._bytes = 0
        self._frames = 0
        self._asked = False

    def take(self, frame: str | None, now: float) -> Verdict:
        """The verdict on a text frame; None stands for a binary one."""
        if frame == "1":
            return CLOSED
        if self.budget is None:
            return self._take_of_stranger(frame)
        if frame is not None and (event := _EVENT.match(frame)) is not None:
            return self._take_event(self.budget, event[1], event[2], frame, now)
        if not self.budget.take_frame(now):
            return TOO_MUCH
        if frame == "3":
            return IGNORE
        return PASS if frame == "41" else ODD

    def take_control(self, now: float) -> Verdict:
        """The verdict on a ping or pong of WebSocket's own; PASS means: answer it."""
        if self.budget is None:
            return Verdict(FrameAction.END, "bad_frame")
        return PASS if self.budget.take_frame(now) else TOO_MUCH

    def _take_of_stranger(self, frame: str | None) -> Verdict:
        self._bytes += len(frame or "")
        self._frames += 1
        if self._bytes > STRANGER_BYTES or self._frames > STRANGER_FRAMES:
            return Verdict(FrameAction.END, "too_much_before_token")
        if frame == "3":
            return IGNORE
        if frame is None or self._asked or not _is_connect(frame):
            return Verdict(FrameAction.END, "bad_frame")
        self._asked = True
        return PASS

    @staticmethod
    def _take_event(budget: Budget, ack: str, event: str, frame: str, now: float) -> Verdict:
        try:
            budget.take_message(event, len(frame), now)
            budget.take_nodes(_checked_nodes(event, frame), now)
        except LiveclassError as error:
            refusal = to_wire(error)
            reply = (ack, refusal) if ack else None
            return Verdict(FrameAction.REFUSE, refusal["error"]["code"], reply)
        return PASS


def _checked_nodes(event: str, frame: str) -> int:
    """The number of JSON values in a message; raises MessageError for a foreign client's."""
    if event not in FEATURES.messages:
        raise MessageError("There is no such message.", code="unknown_event")
    if len(frame) > _SIZES.get(event, MAX_FRAME) or (nodes := _nodes(frame)) > MAX_NODES:
        raise MessageError("The message is too large.")
    return nodes


def _is_connect(frame: str) -> bool:
    """A CONNECT packet of the default namespace (Socket.IO 5: `0`, then the auth payload)."""
    if frame != "40" and not frame.startswith("40{"):
        return False
    return _nodes(frame) <= STRANGER_NODES


def _nodes(frame: str) -> int:
    """An upper bound on the JSON values in a frame: separators are counted, nothing is parsed."""
    return frame.count("[") + frame.count("{") + frame.count(",")
