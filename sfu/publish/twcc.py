"""Arrival times of one publisher's packets, for transport-wide congestion control
(draft-holmer-rmcat-transport-wide-cc-extensions-01).

Pure: no I/O, no clock.
"""

from sfu.wire.arith import extend_seq
from sfu.wire.transport_cc import DELTA_US, REFERENCE_US, TransportFeedback

INTERVAL = 0.1  # s from the first unreported packet to its report
BUSY_INTERVAL = 0.05  # s when many are waiting
BUSY_PENDING = 32
REMEMBERED = 0.5  # s that reported arrivals are kept, to be told again with late ones
MAX_STATUSES = 500  # packets of one feedback: fits a datagram whatever the pattern
MAX_STORED = 4096
MAX_LEAP = 512  # numbers that loss may swallow: each costs a status; 2 s of a 720p publisher
MAX_UNTOLD = 2_048  # numbers that one report may be about
_MAX_TICKS = 0x7FFF  # largest difference of two arrivals, in steps of 250 us


class TwccRecorder:
    """Records transport-wide sequence numbers and builds the feedback about them."""

    __slots__ = (
        "_count",
        "_deadline",
        "_first_at",
        "_floor",
        "_newest",
        "_next",
        "_pending",
        "_times",
    )

    def __init__(self) -> None:
        self._times: dict[int, int] = {}  # extended sequence number: arrival in us
        self._newest = -1
        self._next = 0  # the first one that the next feedback is about
        self._floor = 0  # packets before are too old to be told
        self._pending = 0
        self._first_at = 0.0
        self._deadline: float | None = None
        self._count = 0

    def receive(self, sequence: int, now: float) -> None:
        """Notes a packet by its 16-bit transport-wide number. Hot: once per received packet."""
        newest = self._newest
        # The first one gets a cycle in front, so that nothing is ever negative.
        index = extend_seq(sequence, newest) if newest >= 0 else sequence + 0x10000
        if (
            newest < 0
            or index - newest > MAX_LEAP
            or index - self._next > MAX_UNTOLD
            or len(self._times) >= MAX_STORED
        ):
            self._restart(index)
        elif index < self._floor or index in self._times:
            return
        self._times[index] = int(now * 1_000_000)
        if index > self._newest:
            self._newest = index
        if index < self._next:
            self._next = index
        self._pending += 1
        if self._pending == 1:
            self._first_at = now
            self._deadline = now + INTERVAL
        elif self._pending == BUSY_PENDING + 1:
            self._deadline = self._first_at + BUSY_INTERVAL

    def next_deadline(self) -> float | None:
        """When the next feedback is due; None when there is nothing to tell."""
        return self._deadline

    def build(self, now: float, sender_ssrc: int, media_ssrc: int) -> list[TransportFeedback]:
        """The feedback about everything unreported; several when one can't hold it."""
        if not self._pending:
            return []
        self._next = max(self._next, self._newest - MAX_UNTOLD)
        arrivals: list[tuple[int, int | None]] = []
        feedbacks = []
        last: int | None = None
        for index in range(self._next, self._newest + 1):
            time = self._times.get(index)
            far = time is not None and last is not None and _is_far(last, time)
            if far or len(arrivals) >= MAX_STATUSES:
                feedbacks.append(self._feedback(arrivals, now, sender_ssrc, media_ssrc))
                arrivals, last = [], None
            arrivals.append((index & 0xFFFF, time))
            last = time if time is not None else last
        feedbacks.append(self._feedback(arrivals, now, sender_ssrc, media_ssrc))
        self._reported(now)
        return feedbacks

    def _feedback(
        self,
        arrivals: list[tuple[int, int | None]],
        now: float,
        sender_ssrc: int,
        media_ssrc: int,
    ) -> TransportFeedback:
        first = next((time for _, time in arrivals if time is not None), int(now * 1_000_000))
        feedback = TransportFeedback(
            sender_ssrc,
            media_ssrc,
            base_sequence=arrivals[0][0],
            reference_time=first // REFERENCE_US,
            feedback_count=self._count,
            arrivals=tuple(arrivals),
        )
        self._count = (self._count + 1) & 0xFF
        return feedback

    def _restart(self, index: int) -> None:
        """The first packet, or a jump that no loss explains: nothing before it is told."""
        self._times.clear()
        self._newest = self._next = self._floor = index
        self._pending = 0

    def _reported(self, now: float) -> None:
        oldest = int((now - REMEMBERED) * 1_000_000)
        self._times = {index: time for index, time in self._times.items() if time >= oldest}
        self._next = self._newest + 1
        self._floor = min(self._times, default=self._next)
        self._pending = 0
        self._deadline = None


def _is_far(earlier: int, later: int) -> bool:
    return abs(later // DELTA_US - earlier // DELTA_US) > _MAX_TICKS
