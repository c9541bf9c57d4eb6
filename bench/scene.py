"""A worker with its people connected, ready to be measured: a class, a gallery, a sound room.

Joining happens in the rig's virtual time, which ends at the present: from then on the worker may
be driven by the wall clock. Pure, but for the clock that it catches up with.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.publisher import FPS, SOUND_PER_SECOND, Publisher
from bench.subscriber import Subscriber
from common.work import WorkBudget
from sfu.config import WorkerConfig
from sfu.fanout.outbox import Collected, Destinations, Outbox, Send
from sfu.io.udp import UdpWorker
from sfu.layout import SlotWant
from sfu.worker import Worker
from tests.support.connection import PeerPlan
from tests.support.peers import Peer
from tests.support.rig import SERVER, Address, Rig

WARM_UP = 2.0  # s of media until all show the layer they are to show
KEY_EVERY = 10  # frames, while it warms up
BEHIND = 60.0  # s that the rig's clock starts behind the wall's: room for joining
UNLIMITED = 1e12  # units of work
MANY = 4_000
VOICES = 3  # of a gallery
ROUTER = "class"


@dataclass(slots=True)
class BenchOutbox:
    """An outbox whose two verbs are fields: benches give it others between two measurements, and
    a send costs no call more than the verb's own."""

    append: Callable[[Send], None]
    append_batches: Callable[[Destinations, bytearray, int, int], None]

    def point_at(self, target: Outbox) -> None:
        """Whatever is sent from now on goes there."""
        self.append, self.append_batches = target.append, target.append_batches


def outbox_of(verb: Callable[..., None]) -> BenchOutbox:
    """An outbox both of whose verbs are this one."""
    return BenchOutbox(verb, verb)


def nowhere() -> BenchOutbox:
    """An outbox for the core alone: no system call."""
    return outbox_of(_forget)


def _forget(*_: object) -> None:
    pass


@dataclass(slots=True)
class Cast:
    """Who is in a scene. Each person has an address: publishers first, then subscribers."""

    publishers: list[PeerPlan]
    subscribers: list[PeerPlan]
    wants: dict[str, list[tuple[str, int | None]]]  # by person: producer and max height per slot


def lecture(subscribers: int) -> Cast:
    """1 -> N: a teacher with camera and microphone, and those who watch."""
    students = [f"s{number}" for number in range(subscribers)]
    return Cast(
        [PeerPlan("teacher", publish=("camera", "microphone"), pinned=True)],
        [PeerPlan(name, audio_slots=3, video_slots=1) for name in students],
        {name: [("teacher:camera", None)] for name in students},
    )


def gallery(people: int, shown: int) -> Cast:
    """Everybody sends a camera and sees `shown` others, small."""
    names = [f"g{number}" for number in range(people)]
    plans = [
        PeerPlan(name, publish=sources, audio_slots=3, video_slots=shown)
        for name, sources in zip(names, _gallery_sources(people), strict=True)
    ]
    wants: dict[str, list[tuple[str, int | None]]] = {
        name: [(f"{names[(n + k) % people]}:camera", 360) for k in range(1, shown + 1)]
        for n, name in enumerate(names)
    }
    return Cast(plans, [], wants)


def _gallery_sources(people: int) -> list[tuple[str, ...]]:
    """A few speak, the others have their microphones off."""
    return [
        ("camera", "microphone") if person < VOICES else ("camera",) for person in range(people)
    ]


def sound_room(speakers: int, listeners: int) -> Cast:
    """Nothing but voices: each listener hears all speakers."""
    return Cast(
        [PeerPlan(f"v{number}", publish=("microphone",)) for number in range(speakers)],
        [PeerPlan(f"l{number}", audio_slots=speakers) for number in range(listeners)],
        {},
    )


