"""Recognises STUN transactions that a transport has had: a recorded request that is sent again from
elsewhere stays known for hours. Pure: no I/O, no clock.
"""

from enum import Enum, auto
from hashlib import blake2b

from sfu.wire.address import Address

RECENT = 16  # known exactly: their retransmissions are answered
GENERATION = 2_048  # requests; at a browser's one in 2.5 s 85 minutes, and two are kept
_BITS = 1 << 15  # of one generation; of the fresh requests 0.24 % are taken for old ones when full
_PLACES = 4  # bits that stand for a transaction: a Bloom filter


class Transaction(Enum):
    """The kinds of an authentic request's transaction."""

    NEW = auto()
    RETRANSMITTED = auto()  # lately, and from the same address
    REPLAYED = auto()


class ReplayFilter:
    """The transactions of one transport, in a few kilobytes however many there are."""

    def __init__(self) -> None:
        self._recent: dict[bytes, Address] = {}  # the oldest first
        self._marks = bytearray(_BITS // 8)
        self._marked = 0
        self._older = b""

    def check(self, transaction: bytes, address: Address) -> Transaction:
        """Says what the transaction is, and knows it from now on."""
        if (known := self._recent.get(transaction)) is not None:
            return Transaction.RETRANSMITTED if known == address else Transaction.REPLAYED
        places = _places(transaction)
        if _holds(self._marks, places) or _holds(self._older, places):
            return Transaction.REPLAYED
        self._mark(places)
        self._recent[transaction] = address
        if len(self._recent) > RECENT:
            del self._recent[next(iter(self._recent))]
        return Transaction.NEW

    def _mark(self, places: list[int]) -> None:
        if self._marked == GENERATION:
            self._older, self._marks, self._marked = bytes(self._marks), bytearray(_BITS // 8), 0
        for place in places:
            self._marks[place >> 3] |= 1 << (place & 7)
        self._marked += 1


def _places(transaction: bytes) -> list[int]:
    """Spread by a hash: the transactions themselves are the peer's choice."""
    mixed = int.from_bytes(blake2b(transaction, digest_size=8).digest(), "big")
    return [mixed >> 16 * number & _BITS - 1 for number in range(_PLACES)]


def _holds(marks: bytes | bytearray, places: list[int]) -> bool:
    return bool(marks) and all(marks[place >> 3] >> (place & 7) & 1 for place in places)
