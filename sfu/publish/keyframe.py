"""When to ask a publisher for a key frame (RFC 4585 6.3.1).

Every wish for one stream goes through here: wishes are merged, kept apart and repeated.
Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from sfu.timers import Timers

MIN_INTERVAL = 0.5  # s between two requests for one stream
RETRY_INTERVAL = 1.0  # s until a request without an answer is repeated
MAX_TRIES = 10
_MAX_IDLE = 64  # streams remembered although nothing is asked of them


@dataclass(slots=True)
class _Stream:
    asked_at: float
    tries: int = 1
    waiting: bool = True  # a key frame is wanted and has not come


class KeyframeRequester:
    """Requests per stream; a key is the stream's SSRC."""

    def __init__(self) -> None:
        self._streams: dict[int, _Stream] = {}
        self._timers = Timers[int]()

    def request(self, key: int, now: float) -> bool:
        """True: send the request now. False: it is kept and comes out of handle_timers."""
        stream = self._streams.get(key)
        if stream is not None and now - stream.asked_at < MIN_INTERVAL:
            stream.waiting = True
            stream.tries = 0
            self._timers.set(key, stream.asked_at + MIN_INTERVAL)
            return False
        self._forget_idle()
        self._streams[key] = _Stream(now)
        self._timers.clear(key)
        self._timers.set(key, now + RETRY_INTERVAL)
        return True

    def received(self, key: int, now: float) -> None:
        """A key frame has begun: it answers every wish made up to now."""
        stream = self._streams.get(key)
        if stream is not None and stream.waiting:
            stream.waiting = False
            self._timers.clear(key)

    def handle_timers(self, now: float) -> list[int]:
        """The streams to ask (again) now."""
        asked = []
        for key in self._timers.pop_due(now):
            stream = self._streams[key]
            if stream.tries >= MAX_TRIES:
                stream.waiting = False
                continue
            stream.tries += 1
            stream.asked_at = now
            self._timers.set(key, now + RETRY_INTERVAL)
            asked.append(key)
        return asked

    def next_deadline(self) -> float | None:
        """When the next request is due."""
        return self._timers.next_deadline()

    def _forget_idle(self) -> None:
        if len(self._streams) < _MAX_IDLE:
            return
        self._streams = {key: stream for key, stream in self._streams.items() if stream.waiting}
