"""Checks that the peer is at an address that it nominates, before media goes there.

A nomination is authentic, but its source address may be forged. A request that is sent there can
be read only there, and only the peer can answer it with its password.
Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable

from common.work import Price, WorkBudget
from sfu.stats import DropReason
from sfu.wire import stun
from sfu.wire.address import Address

PAUSES = (0.05, 0.05, 0.1)  # s: the request goes out again 50, 100 and 200 ms after the first time
ANSWER_WITHIN = 2.0  # s after the first request: a slow path's answer still counts
REQUEST_RATE, REQUEST_BURST = 8, 16  # of one transport: a second, at once

AT_ONCE = 0.0  # a deadline that has always come
_PRIORITY = ((110 << 24) + (65535 << 8) + 255).to_bytes(4, "big")  # RFC 8445 5.1.2.2, reflexive


class AddressCheck:
    """At most one address is asked at a time; the latest nomination takes the place of others."""

    def __init__(self, drops: Counter[DropReason], now: float) -> None:
        self.address: Address | None = None  # under check
        self._drops = drops
        self._transaction = b""
        self._request = b""
        self._key = b""
        self._tries = 0
        self._due: float | None = None  # when the request goes out next
        self._lapses_at = 0.0
        self._budget = WorkBudget(REQUEST_RATE * Price.STUN, REQUEST_BURST * Price.STUN, now)

    def begin(
        self, address: Address, name: str, key: bytes, random: Callable[[int], bytes], limit: int
    ) -> bool:
        """Asks there as soon as timers are handled. `name` and `key` are the USERNAME and the
        password that the peer expects; `limit` is the size of its nomination: False, and
        refused, when no request is that small. An address under check goes on as it is; once
        it has been asked often enough, a further nomination sends the same request again."""
        if address == self.address and key == self._key:
            if self._due is None:
                self._tries, self._due = 0, AT_ONCE
            return True
        transaction = random(12)
        attributes = (
            (stun.USERNAME, name.encode()),
            (stun.ICE_CONTROLLED, random(8)),
            (stun.PRIORITY, _PRIORITY),
        )
        request = stun.build_within(limit, stun.BINDING_REQUEST, transaction, attributes, key)
        if request is None:
            self._drops[DropReason.CHECK_TOO_LARGE] += 1
            return False
        self.address, self._request, self._key = address, request, key
        self._transaction, self._tries, self._due = transaction, 0, AT_ONCE
        return True

    def end(self) -> None:
        """The question is answered, or of no interest any more."""
        self.address, self._due = None, None

    def awaits(self, address: Address, transaction: bytes) -> bool:
        """True when a request to this address with this transaction waits for its answer. Cheap,
        and no proof."""
        return address == self.address and transaction == self._transaction

    def is_answered_by(self, message: stun.StunMessage, data: bytes) -> bool:
        """True when the awaited answer is the peer's. An error is an answer, too: in a conflict of
        roles (RFC 8445 7.2.5.1) the peer is there all the same."""
        answers = (stun.BINDING_SUCCESS, stun.BINDING_ERROR)
        return message.kind in answers and stun.proves(message, data, self._key)

    def next_deadline(self) -> float | None:
        """The time when handle_timers has something to do."""
        if self.address is None:
            return None
        return self._lapses_at if self._due is None else self._due

    def handle_timers(self, now: float) -> "tuple[Address, bytes] | None":
        """The request to send now, if any, and where. An address that stays silent is given up."""
        if self.address is None:
            return None
        if self._due is None:
            if now >= self._lapses_at:
                self._drops[DropReason.ADDRESS_SILENT] += 1
                self.end()
            return None
        if now < self._due:
            return None
        if not self._tries:
            self._lapses_at = now + ANSWER_WITHIN
        self._due = now + PAUSES[self._tries] if self._tries < len(PAUSES) else None
        self._tries += 1
        return (self.address, self._request) if self._budget.take(Price.STUN, now) else None
