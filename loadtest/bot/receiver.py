"""What arrives of one slot: loss and its repair, complete frames, freezes.

Header fields are all it needs, so that a bot need not decrypt. Pure: no I/O, no clock.
"""

from bisect import insort

from sfu.wire.arith import extend_seq, seq_delta

LOST_AFTER = 1.0  # s that a gap stays open
ASK_AFTER = 0.01  # s that a packet may be late by reordering before it is asked for
MIN_ROUND_TRIP = 0.033  # s
MAX_TRIES = 10  # as Chromium
MAX_MISSING = 1_000  # a longer gap is lost at once: an outage, which no NACK repairs

_FIRST_MEAN = 1 / 30  # s between frames, until some have come
_MEAN_OVER = 30  # frames, as Chromium's freezeCount
_SUDDEN = 0.15  # s beyond the mean


class Gap:
    """A packet that has not come."""

    __slots__ = ("due", "since", "tries")

    def __init__(self, now: float) -> None:
        self.since = now
        self.due = now + ASK_AFTER
        self.tries = 0


class Stream:
    """The packets of one SSRC, a slot's. All indices are sequence numbers without wraparound.

    `stamps` gathers those given with packets of frames that have become complete since it was
    last emptied. A sound has no frames.
    """

    __slots__ = (
        "_limit",
        "_mean",
        "_waiting",
        "bytes",
        "duplicates",
        "expected",
        "first",
        "first_at",
        "first_frame_at",
        "frame_at",
        "frames",
        "freeze_s",
        "freezes",
        "is_video",
        "lost",
        "mid",
        "missing",
        "next",
        "packets",
        "recovered",
        "rtx_ssrc",
        "ssrc",
        "stamps",
    )

    def __init__(self, mid: str, is_video: bool, ssrc: int, rtx_ssrc: int | None) -> None:
        self.mid = mid
        self.is_video = is_video
        self.ssrc = ssrc
        self.rtx_ssrc = rtx_ssrc
        self.expected = -1  # the sequence number that comes next; -1: none has come
        self.next = 0  # its index
        self.first = 0
        self.packets = 0
        self.bytes = 0
        self.lost = 0
        self.recovered = 0  # came after it was asked for
        self.duplicates = 0
        self.missing: dict[int, Gap] = {}  # ascending
        self.frames = 0
        self.freezes = 0
        self.freeze_s = 0.0
        self.first_at: float | None = None
        self.first_frame_at: float | None = None
        self.frame_at = 0.0  # when the last frame was complete; 0: none is awaited
        self.stamps: list[int] = []
        self._mean = _FIRST_MEAN
        self._limit = _limit(_FIRST_MEAN)
        self._waiting: list[tuple[int, int]] = []  # (last index, stamp) of frames behind a gap

    def receive(self, seq: int, marker: int, size: int, now: float, stamp: int = 0) -> bool:
        """Takes a packet; True when no more of its burst is to be expected.

        Hot: once per packet. `marker` is 0 or not.
        """
        self.packets += 1
        self.bytes += size
        if seq != self.expected:
            self._receive_irregular(seq, marker, now, stamp)
            return False
        index = self.next
        self.next = index + 1
        self.expected = index + 1 & 0xFFFF
        if not self.is_video:
            return True
        if not marker:
            return False
        if self.missing:
            self._waiting.append((index, stamp))
        else:
            self._complete(now, stamp)
        return True

    def _receive_irregular(self, seq: int, marker: int, now: float, stamp: int) -> None:
        if self.expected < 0:
            self.first = self.next = seq
            self.first_at = now
        ahead = seq_delta(seq, self.next & 0xFFFF)
        if ahead < 0:
            self._fill(self.next + ahead, marker, now, stamp)
            return
        if ahead:
            self._open_gap(ahead, now)
        index = self.next
        self.next = index + 1
        self.expected = index + 1 & 0xFFFF
        if marker and self.is_video:
            self._waiting.append((index, stamp))
            self._release(now)

    def _open_gap(self, count: int, now: float) -> None:
        start = self.next
        self.next = start + count
        if count + len(self.missing) > MAX_MISSING:
            self.lost += count + len(self.missing)
            self.missing.clear()
            return
        for index in range(start, start + count):
            self.missing[index] = Gap(now)

    def repair(self, seq: int, marker: int, size: int, now: float, stamp: int = 0) -> None:
        """Takes a retransmission (RFC 4588) of the packet with this sequence number."""
        self.packets += 1
        self.bytes += size
        index = extend_seq(seq, self.next)
        if index >= self.next or self.expected < 0:
            self._receive_irregular(seq, marker, now, stamp)
        else:
            self._fill(index, marker, now, stamp)

    def _fill(self, index: int, marker: int, now: float, stamp: int) -> None:
        gap = self.missing.pop(index, None)
        if gap is None:
            self.duplicates += 1
            return
        if gap.tries:
            self.recovered += 1
        if marker and self.is_video:
            insort(self._waiting, (index, stamp))
        self._release(now)

    def chase(self, now: float, round_trip: float) -> list[int]:
        """The indices to ask for now; gives up those that are too old."""
        again = now + 1.5 * max(round_trip, MIN_ROUND_TRIP)
        wanted = []
        expired = False
        for index, gap in list(self.missing.items()):
            if now - gap.since >= LOST_AFTER:
                del self.missing[index]
                self.lost += 1
                expired = True
            elif self.is_video and gap.due <= now and gap.tries < MAX_TRIES:
                gap.tries += 1
                gap.due = again
                wanted.append(index)
        if expired:
            self._release(now)
        return wanted

    def pause(self) -> None:
        """The slot shows nothing, or something else: a wait for the next frame is no freeze."""
        self.frame_at = 0.0

    def finish(self, now: float) -> None:
        """The end: a freeze that still lasts counts."""
        if self.frame_at and now - self.frame_at > self._limit:
            self.freezes += 1
            self.freeze_s += now - self.frame_at
        self.frame_at = 0.0

    def _release(self, now: float) -> None:
        """Frames become complete in their order: one that is not holds back those behind it."""
        oldest = next(iter(self.missing), self.next)
        waiting = self._waiting
        while waiting and waiting[0][0] < oldest:
            self._complete(now, waiting.pop(0)[1])

    def _complete(self, now: float, stamp: int) -> None:
        self.frames += 1
        if stamp:
            self.stamps.append(stamp)
        if not self.frame_at:
            if self.first_frame_at is None:
                self.first_frame_at = now
        else:
            gap = now - self.frame_at
            if gap > self._limit:
                self.freezes += 1
                self.freeze_s += gap
            else:
                self._mean += (gap - self._mean) / _MEAN_OVER
                self._limit = _limit(self._mean)
        self.frame_at = now


def _limit(mean: float) -> float:
    """A longer wait than this is a freeze, as Chromium counts them."""
    return max(3 * mean, mean + _SUDDEN)
