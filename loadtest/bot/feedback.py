"""Feedback of a receiving bot once a second: Receiver Reports and REMB, as Chromium sends them.

Jitter is left out (0): the SFU acts on loss and round trip. Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from loadtest.bot.receiver import ReceivedStream
from sfu.wire.arith import compact_ntp
from sfu.wire.rtcp import ReceiverReport, Remb, ReportBlock, RtcpRecord, SenderReport
from sfu.wire.rtcp_packet import MAX_COUNT

FIRST_ESTIMATE = 300_000.0  # bits/s, Chromium's own first guess
GROWTH = 1.08  # a second
HEADROOM, HEADROOM_BITS = 1.5, 10_000.0  # the estimate is never further above what arrives
BACK_OFF = 0.85
OVERUSED = 0.06  # s of waiting in the downlink's queue


class Estimate:
    """The REMB of one receiver: climbs slowly, brakes when its downlink queues.

    Chromium finds queues from arrival times; a bot knows its own (`BadLink.queued`).
    """

    def __init__(self) -> None:
        self._bitrate = FIRST_ESTIMATE

    def update(self, received: float, queued: float, elapsed: float) -> int:
        """Bits per second to tell; `received` is the rate of the last `elapsed` seconds."""
        if queued > OVERUSED:
            self._bitrate = BACK_OFF * received
        else:
            ceiling = max(HEADROOM * received + HEADROOM_BITS, FIRST_ESTIMATE)
            self._bitrate = min(self._bitrate * GROWTH**elapsed, ceiling)
        return int(self._bitrate)


@dataclass(slots=True)
class _Reported:
    """The last report block of a stream, and the last Sender Report about it."""

    highest: int = -1
    lost: int = 0
    lsr: int = 0
    heard_at: float = 0.0


class Feedback:
    """Report blocks of all streams of a bot, and its REMB."""

    def __init__(self, ssrc: int, now: float) -> None:
        self.ssrc = ssrc
        self._reported: dict[int, _Reported] = {}
        self._estimate = Estimate()
        self._bytes = 0
        self._at = now

    def receive_report(self, report: SenderReport, now: float) -> None:
        """A Sender Report of a slot: its time comes back in the next block (RFC 3550 6.4.1)."""
        reported = self._reported.setdefault(report.ssrc, _Reported())
        reported.lsr = compact_ntp(report.ntp)
        reported.heard_at = now

    def report(
        self, streams: Iterable[ReceivedStream], queued: float, now: float
    ) -> list[RtcpRecord]:
        """The records to send now; none before the first packet has come."""
        begun = [stream for stream in streams if stream.begun][:MAX_COUNT]
        total = sum(stream.bytes for stream in begun)
        elapsed = max(now - self._at, 1e-3)
        received = (total - self._bytes) * 8 / elapsed
        self._bytes, self._at = total, now
        if not begun:
            return []
        bitrate = self._estimate.update(received, queued, elapsed)
        blocks = tuple(self._block(stream, now) for stream in begun)
        return [
            ReceiverReport(self.ssrc, blocks),
            Remb(self.ssrc, bitrate, tuple(stream.ssrc for stream in begun)),
        ]

    def _block(self, stream: ReceivedStream, now: float) -> ReportBlock:
        reported = self._reported.setdefault(stream.ssrc, _Reported())
        if reported.highest < 0:
            reported.highest = stream.first - 1
        highest = stream.next - 1
        # open gaps count, as they do for a browser: repaired ones are taken back (RFC 3550 A.3)
        lost = stream.lost + len(stream.missing)
        expected = highest - reported.highest
        fraction = max(0, lost - reported.lost) * 256 // expected if expected > 0 else 0
        reported.highest, reported.lost = highest, lost
        delay = int((now - reported.heard_at) * 65536) if reported.lsr else 0
        return ReportBlock(stream.ssrc, min(fraction, 255), lost, highest, 0, reported.lsr, delay)
