"""What one person's sockets may make the server do: messages, offers, and work.

A person has one budget a class, whatever sockets they open and close; `signalling.socket.callers`
keeps it. Everything is taken before it is done: bytes before they are parsed, lines of an offer
before they are read. Pure: no I/O, no clock.
"""

from common.work import Patience, Price, WorkBudget
from signalling.classroom.features.registry import FEATURES
from signalling.errors import FloodError, OfferFloodError

BURST = 60.0  # messages
PER_SECOND = 20.0
OFFERS = 5.0
OFFERS_PER_SECOND = 0.5
WORK_BURST = 50_000.0  # units: 50 ms of a core at once
WORK_PER_SECOND = 10_000.0  # 1 % of a core
COPIES_BURST = 100_000.0  # units, for what goes out to many because of one message
COPIES_PER_SECOND = 20_000.0
PATIENCE = 10.0  # seconds of refusals on end that end a person's stay


class Budget:
    """The buckets of one person. A refused message has still taken its place in the first."""

    __slots__ = ("_copies", "_messages", "_offers", "_patience", "_work")

    def __init__(self, now: float) -> None:
        self._messages = WorkBudget(PER_SECOND, BURST, now)
        self._offers = WorkBudget(OFFERS_PER_SECOND, OFFERS, now)
        self._work = WorkBudget(WORK_PER_SECOND, WORK_BURST, now)
        self._copies = WorkBudget(COPIES_PER_SECOND, COPIES_BURST, now)
        self._patience = Patience(PATIENCE)

    def take_frame(self, now: float) -> bool:
        """Pays for a frame that is no message; False when there is no credit."""
        return self._work.take(Price.FRAME, now)

    def take_message(self, event: str, size: int, now: float) -> None:
        """Pays for a message of `size` characters; raises FloodError when it may not be read."""
        if not self._messages.take(1.0, now):
            raise FloodError
        if not self._work.take(Price.MESSAGE + Price.JSON_BYTE * size, now):
            raise FloodError
        if event == "video-offer" and not self._offers.take(1.0, now):
            raise OfferFloodError
        if event in FEATURES.to_many and self._copies.is_spent(now):
            raise FloodError

    def take_nodes(self, nodes: int, now: float) -> None:
        """Pays for parsing as many JSON values; raises FloodError."""
        if not self._work.take(Price.JSON_NODE * nodes, now):
            raise FloodError

    def take_lines(self, lines: int, now: float) -> None:
        """Pays for the lines of an offer; raises OfferFloodError."""
        if not self._work.take(Price.SDP_LINE * lines, now):
            raise OfferFloodError

    def charge_copies(self, copies: int) -> None:
        """Pays for the events that a message has made: one a socket."""
        self._copies.charge(Price.EVENT_COPY * copies)

    def refused(self, now: float) -> bool:
        """Notes a refusal; True when they have gone on for too long."""
        return self._patience.refused(now)
