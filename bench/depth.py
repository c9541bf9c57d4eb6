"""Python calls per copy and per packet, and how deep the way is from the read to the write.

Counted, not timed: the same on every machine, so tests keep bounds on it.
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from bench.figures import Figure
from bench.scene import Scene, lecture
from bench.sinks import bare_end
from bench.stage import Stage, from_person
from sfu.fanout.plan import SOUND_GROUP
from sfu.io.many import ManySender

SFU = str(Path(__file__).parents[1] / "sfu") + "/"
READS = frozenset({"recv", "recvfrom", "recvmsg", "recv_into", "recvfrom_into", "recvmsg_into"})
TIMERS = "handle_timers"
WRITES = frozenset({"send", "sendto", "sendmsg"})
SENDMMSG = ManySender.send.__code__
FEW, MANY = SOUND_GROUP, 3 * SOUND_GROUP  # subscribers; the difference is what copies cost
FRAMES = 12


@dataclass(slots=True)
class Calls:
    """Of the product's own code, but for its timers, which come when they come.

    `depth`: frames below the reading one at the deepest write.
    """

    python: int = 0
    builtin: int = 0
    reads: int = 0
    writes: int = 0
    depth: int = 0
    copies: int = 0
    packets: int = 0
    _reader: int = 0
    _timers: FrameType | None = None

    def profile(self, frame: FrameType, event: str, what: object) -> None:
        """For sys.setprofile."""
        if not frame.f_code.co_filename.startswith(SFU):
            return
        if self._timers is not None:
            if event == "return" and frame is self._timers:
                self._timers = None
        elif event == "call" and frame.f_code.co_name == TIMERS:
            self._timers = frame
        elif event == "call":
            self.python += 1
            if frame.f_code is SENDMMSG:  # a function of the C library is no call to a profiler
                self._write(frame)
        elif event == "c_call":
            self.builtin += 1
            self._system_call(getattr(what, "__name__", ""), frame)

    def _system_call(self, name: str, frame: FrameType) -> None:
        if name in READS:
            self.reads += 1
            self._reader = _height(frame)
        elif name in WRITES:
            self._write(frame)

    def _write(self, frame: FrameType) -> None:
        self.writes += 1
        self.depth = max(self.depth, _height(frame) - self._reader)


def _height(frame: FrameType | None) -> int:
    height = 0
    while frame is not None:
        height, frame = height + 1, frame.f_back
    return height


@contextmanager
def counted(calls: Calls) -> Iterator[None]:
    """Counts what runs in the block."""
    sys.setprofile(calls.profile)
    try:
        yield
    finally:
        sys.setprofile(None)


def count(subscribers: int, kind: str, frames: int = FRAMES) -> Calls:
    """Through a real socket: some frames ("video") or sounds ("sound") to this many."""
    calls = Calls()
    with bare_end(subscribers + 1) as end:
        asyncio.run(
            _count(Stage(Scene(lecture(subscribers), end.addresses), end), kind, frames, calls)
        )
    return calls


async def _count(stage: Stage, kind: str, frames: int, calls: Calls) -> None:
    await stage.open()
    publisher = stage.scene.publishers[0]
    make = publisher.frame if kind == "video" else publisher.sound
    first, *wakes = stage.prepared(lambda: from_person(0, [make() for _ in range(frames + 1)]))
    try:
        await stage.by_socket([first])  # what has come due meanwhile
        copies = stage.worker.forwarded.copies
        with counted(calls):
            await stage.by_socket(wakes)
    finally:
        stage.close()
    calls.copies = stage.worker.forwarded.copies - copies
    calls.packets = sum(map(len, wakes))


def per_copy(few: Calls, many: Calls) -> tuple[float, float, float]:
    """Python calls, built-in calls and writes that one more copy costs."""
    copies = many.copies - few.copies
    return (
        (many.python - few.python) / copies,
        (many.builtin - few.builtin) / copies,
        (many.writes - few.writes) / copies,
    )


def measure() -> list[Figure]:
    """Counts for pictures and for sound."""
    lines = []
    for kind in ("video", "sound"):
        none, few, many = (count(subscribers, kind) for subscribers in (0, FEW, MANY))
        python, builtin, writes = per_copy(few, many)
        lines += [
            Figure("depth", f"{kind}: Python calls per copy", python, "calls"),
            Figure("depth", f"{kind}: built-in calls per copy", builtin, "calls"),
            Figure("depth", f"{kind}: writes per copy", writes, "calls"),
            Figure(
                "depth", f"{kind}: Python calls per packet in", none.python / none.packets, "calls"
            ),
            Figure("depth", f"{kind}: frames from read to write", many.depth, "frames"),
        ]
    return lines
