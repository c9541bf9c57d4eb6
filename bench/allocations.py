"""Memory that copies hold: nothing may pile up by subscriber or by copy.

Counted in the interpreter's blocks, not timed. Transient objects that are freed before the next
send are not seen; what is alive at a send is.
"""

import gc
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.figures import Figure
from bench.publisher import FPS, Publisher
from bench.scene import Scene, lecture, outbox_of
from bench.subscriber import Subscriber
from tests.support.rig import Address

SUBSCRIBERS = 50
FILL = 1_100  # frames until the retransmission memory is full and replaces
KEPT = 10_000  # sends
FRAMES = 240
CHECK_EVERY = 120  # frames


@dataclass(slots=True)
class Counting:
    """Notes how many blocks live at each send; its list is as long as it gets."""

    blocks: list[int] = field(default_factory=lambda: [0] * KEPT)
    sends: int = 0

    def send(self, *_: object) -> None:
        """Any of an outbox's verbs."""
        self.blocks[self.sends % KEPT] = sys.getallocatedblocks()
        self.sends += 1


@dataclass(slots=True)
class Held:
    """Blocks: alive at a flush's last send beyond its first, and left over per frame."""

    in_flight: int
    per_frame: float
    collections: float  # of the youngest generation, per 100,000 copies
    copies: int


def hold(subscribers: int, frames: int = FRAMES) -> Held:
    """Some frames to this many, in virtual time, without a socket."""
    addresses: Sequence[Address] = [("192.0.2.7", 1_024 + n) for n in range(subscribers + 1)]
    scene, outbox = Scene(lecture(subscribers), addresses), Counting()
    scene.point_at(outbox_of(outbox.send))
    _play(scene, outbox, FILL)
    gc.collect()
    young, before = gc.get_stats()[0]["collections"], sys.getallocatedblocks()
    copies = scene.worker.forwarded.copies
    in_flight = _play(scene, outbox, frames)
    young = gc.get_stats()[0]["collections"] - young
    copies = scene.worker.forwarded.copies - copies
    gc.collect()
    left = sys.getallocatedblocks() - before
    return Held(in_flight, left / frames, young * 100_000 / copies, copies)


def _play(scene: Scene, outbox: Counting, frames: int) -> int:
    """Blocks alive at a flush's last send beyond its first, at worst. Time passes, and timers."""
    worst, publisher = 0, scene.publishers[0]
    for number in range(frames):
        if number % CHECK_EVERY == 0:
            people: list[Publisher | Subscriber] = [publisher, *scene.subscribers]
            for person in people:
                scene.receive(person.address, [person.check()])
        frame = publisher.frame()
        outbox.sends = 0
        scene.receive(publisher.address, frame)
        worst = max(worst, outbox.blocks[outbox.sends - 1] - outbox.blocks[0])
        scene.advance(1 / FPS)
    return worst


def measure() -> list[Figure]:
    """For one class."""
    held = hold(SUBSCRIBERS)
    title = f"1 -> {SUBSCRIBERS}"
    return [
        Figure(
            "allocations", f"{title}: more alive at a flush's last send", held.in_flight, "blocks"
        ),
        Figure("allocations", f"{title}: left per frame", held.per_frame, "blocks"),
        Figure("allocations", f"{title}: young collections", held.collections, "/100k copies"),
    ]
