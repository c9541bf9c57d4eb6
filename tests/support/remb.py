"""A subscriber's bandwidth estimate in the manner of Chromium's REMB.

It begins low, climbs slowly, never far above what arrives, and falls under it as soon as the
path's queue grows. Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from tests.support.peers import Peer

FIRST = 80_000.0
GROWTH = 1.08  # a second
QUEUED = 0.06  # s above the shortest way from camera to subscriber
HEADER_BYTES = 40
LEAST = 30_000.0


@dataclass(slots=True)
class Remb:
    """Asked once a second, when the peer reports."""

    estimate: float = FIRST
    _octets: int = 0
    _asked_at: float | None = None
    _shortest: float = 10.0

    def __call__(self, peer: Peer, now: float) -> int:
        octets = sum(
            slot.counters.octets + HEADER_BYTES * slot.counters.packets for slot in peer.slots
        )
        before, self._octets = self._octets, octets
        asked, self._asked_at = self._asked_at, now
        if asked is None:
            return round(self.estimate)
        received = (octets - before) * 8 / (now - asked)
        delays = [
            frame.at - frame.captured
            for slot in peer.slots
            for frame in slot.line.frames[-30:]
            if frame.at > asked
        ]
        self._shortest = min(self._shortest, *delays) if delays else self._shortest
        if delays and max(delays) - self._shortest > QUEUED:
            self.estimate = max(LEAST, min(self.estimate, 0.85 * received))
        else:
            self.estimate = min(self.estimate * GROWTH, max(self.estimate, 1.5 * received))
        return round(self.estimate)
