"""When the garbage collector may look at everything, which stops the loop for half a second.

The collector is kept from doing so by itself (sfu.io.collector). It may while no media flows;
and must when memory has doubled since, for then garbage may be what fills it.
Pure: no I/O, no clock.
"""

QUIET = 10.0  # s without media
EVERY = 60.0  # s between two collections
GROWN = 2.0  # times the memory after the last collection
ALLOWANCE = 256 * 1024 * 1024  # bytes; below twice of it memory is not looked at


class QuietMoments:
    """Decides from what is forwarded and from the process's memory."""

    def __init__(self, now: float, memory: int) -> None:
        self._packets = -1
        self._quiet_since = now
        self._collected_at = now
        self._memory = memory

    def due(self, now: float, packets: int, memory: int) -> bool:
        """True when to collect now; `packets` is the total of forwarded ones, memory in bytes."""
        if packets != self._packets:
            self._packets, self._quiet_since = packets, now
        if memory > GROWN * max(self._memory, ALLOWANCE):
            return True
        return now - self._quiet_since >= QUIET and now - self._collected_at >= EVERY

    def collected(self, now: float, memory: int) -> None:
        """A collection has ended, with so much memory in use."""
        self._collected_at, self._memory = now, memory
