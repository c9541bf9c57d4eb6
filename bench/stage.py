"""A scene on a real socket: the real UdpWorker on the running loop, a far end on the other core."""

import asyncio
import time
from collections.abc import Callable, Sequence

from bench.scene import Scene, nowhere
from bench.sinks import FarEnd
from sfu.io.collector import Collector

Wake = list[tuple[int, bytes]]  # datagrams that arrive together, with their senders
WAIT = 5.0  # s for datagrams that were just sent on loopback


def from_person(person: int, wakes: Sequence[Sequence[bytes]]) -> list[Wake]:
    """All of them from one sender."""
    return [[(person, data) for data in datagrams] for datagrams in wakes]


class Stage:
    """Drives a scene's worker by its socket, or without it."""

    def __init__(self, scene: Scene, far: FarEnd) -> None:
        self.scene, self.worker, self.far = scene, scene.worker, far
        self._edge = scene.on_socket()
        self._collector = Collector(lambda: scene.worker.forwarded.packets)

    async def open(self) -> None:
        """Binds and takes the copies; from here on garbage is collected as in the product."""
        await self._edge.start("127.0.0.1", 0)
        self.scene.point_at(self._edge.sender)
        self._collector.start()

    @property
    def port(self) -> int:
        """The worker's."""
        return self._edge.port

    def close(self) -> None:
        """Closes the socket."""
        self._collector.stop()
        self._edge.close()

    def prepared(self, make: Callable[[], list[Wake]]) -> list[Wake]:
        """What `make` makes, after a key frame of everybody: while packets are made, none arrive,
        and the worker may take the layers for stopped."""
        keys = [
            [(person, data) for data in publisher.frame(key=True)]
            for person, publisher in enumerate(self.scene.publishers)
            if "camera" in publisher.peer.senders
        ]
        made = make()
        self.by_hand(keys)
        return made

    async def by_socket(self, wakes: Sequence[Wake]) -> float:
        """CPU seconds from reading to the last send. The senders' own work is not counted."""
        worker, sockets = self.worker, self.far.sockets
        target, clock, spent = ("127.0.0.1", self.port), time.process_time, 0.0
        for wake in wakes:
            wanted = worker.arrivals.datagrams + len(wake)
            for person, data in wake:
                sockets[person].sendto(data, target)
            limit = time.monotonic() + WAIT
            started = clock()
            while worker.arrivals.datagrams < wanted and time.monotonic() < limit:  # noqa: ASYNC110
                await asyncio.sleep(0)
            spent += clock() - started
            if worker.arrivals.datagrams < wanted:
                raise TimeoutError("datagrams on loopback did not come")
        return spent

    def by_hand(self, wakes: Sequence[Wake]) -> float:
        """CPU seconds of the core alone, without any system call."""
        addresses, worker = self.far.addresses, self.worker
        arriving = [[(data, addresses[person]) for person, data in wake] for wake in wakes]
        self.scene.point_at(nowhere())
        started = time.process_time()
        for batch in arriving:
            now = time.monotonic()
            for data, address in batch:
                worker.receive(data, address, now)
            worker.flush(now)
        spent = time.process_time() - started
        self.scene.point_at(self._edge.sender)
        return spent
