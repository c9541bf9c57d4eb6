"""Keeps the garbage collector from stalling media.

A full collection looks at every object: 0.4 s with 1,000 participants. So the start's objects are
frozen, young ones are collected as ever, and all of them only in a quiet moment.
What leaves is freed by its reference counts; tests see to it that transports are.
"""

import gc
import os
import time
from collections.abc import Callable

from sfu.io.every import Every
from sfu.io.quiet import QuietMoments

LOOK_EVERY = 10.0  # s
YOUNG = 700  # objects until the youngest are collected: 0.3 ms
MIDDLE = 3  # such collections until those that survived one are: 2 ms
NEVER = 1 << 30


class Collector:
    """Takes the process's collector over between start() and stop()."""

    def __init__(self, packets: Callable[[], int]) -> None:
        """`packets` tells how many have been forwarded so far."""
        self._packets = packets
        self._thresholds = gc.get_threshold()
        self._moments = QuietMoments(0.0, 0)
        self._looking = Every(LOOK_EVERY, self._look)

    def start(self) -> None:
        """Everything that is there is taken to stay; begins on the running loop."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(YOUNG, MIDDLE, NEVER)
        self._moments = QuietMoments(time.monotonic(), resident())
        self._looking.start()

    def stop(self) -> None:
        """Gives the collector back; idempotent."""
        if self._looking.stop():
            gc.set_threshold(*self._thresholds)
            gc.unfreeze()

    def _look(self) -> None:
        if self._moments.due(time.monotonic(), self._packets(), resident()):
            gc.collect()
            self._moments.collected(time.monotonic(), resident())


def resident() -> int:
    """Bytes of this process in memory (proc_pid_statm(5)); 0 where there is no such file."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
