"""The ledger's entries tell what happened to money and to enrolments; balances are sums of them.
Pure: no I/O, no clock.

Amounts are signed paise: money that came is positive, money that went negative, all else 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EntryKind(StrEnum):
    """The kinds of entries. The first three carry money."""

    CAPTURED = "captured"
    REFUNDED = "refunded"
    CHARGED_BACK = "charged_back"
    AUTHORIZED = "authorized"
    PROMISED = "promised"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    ENROLLED = "enrolled"
    ENDED = "ended"
    REFUND_DUE = "refund_due"
    REFUND_ASKED = "refund_asked"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPEN = "dispute_open"
    DISPUTE_WON = "dispute_won"


MONEY = frozenset((EntryKind.CAPTURED, EntryKind.REFUNDED, EntryKind.CHARGED_BACK))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; `subject` is the id of what it happened to (with the gateway's try, if any): the
    same kind happens to it once."""

    kind: EntryKind
    subject: str
    amount: int = 0
    currency: str = "INR"
    payment_id: str | None = None
    refund_id: str | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if (self.amount != 0) != (self.kind in MONEY):
            raise ValueError(f"{self.kind} with an amount of {self.amount}")
        if (self.amount > 0) != (self.kind == EntryKind.CAPTURED) and self.kind in MONEY:
            raise ValueError(f"{self.kind} with the wrong sign: {self.amount}")

    @property
    def key(self) -> str:
        """Unique in the ledger."""
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True)
class Balance:
    """Money that came and money that went, both positive; paise."""

    taken: int = 0
    returned: int = 0
    charged_back: int = 0

    @property
    def kept(self) -> int:
        """The money that is left."""
        return self.taken - self.returned - self.charged_back


def balance(entries: Iterable[tuple[str, int]]) -> Balance:
    """The sum of (kind, amount) of one currency."""
    sums = dict.fromkeys(MONEY, 0)
    for kind, amount in entries:
        if kind in sums:
            sums[EntryKind(kind)] += amount
    return Balance(
        sums[EntryKind.CAPTURED], -sums[EntryKind.REFUNDED], -sums[EntryKind.CHARGED_BACK]
    )
