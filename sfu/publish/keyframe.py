"""Key frame requests: a publisher is asked seldom and until one comes (RFC 4585 6.3.1).

All requests for one stream are merged here, kept apart by an interval and repeated.
Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from sfu.timers import Timers

MIN_INTERVAL = 0.5  # s between two requests for one stream
RETRY_INTERVAL = 1.0  # s until a request without an answer is repeated
MAX_TRIES = 10
_MAX_IDLE = 64  # streams remembered although nothing is asked of them


@dataclass(slots=True)
class _Request:
    asked_at: float
    tries: int = 1
    waiting: bool = True  # no key frame has come since


class KeyframeRequester:
    """Decides when to ask each stream; its key is the SSRC."""

    def __init__(self) -> None:
        self._requests: dict[int, _Request] = {}
        self._timers = Timers[int]()

    def request(self, key: int, now: float) -> bool:
        """True: send the request now. False: it is kept and comes out of handle_timers."""
        request = self._requests.get(key)
        if request is not None and now - request.asked_at < MIN_INTERVAL:
            request.waiting = True
            request.tries = 0
            self._timers.set(key, request.asked_at + MIN_INTERVAL)
            return False
        self._forget_idle()
        self._requests[key] = _Request(now)
        self._timers.clear(key)
        self._timers.set(key, now + RETRY_INTERVAL)
        return True

    def received(self, key: int, now: float) -> None:
        """A key frame has begun: it answers every request made up to now."""
        request = self._requests.get(key)
        if request is not None and request.waiting:
            request.waiting = False
            self._timers.clear(key)

    def handle_timers(self, now: float) -> list[int]:
        """The streams to ask (again) now."""
        asked = []
        for key in self._timers.pop_due(now):
            request = self._requests[key]
            if request.tries >= MAX_TRIES:
                request.waiting = False
                continue
            request.tries += 1
            request.asked_at = now
            self._timers.set(key, now + RETRY_INTERVAL)
            asked.append(key)
        return asked

    def next_deadline(self) -> float | None:
        """When the next request is due."""
        return self._timers.next_deadline()

    def _forget_idle(self) -> None:
        if len(self._requests) < _MAX_IDLE:
            return
        self._requests = {key: one for key, one in self._requests.items() if one.waiting}
