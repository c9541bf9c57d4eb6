"""How much may be retransmitted to one subscriber: a token bucket, and what went out lately.

A path that is too narrow loses retransmissions as well; without a limit the NACKs for them would
keep it full. Pure: no I/O, no clock.
"""

SHARE = 0.3  # of the media rate that retransmissions may add
LEAST = 50_000.0  # bits/s
BURST = 0.25  # s of the rate that may go out at once
MIN_BURST = 20_000.0  # bytes: one lost picture of the top layer
MIN_INTERVAL = 0.03  # s between two retransmissions of one packet, if the round trip is less
MAX_REMEMBERED = 1_024


class RetransmissionBudget:
    """Decides for each packet that a NACK names whether it may go out again now."""

    __slots__ = ("_at", "_sent", "_tokens")

    def __init__(self) -> None:
        self._tokens = MIN_BURST
        self._at = 0.0
        self._sent: dict[tuple[int, int], float] = {}

    def is_recent(self, packet: tuple[int, int], round_trip: float, now: float) -> bool:
        """True when this (SSRC, index) went out less than a round trip ago: the NACK crossed it."""
        return now - self._sent.get(packet, -1e9) < max(MIN_INTERVAL, round_trip)

    def take(self, packet: tuple[int, int], size: int, media_rate: float, now: float) -> bool:
        """Takes `size` bytes from the bucket, filled at a share of `media_rate` in bits/s."""
        rate = max(LEAST, SHARE * media_rate) / 8
        capacity = max(MIN_BURST, rate * BURST)
        self._tokens = min(capacity, self._tokens + (now - self._at) * rate)
        self._at = now
        if size > self._tokens:
            return False
        self._tokens -= size
        if len(self._sent) >= MAX_REMEMBERED:
            self._sent = {k: at for k, at in self._sent.items() if now - at < 1.0}
            if len(self._sent) >= MAX_REMEMBERED:
                self._sent.clear()
        self._sent[packet] = now
        return True
