"""A Stream: one incoming RTP stream, its losses, statistics and clock. Pure: no I/O, no clock."""

from sfu.publish.clock import RtpClock
from sfu.publish.nack import NackGenerator
from sfu.publish.reception import ReceptionStats

QUIET_AFTER = 1.5  # s without a packet until a stream counts as stopped


class Stream:
    """The stream that a layer receives. Another SSRC may take it over, as after an encoder's
    restart: then statistics and clock begin anew, and the counters go on."""

    __slots__ = (
        "_clock_rate",
        "clock",
        "ended",
        "last_packet_at",
        "loss",
        "nack",
        "plis_sent",
        "reception",
        "ssrc",
    )

    def __init__(self, clock_rate: int, *, is_video: bool) -> None:
        self._clock_rate = clock_rate
        self.ssrc = 0  # until the first packet
        self.ended = False  # its publisher said good-bye
        self.last_packet_at = 0.0  # not counting probes: they come on layers that are off, too
        self.loss = 0.0
        self.plis_sent = 0
        self.nack = NackGenerator() if is_video else None
        self.reception = ReceptionStats(clock_rate)
        self.clock = RtpClock(clock_rate)

    def restart(self, ssrc: int) -> None:
        """Another SSRC sends from here on."""
        if self.ssrc:
            self.reception = ReceptionStats(self._clock_rate)
            self.clock = RtpClock(self._clock_rate)
        self.ssrc = ssrc

    def is_quiet(self, now: float) -> bool:
        """True when the publisher has stopped sending."""
        return self.ended or now - self.last_packet_at > QUIET_AFTER
