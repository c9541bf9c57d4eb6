"""Heartbeats: the sockets that are due a ping, and those that have not answered theirs.

Times are `LivedTime`, which leaves out the server's own stalls: while the loop stands still no
answer can be read, so that time does not count against a socket. Pure: no I/O, no clock.
"""

LONGEST_TICK = 0.5  # seconds; a tick that took longer was a stall and counts as this much


class LivedTime:
    """Monotonic time without stalls, moved on by regular ticks."""

    def __init__(self, now: float) -> None:
        self._last = now
        self.now = 0.0

    def tick(self, now: float) -> float:
        """The time after one more tick."""
        self.now += min(max(0.0, now - self._last), LONGEST_TICK)
        self._last = now
        return self.now


class Heartbeats:
    """Two queues of sockets in the order of their times: those to be pinged, those that were."""

    def __init__(self, interval: float, timeout: float) -> None:
        self._interval = interval
        self._timeout = timeout
        self._quiet: dict[str, float] = {}  # socket: when it is due a ping
        self._asked: dict[str, float] = {}  # socket: when its answer is too late

    def __len__(self) -> int:
        return len(self._quiet) + len(self._asked)

    def add(self, socket: str, now: float) -> None:
        """A socket has opened."""
        self._quiet[socket] = now + self._interval

    def remove(self, socket: str) -> None:
        """A socket has closed; harmless when repeated."""
        self._quiet.pop(socket, None)
        self._asked.pop(socket, None)

    def heard(self, socket: str, now: float) -> None:
        """Anything that a socket sends shows that it lives."""
        if self._asked.pop(socket, None) is not None:
            self._quiet[socket] = now + self._interval

    def take_due(self, now: float) -> list[str]:
        """The sockets to ping now; each has `timeout` seconds to answer."""
        due = _until(self._quiet, now)
        for socket in due:
            del self._quiet[socket]
            self._asked[socket] = now + self._timeout
        return due

    def take_dead(self, now: float) -> list[str]:
        """The sockets that have not answered in time; they are forgotten."""
        dead = _until(self._asked, now)
        for socket in dead:
            del self._asked[socket]
        return dead


def _until(queue: dict[str, float], now: float) -> list[str]:
    """The first sockets of a queue, whose times have come."""
    due = []
    for socket, at in queue.items():
        if at > now:
            break
        due.append(socket)
    return due
