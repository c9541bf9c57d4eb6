"""Two clocks that turn a publisher's RTP timestamps into the server's time and back.

A Sender Report (RFC 3550 6.4.1) ties an RTP timestamp to the publisher's NTP clock, which may
be hours off; its arrival ties that clock to the server's. Pure: no I/O, no clock.
"""

from sfu.wire.arith import ts_delta

FORGETTING = 0.0001  # s per s: how fast the offset may grow, for clocks that drift apart
STEP = 0.5  # s: reports later than this by the known offset hint that the clock was set back
STEP_REPORTS = 5  # as many of them in a row prove it

_TS_RANGE = 1 << 32


class ClockMap:
    """The offset between one publisher's NTP clock and the server's; one for all its streams.

    The offset is the least of (arrival - NTP time): the report that was delayed least is the
    nearest to the truth, so the path's jitter does not move it.
    """

    __slots__ = ("_late", "_least_late", "_offset", "_updated_at")

    def __init__(self) -> None:
        self._offset: float | None = None
        self._updated_at = 0.0
        self._late = 0  # reports in a row that came later than STEP
        self._least_late = 0.0

    def sender_report(self, ntp_seconds: float, now: float) -> None:
        """Takes a report with this NTP time that arrived at `now`; both in seconds."""
        sample = now - ntp_seconds
        if self._offset is None:
            self._offset = sample
        else:
            grown = self._offset + FORGETTING * max(now - self._updated_at, 0.0)
            self._offset = min(grown, sample)
            self._watch_steps(sample)
        self._updated_at = now

    def to_server(self, ntp_seconds: float) -> float | None:
        """The server's time when the publisher's clock showed this; None before any report."""
        return None if self._offset is None else ntp_seconds + self._offset

    def to_publisher(self, server_seconds: float) -> float | None:
        """The inverse of to_server."""
        return None if self._offset is None else server_seconds - self._offset

    def _watch_steps(self, sample: float) -> None:
        if self._offset is None or sample < self._offset + STEP:
            self._late = 0
            return
        self._least_late = sample if not self._late else min(self._least_late, sample)
        self._late += 1
        if self._late >= STEP_REPORTS:
            self._offset = self._least_late
            self._late = 0


class RtpClock:
    """One stream's RTP timestamps against its publisher's NTP clock, from the last report."""

    __slots__ = ("_clock_rate", "_ntp", "_timestamp")

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._timestamp = 0
        self._ntp: float | None = None

    def sender_report(self, rtp_timestamp: int, ntp_seconds: float) -> None:
        """Takes the stream's RTP timestamp at this time of the publisher's NTP clock."""
        self._timestamp = rtp_timestamp
        self._ntp = ntp_seconds

    def ntp_at(self, rtp_timestamp: int) -> float | None:
        """The publisher's NTP time in seconds of an RTP timestamp; None before any report."""
        if self._ntp is None:
            return None
        return self._ntp + ts_delta(rtp_timestamp, self._timestamp) / self._clock_rate

    def rtp_at(self, server_seconds: float, clockmap: ClockMap) -> float | None:
        """The RTP timestamp, 0 to 2**32 and not rounded, at a time of the server's clock."""
        ntp = clockmap.to_publisher(server_seconds)
        if ntp is None or self._ntp is None:
            return None
        return (self._timestamp + (ntp - self._ntp) * self._clock_rate) % _TS_RANGE
