"""A scene on a real socket: the real UdpWorker on the running loop, a far end on the other core."""

import asyncio
import gc
import time
from collections.abc import Sequence

from sfu.io.udp import UdpWorker
from tests.bench.scene import Nowhere, Scene
from tests.bench.sinks import FarEnd

WAIT = 5.0  # s for datagrams that were just sent on loopback


class Stage:
    """Drives a scene's worker by its socket, or without it."""

    def __init__(self, scene: Scene, far: FarEnd) -> None:
        self.scene, self.worker, self.far = scene, scene.worker, far
        self._edge = UdpWorker(scene.worker, lambda events: None)

    async def open(self) -> None:
        """Binds and takes the copies."""
        await self._edge.start("127.0.0.1", 0)
        self.scene.point_at(self._edge)
        gc.collect()

    @property
    def port(self) -> int:
        """The worker's."""
        return self._edge.port

    def close(self) -> None:
        """Closes the socket."""
        self._edge.close()

    async def by_socket(self, person: int, wakes: Sequence[Sequence[bytes]]) -> float:
        """CPU seconds from reading to the last send; each wake's datagrams arrive together.

        The person's own sending is not counted.
        """
        worker, send = self.worker, self.far.sockets[person].sendto
        target, clock, spent = ("127.0.0.1", self.port), time.process_time, 0.0
        for datagrams in wakes:
            wanted = worker.datagrams_received + len(datagrams)
            for data in datagrams:
                send(data, target)
            limit = time.monotonic() + WAIT
            started = clock()
            while worker.datagrams_received < wanted and time.monotonic() < limit:  # noqa: ASYNC110
                await asyncio.sleep(0)
            spent += clock() - started
            if worker.datagrams_received < wanted:
                raise TimeoutError("datagrams on loopback did not come")
        return spent

    def by_hand(self, person: int, wakes: Sequence[Sequence[bytes]]) -> float:
        """CPU seconds of the core alone, without any system call."""
        address, worker = self.far.addresses[person], self.worker
        self.scene.point_at(Nowhere())
        started = time.process_time()
        for datagrams in wakes:
            now = time.monotonic()
            for data in datagrams:
                worker.receive(data, address, now)
            worker.flush(now)
        spent = time.process_time() - started
        self.scene.point_at(self._edge)
        return spent
