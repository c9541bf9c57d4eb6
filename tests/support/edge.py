"""A started UDP worker with a real far end, and a socket that can be made narrow."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from sfu.config import WorkerConfig
from sfu.events import Event
from sfu.fanout.outbox import Destinations
from sfu.io.udp import UdpWorker, bind
from sfu.stats import DropReason
from sfu.worker import Worker
from tests.support.dtls import ReadyDtls

LOCAL = "127.0.0.1"
PATIENCE = 5.0  # s, on the wall clock


class Far:
    """The other end: a real socket on loopback."""

    def __init__(self) -> None:
        self.socket = bind(LOCAL, 0)
        self.address: tuple[str, int] = self.socket.getsockname()

    async def take(self, count: int) -> list[bytes]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            return [(await loop.sock_recvfrom(self.socket, 65_535))[0] for _ in range(count)]

    def is_empty(self) -> bool:
        try:
            self.socket.recv(2_048)
        except BlockingIOError:
            return True
        return False


class Narrow:
    """The worker's own socket with room for some datagrams until `room` is raised again.

    `fails` has the errors of sends, `only` the one address that has them.
    """

    def __init__(self, real: socket.socket, room: int) -> None:
        self._real = real
        self.room = room
        self.calls = 0
        self.fails: dict[str, int] = {}  # errno of a "run", of a "single"
        self.only: object = None

    def fileno(self) -> int:
        return self._real.fileno()

    def close(self) -> None:
        self._real.close()

    def getsockopt(self, *words: int) -> int | bytes:
        return self._real.getsockopt(*words)

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        self._take(1, address)
        return self._real.sendto(data, address)

    def sendmsg(self, run: Sequence[bytes], control: object, flags: int, address: object) -> int:
        self._take(len(run), address)
        return self._real.sendmsg(run, control, flags, address)  # type: ignore[arg-type]

    def _take(self, count: int, address: object) -> None:
        self.calls += 1
        name = "run" if count > 1 else "single"
        if name in self.fails and self.only in (None, address):
            raise OSError(self.fails[name], "as the test wants it")
        if count > self.room:
            raise BlockingIOError
        self.room -= count


class Edge:
    """A started UdpWorker, the far end, and the events that were told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        drops: Counter[DropReason] = Counter()
        config = WorkerConfig(candidates=((LOCAL, 1),))
        build = partial(Worker, config, dtls=ReadyDtls(), random=Random(1).randbytes, drops=drops)
        self.udp = UdpWorker(build, self.events.extend, drops)
        self.worker = self.udp.worker
        self.far = Far()

    def narrow(self, room: int) -> Narrow:
        real = self.udp._socket
        assert real is not None
        narrow = Narrow(real, room)
        self.udp._socket = narrow  # type: ignore[assignment]
        self.udp.sender._socket = narrow  # type: ignore[assignment]
        self.udp.sender._many = None  # which would go past it
        return narrow

    def send(self, *datagrams: bytes) -> None:
        self.udp.sender.append((self.far.address, datagrams))

    def send_run(self, count: int, size: int = 300) -> None:
        """A frame as the fan-out hands it over: in one buffer that is written anew afterwards."""
        run = bytearray().join(frame(count, size))
        self.udp.sender.append_batches(Destinations((self.far.address,)), run, len(run), size)
        run[:] = bytes(len(run))

    @property
    def drops(self) -> dict[DropReason, int]:
        return dict(self.worker.drops)

    async def until(self, done: Callable[[], bool]) -> None:
        """Lets the loop run, its timers too."""
        async with asyncio.timeout(PATIENCE):
            while not done():
                turn = asyncio.get_running_loop().create_future()
                asyncio.get_running_loop().call_later(0.001, turn.set_result, None)
                await turn


def frame(count: int, size: int = 300) -> list[bytes]:
    return [n.to_bytes(2, "big") * (size // 2) for n in range(count)]
