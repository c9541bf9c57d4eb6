"""Work budgets: the work one participant may cause on the event loop, and the price of each kind.

Limits count work, not messages: 24 bytes can cost as much as a hundred datagrams. A unit is a
microsecond of one core on the machine of docs/benchmarks.md; `make bench` prints the measured
figures beside the prices, and no clock is read on the packet path.
Pure: no I/O, no clock. Times are seconds, work is units.
"""

from dataclasses import dataclass


class Price:
    """The price of one piece of each kind of work, in units, rounded up.

    `make bench` (case "prices") measures them all but two: a DTLS datagram takes 8 to 25 us in
    OpenSSL and a task's turn, and a byte's share of a packet is chosen, to cap a bit rate.
    """

    DATAGRAM = 10.0  # an SRTP packet: lookup, decryption, its place in a layer
    DATAGRAM_BYTE = 0.008  # a byte of it: more bytes make more copies
    RTCP_DATAGRAM = 12.0  # SRTCP: decryption and the walk over its records
    RTCP_RECORD = 4.0  # one record parsed and handed on
    REMB = 60.0  # an estimate that may choose every slot's layer anew
    FEEDBACK_STATUS = 0.5  # one status of a transport-cc feedback that is written
    NACK_ENTRY = 1.0  # one sequence number looked up
    RETRANSMISSION = 8.0  # one packet sealed again and sent
    STUN = 25.0  # a binding request parsed, authenticated and answered
    DTLS_DATAGRAM = 60.0  # what OpenSSL and the session's task take for one
    FAILED_CHECK = 6.0  # a datagram that turned out not to be authentic
    FRAME = 30.0  # a WebSocket frame: unmasked, looked at
    MESSAGE = 150.0  # a Socket.IO message: decoded, validated, decided, acknowledged
    EVENT_COPY = 25.0  # an event queued and written to one socket
    JSON_BYTE = 0.01  # a byte inside a string
    JSON_NODE = 0.5  # an array, an object or an element
    SDP_LINE = 4.0  # a line of an offer, in the worst one accepted; 2 in a new, 0.4 in a known one


@dataclass(slots=True)
class WorkBudget:
    """A credit that gains `rate` a second up to `burst`, and can go into debt. It counts units of
    work, or whatever its owner says: messages, packets, lines of a log.

    `take` pays for work whose price is known beforehand. `charge` pays for work whose price is
    known afterwards; then nothing more is done while `is_spent`.
    """

    rate: float
    burst: float
    updated_at: float
    credit: float = -1.0

    def __post_init__(self) -> None:
        if self.credit < 0:
            self.credit = self.burst

    def refill(self, now: float) -> None:
        """Adds the gain since the last call; a clock that goes back adds nothing."""
        gained = max(0.0, now - self.updated_at) * self.rate
        self.credit = min(self.burst, self.credit + gained)
        self.updated_at = now

    def take(self, units: float, now: float) -> bool:
        """Pays for work in advance; False, and nothing is taken, when the credit is too small."""
        self.refill(now)
        if units > self.credit:
            return False
        self.credit -= units
        return True

    def charge(self, units: float) -> None:
        """Pays for work that was done; the credit may fall below nothing, by one burst at most."""
        self.credit = max(self.credit - units, -self.burst)

    def is_spent(self, now: float) -> bool:
        """True while nothing more is to be done for this participant."""
        if self.credit >= 0.0:
            return False
        self.refill(now)
        return self.credit < 0.0


@dataclass(slots=True)
class Patience:
    """Decides when a participant that is slowed must be removed: after `limit` seconds of refusals.

    A second without a refusal starts the count again.
    """

    limit: float
    since: float = -1.0
    last: float = -1.0

    def refused(self, now: float) -> bool:
        """Notes refused work; True when it has gone on for too long."""
        if self.since < 0 or now - self.last > 1.0:
            self.since = now
        self.last = now
        return now - self.since >= self.limit
