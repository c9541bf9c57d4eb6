"""Limits what a DTLS session costs, and what it sends to an address that is not proven.

No datagram can be known as authentic before OpenSSL has seen it, so too many are dropped, and
never close a transport. Until the keys are there the address may be a victim's: three times the
bytes that came from it may be sent (as RFC 9000 section 8.1 for QUIC), and an allowance.
Pure: no I/O, no clock.
"""

from common.work import Price, WorkBudget

HANDSHAKE_BURST = 64  # datagrams at once, before the keys
HANDSHAKE_RATE = 20.0  # a second
SESSION_BURST = 20  # datagrams at once, once the keys are there: all but one are a flood's
SESSION_RATE = 5.0  # a second
RATIO = 3  # bytes sent for one received, before the keys
ALLOWANCE = 1_050  # bytes: with a ClientHello's share our flight of 723 twice, once by OpenSSL's
# timer: where it and the next ClientHello are lost, a client asks again only after three seconds
MAX_UNPROVEN = 6_000  # bytes before the keys: OpenSSL's timer repeats a flight four times


class DtlsLimits:
    """Of one transport; `admits` what comes, `passes` what goes."""

    __slots__ = ("_credit", "_held", "_left", "_proven", "_work")

    def __init__(self, now: float) -> None:
        self._work = _budget(HANDSHAKE_RATE, HANDSHAKE_BURST, now)
        self._credit = ALLOWANCE
        self._left = MAX_UNPROVEN
        self._proven = False
        self._held = b""  # the latest flight that had to wait

    def prove(self) -> None:
        """The handshake has ended: the peer at the address holds the certificate's key."""
        if not self._proven:
            self._proven = True
            self._held = b""
            self._work = _budget(SESSION_RATE, SESSION_BURST, self._work.updated_at)

    def admits(self, size: int, now: float) -> bool:
        """True when a datagram of `size` bytes may reach the session."""
        if not self._work.take(Price.DTLS_DATAGRAM, now):
            return False
        self._credit += RATIO * size
        return True

    def passes(self, flight: bytes) -> bool:
        """True when the flight may leave now; if not, it waits for `released`, in place of the one
        before."""
        if self._proven:
            return True
        if len(flight) > min(self._credit, self._left):
            self._held = flight
            return False
        self._credit -= len(flight)
        self._left -= len(flight)
        return True

    def released(self) -> bytes:
        """The flight that waited, once enough has come for it; else nothing."""
        flight, self._held = self._held, b""
        return flight if flight and self.passes(flight) else b""


def _budget(rate: float, burst: int, now: float) -> WorkBudget:
    """In datagrams."""
    return WorkBudget(rate * Price.DTLS_DATAGRAM, burst * Price.DTLS_DATAGRAM, now)
