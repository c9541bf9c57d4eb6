"""One received slot: its loss and repair, complete frames and freezes.

Header fields are all it needs, so that a bot need not decrypt. Pure: no I/O, no clock.
"""

from bisect import insort

from sfu.wire.arith import extend_seq, seq_delta

LOST_AFTER = 1.0  # s that a gap stays open
ASK_AFTER = 0.01  # s that a packet may be late by reordering before it is asked for
MIN_ROUND_TRIP = 0.033  # s
MAX_TRIES = 10  # as Chromium
MAX_MISSING = 1_000  # a longer gap is lost at once: an outage, which no NACK repairs
SUDDEN = 0.15  # s beyond the mean, and
FOLD = 3  # times the mean: a longer wait between frames is a freeze, as Chromium counts them
USUAL_GAP = 1 / 30  # s between frames, as long as there are too few for a mean
MIN_FRAMES = 5

IRREGULAR = -1
MARKER = 0x80


class Gap:
    """A packet that has not come."""

    __slots__ = ("due", "since", "tries")

    def __init__(self, now: float) -> None:
        self.since = now
        self.due = now + ASK_AFTER
        self.tries = 0


class ReceivedStream:
    """The packets of one SSRC, a slot's. An index is a sequence number without wraparound.

    `expected` is the sequence number of the one packet that makes no trouble, the next one while
    nothing is missing; IRREGULAR at the beginning and while there are gaps. For that packet a
    reader may count by itself: `expected`, `packets`, `bytes`, and `end_burst` when its second
    header byte has a bit of `ending`. `stamps` gathers those of frames that have become complete.
    """

    __slots__ = (
        "_base",
        "_frozen_to",
        "_mark",
        "_waiting",
        "begun",
        "bytes",
        "duplicates",
        "ending",
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
        self.ending = MARKER if is_video else 0xFF  # sound comes one packet at a time
        self.begun = False
        self.expected = IRREGULAR
        self.first = 0  # index
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
        self._base = 0  # of `next`
        self._frozen_to = 0.0  # until when a freeze that lasts has been counted; 0: none lasts
        self._mark: tuple[tuple[float, int], ...] = ()  # frame_at and frames, a while ago
        self._waiting: list[tuple[int, int]] = []  # (last index, stamp) of frames behind a gap

    @property
    def next(self) -> int:
        """The index behind the highest one that has come."""
        return self._base + self.packets

    def receive(self, seq: int, second: int, size: int, now: float, stamp: int = 0) -> None:
        """Takes a packet; `second` is the second byte of its header."""
        if seq == self.expected:
            self.packets += 1
            self.bytes += size
            self.expected = seq + 1 & 0xFFFF
            if second & self.ending:
                self.end_burst(now, stamp)
            return
        if not self.begun:
            self.begun = True
            self.first = self._base = seq
            self.first_at = now
        self._receive_irregular(seq, second, size, now, stamp)

    def _receive_irregular(self, seq: int, second: int, size: int, now: float, stamp: int) -> None:
        index = extend_seq(seq, self.next)
        ahead = seq_delta(seq, self.next & 0xFFFF)
        self.packets += 1
        self.bytes += size
        if ahead < 0:
            self._base -= 1
            self._fill(index, second, now, stamp)
            return
        if ahead:
            self._open_gap(index - ahead, ahead, now)
        if second & MARKER and self.is_video:
            self._waiting.append((index, stamp))
        self._release(now)

    def _open_gap(self, start: int, count: int, now: float) -> None:
        self._base += count
        if count + len(self.missing) > MAX_MISSING:
            self.lost += count + len(self.missing)
            self.missing.clear()
            return
        for index in range(start, start + count):
            self.missing[index] = Gap(now)

    def repair(self, seq: int, second: int, size: int, now: float, stamp: int = 0) -> None:
        """Takes a retransmission (RFC 4588) of the packet with this sequence number."""
        if self.begun:
            self._receive_irregular(seq, second, size, now, stamp)

    def _fill(self, index: int, second: int, now: float, stamp: int) -> None:
        gap = self.missing.pop(index, None)
        if gap is None:
            self.duplicates += 1
            return
        if gap.tries:
            self.recovered += 1
        if second & MARKER and self.is_video:
            insort(self._waiting, (index, stamp))
        self._release(now)

    def chase(self, now: float, round_trip: float) -> list[int]:
        """The indices to ask for now; gives up those that are too old."""
        again = now + 1.5 * max(round_trip, MIN_ROUND_TRIP)
        wanted = []
        for index, gap in list(self.missing.items()):
            if now - gap.since >= LOST_AFTER:
                del self.missing[index]
                self.lost += 1
            elif self.is_video and gap.due <= now and gap.tries < MAX_TRIES:
                gap.tries += 1
                gap.due = again
                wanted.append(index)
        self._release(now)
        return wanted

    def next_chase(self) -> float | None:
        """When to chase again; None while nothing is missing."""
        if not self.missing:
            return None
        given_up = next(iter(self.missing.values())).since + LOST_AFTER
        if not self.is_video:
            return given_up
        due = (gap.due for gap in self.missing.values() if gap.tries < MAX_TRIES)
        return min(given_up, min(due, default=given_up))

    def _release(self, now: float) -> None:
        """Frames become complete in their order: one that is not holds back those behind it."""
        oldest = next(iter(self.missing), self.next)
        waiting = self._waiting
        while waiting and waiting[0][0] < oldest:
            self.end_burst(now, waiting.pop(0)[1])
        self.expected = IRREGULAR if self.missing else self.next & 0xFFFF

    # -- frames -------------------------------------------------------------------------------

    def end_burst(self, now: float, stamp: int = 0) -> None:
        """A frame is complete; of a sound, nothing. Hot: once per frame of each bot."""
        if not self.is_video:
            return
        if stamp:
            self.stamps.append(stamp)
        # a freeze is longer than SUDDEN whatever the mean: most frames need not know it
        if now - self.frame_at > SUDDEN:
            self._end_gap(now)
        self.frames += 1
        self.frame_at = now

    def _end_gap(self, now: float) -> None:
        if not self.frame_at:
            if self.first_frame_at is None:
                self.first_frame_at = now
            return
        self.look(now)
        self._frozen_to = 0.0

    def look(self, now: float) -> None:
        """A freeze counts as soon as it is one, and grows for as long as it lasts."""
        if self._frozen_to:
            self.freeze_s += now - self._frozen_to
        elif self.frame_at and now - self.frame_at > self._limit():
            self.freezes += 1
            self.freeze_s += now - self.frame_at
        else:
            return
        self._frozen_to = now

    @property
    def is_frozen(self) -> bool:
        """Whether the picture stood still at the last look."""
        return self._frozen_to > 0

    def _limit(self) -> float:
        """Between frames a longer wait is a freeze."""
        mean = USUAL_GAP
        if self._mark:
            at, frames = self._mark[0]
            count = self.frames - frames
            if at and count >= MIN_FRAMES:
                mean = (self.frame_at - at) / count
        return max(FOLD * mean, mean + SUDDEN)

    def mark(self) -> None:
        """Called about once a second: the mean is that of the last one to two."""
        self._mark = (*self._mark[-1:], (self.frame_at, self.frames))

    def pause(self) -> None:
        """The slot shows nothing, or something else: a wait for the next frame is no freeze."""
        self.frame_at = self._frozen_to = 0.0

    def finish(self, now: float) -> None:
        """The end: a freeze that still lasts counts."""
        self.look(now)
        self.pause()
