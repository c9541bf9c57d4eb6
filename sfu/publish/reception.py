"""Reception statistics of one incoming RTP stream: loss, jitter, bit rate, last Sender Report.

Pure: no I/O, no clock.
"""

from sfu.wire.arith import compact_ntp

_WINDOW = 1.0  # s over which the bit rate is measured
_FIRST_WINDOW = 0.5  # s: shortest time that the first packets are spread over
_MAX_STEP = 5.0  # s: a larger jump between two transits is a new timeline, not jitter


class ReceptionStats:
    """Statistics of one SSRC (RFC 3550 6.4.1, A.3 and A.8)."""

    __slots__ = (
        "_base",
        "_bitrate",
        "_bytes",
        "_clock_rate",
        "_expected_reported",
        "_highest",
        "_jitter",
        "_lsr",
        "_lsr_at",
        "_received",
        "_received_reported",
        "_timestamp",
        "_transit",
        "_window_at",
        "_window_bytes",
    )

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._base = 0
        self._highest = -1
        self._received = 0
        self._bytes = 0
        self._timestamp = -1
        self._transit: float | None = None
        self._jitter = 0.0
        self._expected_reported = 0
        self._received_reported = 0
        self._lsr = 0
        self._lsr_at = 0.0
        self._window_at = 0.0
        self._window_bytes = 0
        self._bitrate: float | None = None

    @property
    def packets(self) -> int:
        """Packets received so far."""
        return self._received

    @property
    def bytes(self) -> int:
        """Bytes received so far, headers and tags included."""
        return self._bytes

    @property
    def jitter(self) -> float:
        """Interarrival jitter in seconds (RFC 3550 6.4.1)."""
        return self._jitter / self._clock_rate

    @property
    def highest_index(self) -> int | None:
        """The newest index received, or None before the first packet."""
        return self._highest if self._highest >= 0 else None

    def receive(self, index: int, rtp_timestamp: int, now: float, size: int) -> None:
        """Counts one packet of `size` bytes. Hot: once per received packet."""
        self._received += 1
        self._bytes += size
        if index > self._highest:
            if rtp_timestamp != self._timestamp:
                if self._highest < 0:
                    self._begin(index, now)
                self._measure_jitter(rtp_timestamp, now)
            self._highest = index
        elif index < self._base:
            self._base = index

    def _begin(self, index: int, now: float) -> None:
        self._base = index
        self._window_at = now

    def _measure_jitter(self, rtp_timestamp: int, now: float) -> None:
        # RFC 3550 A.8 for the first packet of each timestamp: the others of a video frame leave
        # later by design, which would count as jitter.
        self._timestamp = rtp_timestamp
        transit = now * self._clock_rate - rtp_timestamp
        previous = self._transit
        self._transit = transit
        if previous is None:
            return
        step = abs((transit - previous + 0x80000000) % 0x100000000 - 0x80000000)
        if step < _MAX_STEP * self._clock_rate:
            self._jitter += (step - self._jitter) / 16

    def report(self, now: float) -> tuple[int, int, int, int]:
        """Fraction lost since the last report (in 1/256), cumulative loss (signed 24 bits),
        highest extended sequence number (32 bits) and jitter (in timestamp units).
        """
        if self._highest < 0:
            return 0, 0, 0, 0
        # RFC 3550 A.3
        expected = self._highest - self._base + 1
        lost = min(max(expected - self._received, -0x800000), 0x7FFFFF)
        expected_interval = expected - self._expected_reported
        lost_interval = expected_interval - (self._received - self._received_reported)
        self._expected_reported = expected
        self._received_reported = self._received
        fraction = 0
        if expected_interval > 0 and lost_interval > 0:
            fraction = min((lost_interval << 8) // expected_interval, 255)
        return fraction, lost, self._highest & 0xFFFFFFFF, int(self._jitter)

    def sender_report(self, ntp: int, now: float) -> None:
        """Notes the 64-bit NTP time of a Sender Report that came at `now`."""
        self._lsr = compact_ntp(ntp)
        self._lsr_at = now

    def lsr_dlsr(self, now: float) -> tuple[int, int]:
        """LSR and DLSR (in 1/65536 s, RFC 3550 6.4.1); zeros before the first Sender Report."""
        if not self._lsr:
            return 0, 0
        return self._lsr, min(int((now - self._lsr_at) * 65536), 0xFFFFFFFF)

    def bitrate(self, now: float) -> float:
        """Bits per second over the last whole window; call it about once a second or oftener."""
        elapsed = now - self._window_at
        bits = (self._bytes - self._window_bytes) * 8
        if elapsed >= _WINDOW:
            self._bitrate = bits / elapsed
            self._window_at = now
            self._window_bytes = self._bytes
        elif self._bitrate is None:
            return bits / max(elapsed, _FIRST_WINDOW)
        return self._bitrate
