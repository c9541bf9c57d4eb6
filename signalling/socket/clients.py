"""Clients: the people who have, or lately had, sockets in a class, with their budgets and inboxes.

A person has one budget a class, whatever sockets they open and close; it outlives the last of them
by a minute, so that connecting anew gains nothing. Everything is paid for before it is done: bytes
before they are parsed, lines of an offer before they are read. Both tables are bounded, by the
sockets of the server and by MAX_REMEMBERED.
"""

from dataclasses import dataclass, field

from common.work import Patience, Price, WorkBudget
from signalling.classroom.features.registry import FEATURES
from signalling.errors import FloodError, OfferFloodError
from signalling.socket.inbox import Inbox

BURST = 60.0  # messages
PER_SECOND = 20.0
OFFERS = 5.0
OFFERS_PER_SECOND = 0.5
WORK_BURST = 50_000.0  # units: 50 ms of a core at once
WORK_PER_SECOND = 10_000.0  # 1 % of a core
COPIES_BURST = 100_000.0  # units, for the events that a message makes for many
COPIES_PER_SECOND = 20_000.0
PATIENCE = 10.0  # seconds of refusals on end after which a person is suspended
REMEMBERED = 60.0  # seconds after the last socket
MAX_REMEMBERED = 10_000  # people without a socket

ClientKey = tuple[str, str]  # class and user


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


@dataclass(slots=True)
class Client:
    """One person of one class, whatever sockets come and go."""

    key: ClientKey
    budget: Budget
    inbox: Inbox = field(default_factory=Inbox)
    sockets: list[str] = field(default_factory=list)  # the oldest first
    suspended_until: float = 0.0


class Clients:
    """Those with sockets, and those who left lately in the order of their leaving."""

    def __init__(self) -> None:
        self._connected: dict[ClientKey, Client] = {}
        self._left: dict[ClientKey, tuple[Client, float]] = {}

    def __len__(self) -> int:
        return len(self._connected) + len(self._left)

    def find(self, key: ClientKey, now: float) -> Client:
        """The person's client as it is remembered, else a new one."""
        self._forget(now)
        client = self._connected.get(key)
        if client is None and key in self._left:
            client = self._left[key][0]
        return client or Client(key, Budget(now))

    def add(self, client: Client, socket: str) -> None:
        """A socket of the person was admitted."""
        client.sockets.append(socket)
        self._left.pop(client.key, None)
        self._connected[client.key] = client

    def remove(self, client: Client, socket: str, now: float) -> None:
        """A socket of the person is gone."""
        client.sockets.remove(socket)
        if client.sockets:
            return
        del self._connected[client.key]
        self._left[client.key] = (client, now)
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._left:
            key, (_, since) = next(iter(self._left.items()))
            if now - since < REMEMBERED and len(self._left) <= MAX_REMEMBERED:
                break
            del self._left[key]
