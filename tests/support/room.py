"""A class in the rig: peers by name, what they look at, what the worker says of them.

Pure: no I/O, no clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, repeat
from typing import TypeVar

from sfu.config import WorkerConfig
from sfu.events import Event
from sfu.layout import SlotWant
from sfu.stats import RouterReading, TransportSnapshot, WorkerSnapshot
from tests.support.connection import PeerPlan
from tests.support.continuity import Frame, VideoLine
from tests.support.peers import Peer
from tests.support.rig import Address, Rig

E = TypeVar("E", bound=Event)
ROUTER = "class"
TEACHER = PeerPlan("teacher", publish=("microphone", "camera"), pinned=True)
STUDENT = PeerPlan("student", audio_slots=1, video_slots=1)
SEEN_STUDENT = replace(STUDENT, publish=("microphone", "camera"))


class Room:
    """A rig with one open class; peers join in the order they are added."""

    def __init__(
        self, *, seed: int = 1, config: WorkerConfig | None = None, first_numbers: bytes = b""
    ) -> None:
        self.rig = Rig(seed=seed, config=config, first_numbers=first_numbers)
        self.peers: dict[str, Peer] = {}
        self.rig.call(lambda worker, now: worker.create_router(ROUTER, now))

    def add(self, plan: PeerPlan, name: str | None = None, *, router: str = ROUTER) -> Peer:
        """A peer that has not joined yet. Its plan is copied, its address is its own."""
        own = replace(plan, name=name or plan.name, router=router, policy=replace(plan.policy))
        number = len(self.peers) + 1
        peer = Peer(self.rig, own, number, address(number))
        self.peers[own.name] = peer
        return peer

    def join(self, *peers: Peer, within: float = 2.0) -> None:
        """The peers join at once; returns when all are connected."""
        for peer in peers:
            peer.join()
        connected = self.rig.run_until(
            lambda: all(peer.connected_at is not None for peer in peers), within
        )
        waiting = [peer.name for peer in peers if peer.connected_at is None]
        assert connected, f"{waiting} are not connected after {within} s"

    def watch(
        self,
        peer: Peer,
        publishers: Iterable[str | None],
        *,
        height: int | None = None,
        wants: Sequence[str] = (),
    ) -> None:
        """Points the peer's video slots at producers, in order; None leaves a slot empty."""
        slots = [slot for slot in peer.slots if slot.kind == "video"]
        layout = []
        for slot, producer, want in zip(slots, publishers, wants or repeat("pinned"), strict=False):
            if producer is not None and ":" not in producer:
                producer = f"{producer}:camera"
            layout.append(SlotWant(slot.mid, want if producer else "off", producer, height))
        self.rig.call(lambda worker, now: worker.set_layout(peer.name, layout, now))

    def set_source(self, peer: Peer, source: str, enabled: bool) -> None:
        """What the page tells when somebody mutes or unmutes."""
        self.rig.call(lambda worker, now: worker.set_source(peer.name, source, enabled, now))

    def run(self, seconds: float) -> None:
        self.rig.run(seconds)

    # --- what the worker says

    def events(self, kind: type[E]) -> list[tuple[float, E]]:
        return [(when, event) for when, event in self.rig.events if isinstance(event, kind)]

    def totals(self) -> WorkerSnapshot:
        return self.rig.worker.totals()

    def routers(self) -> list[RouterReading]:
        return self.rig.worker.read_routers(lambda: self.rig.now)

    def transports(self) -> list[TransportSnapshot]:
        [router] = self.routers()
        return list(router.transports)

    def transport(self, peer: Peer) -> TransportSnapshot:
        [found] = [t for t in self.transports() if t.transport_id == peer.name]
        return found


def address(number: int, port: int = 50_000) -> Address:
    """A remote address of its own for each number."""
    return f"198.51.{100 + number // 250}.{1 + number % 250}", port


def pictures(peer: Peer, number: int = 0) -> list[Frame]:
    """What came out of one of the peer's video slots."""
    return peer.slot("video", number).line.frames


def sounds(peer: Peer, number: int = 0) -> list[Frame]:
    return peer.slot("audio", number).line.frames


def worst_skew(peer: Peer) -> float:
    """By how much a picture's timestamp step was off its capture time step, in seconds."""
    line = peer.slot("video").line
    assert isinstance(line, VideoLine)
    return line.worst_skew


def runs(frames: list[Frame]) -> list[list[Frame]]:
    """The frames in runs of one encoding of one publisher."""
    return [list(run) for _, run in groupby(frames, lambda f: (f.publisher, f.layer))]


def path(frames: list[Frame]) -> list[int]:
    """The layers in the order they were shown."""
    return [run[0].layer for run in runs(frames)]


def assert_unbroken(*peers: Peer) -> None:
    """No rule of continuity was broken in any slot, and no hole stayed."""
    for peer in peers:
        assert not peer.violations(), peer.violations()[:5]
        for slot in peer.slots:
            assert slot.counters.holes == 0, f"{peer.name} {slot.mid}: {slot.counters}"


def assert_consecutive(frames: list[Frame], least: int = 1) -> None:
    """Each frame once, none left out, all from one encoding."""
    assert len(frames) >= least, f"{len(frames)} frames instead of {least} or more"
    first = frames[0]
    expected = [(first.publisher, first.layer, first.number + n) for n in range(len(frames))]
    got = [(frame.publisher, frame.layer, frame.number) for frame in frames]
    wrong = [pair for pair in zip(got, expected, strict=True) if pair[0] != pair[1]]
    assert not wrong, f"got, expected: {wrong[:3]}"