class Scene:
    """A worker and its connected people; `publishers` and `subscribers` make what arrives."""

    def __init__(self, people: Cast, addresses: Sequence[Address]) -> None:
        config = WorkerConfig(
            (SERVER,), 1_000, MANY, MANY, work_rate=UNLIMITED, work_burst=UNLIMITED
        )
        self._outbox = nowhere()
        rig = Rig(start=time.monotonic() - BEHIND, config=config, outbox=self._collect)
        rig.dtls.watch = None  # ciphers as in the product
        self.worker: Worker = rig.worker
        self._rig = rig
        rig.call(lambda worker, now: worker.create_router(ROUTER, now))
        peers = self._join(rig, people, addresses)
        self._lay_out(rig, peers, people)
        rig.run(max(0.0, time.monotonic() - WARM_UP - 1.0 - rig.now))
        senders, rest = peers[: len(people.publishers)], peers[len(people.publishers) :]
        self.publishers = [Publisher(peer) for peer in senders]
        self.subscribers = [Subscriber(peer) for peer in rest]
        self.now = rig.now
        self._lift_rates()
        self._warm_up()

    def _lift_rates(self) -> None:
        """A bench pushes more than a participant may send."""
        for transport in self.worker.routers[ROUTER].transports.values():
            transport.workload.checks = WorkBudget(UNLIMITED, UNLIMITED, 0.0)
            for layer in transport.uplink.layers:
                layer.rate = WorkBudget(UNLIMITED, UNLIMITED, 0.0)

    def _collect(self, collected: Collected) -> Outbox:
        """The worker's outbox, which leads to the rig's until `point_at`."""
        self._outbox.point_at(collected)
        return self._outbox

    def point_at(self, target: Outbox) -> None:
        """Where the copies go from now on."""
        self._outbox.point_at(target)

    def on_socket(self) -> UdpWorker:
        """Runs the worker on a socket; what it sends goes there only after `point_at`. Nobody
        joins or leaves, so its events stay with the rig."""
        return UdpWorker(lambda **_: self.worker, lambda events: None, self.worker.drops)

    def check_pictures(self) -> None:
        """Raises AssertionError unless every wanted slot shows its wanted layer."""
        for name, transport in self.worker.routers[ROUTER].transports.items():
            for consumer in transport.downlink.consumers.values():
                assert consumer.target is None, f"{name} waits for a layer"
                if consumer.producer is not None:
                    assert consumer.layer is not None, f"{name} has an empty slot"

    @staticmethod
    def clock() -> float:
        """What the worker is told when it runs on a socket."""
        return time.monotonic()

    def advance(self, seconds: float) -> None:
        """Virtual time passes: timers only."""
        end = self.now + seconds
        while (deadline := self.worker.next_deadline()) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.worker.handle_timers(self.now)
        self.now = end

    def receive(self, address: Address, datagrams: Sequence[bytes]) -> None:
        """Datagrams that arrive together, forwarded."""
        for data in datagrams:
            self.worker.receive(data, address, self.now)
        self.worker.flush(self.now)

    def _join(self, rig: Rig, people: Cast, addresses: Sequence[Address]) -> list[Peer]:
        plans = [*people.publishers, *people.subscribers]
        peers = [Peer(rig, plan, n + 1, addresses[n]) for n, plan in enumerate(plans)]
        for peer in peers:
            peer.join()
            for sender in peer.senders.values():
                sender.stopped = True  # media is made by Publisher
        rig.run(1.0)
        assert all(peer.connected_at is not None for peer in peers), "somebody is not connected"
        return peers

    def _lay_out(self, rig: Rig, peers: Sequence[Peer], people: Cast) -> None:
        for peer in peers:
            slots = [slot for slot in peer.slots if slot.kind == "video"]
            wanted = people.wants.get(peer.name, [])
            wants = [
                SlotWant(slot.mid, "pinned", producer, height)
                for slot, (producer, height) in zip(slots, wanted, strict=True)
            ]
            if wants:
                self.worker.set_layout(peer.name, wants, rig.now)

    def _warm_up(self) -> None:
        """Media until all have switched to what they want, then everything so far is forgotten."""
        for frame in range(int(WARM_UP * FPS)):
            for publisher in self.publishers:
                if "camera" in publisher.peer.senders:
                    self.receive(publisher.address, publisher.frame(key=frame % KEY_EVERY == 0))
                if "microphone" in publisher.peer.senders:
                    for _ in range(SOUND_PER_SECOND // FPS + 1):
                        self.receive(publisher.address, publisher.sound())
            self.advance(1 / FPS)
            self._rig.collected.take()
        self._rig.drain()
        self.check_pictures()
