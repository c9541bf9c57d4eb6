"""Memory of the server's process for each participant: `python -m bench.memory`.

A real Worker on a real socket answers real handshakes of N clients in another process: ICE, DTLS
and SRTP sessions are there, signalling is not (`liveclass loadtest --spawn` has the whole server).
RSS is what the system gives; with --trace, Python's own share by line. Also told: CPU of a join,
and how long a collection of everything stops the loop.
"""

import argparse
import asyncio
import gc
import time
import tracemalloc
from collections.abc import Sequence
from functools import partial

import uvloop

from bench.crowd import Crowd, crowd
from bench.sinks import SERVER_CORE, pin
from sfu.config import WorkerConfig
from sfu.events import Event, TransportConnected
from sfu.io.collector import resident
from sfu.io.udp import UdpWorker
from sfu.worker import Worker
from tests.support.offers import CLIENT_PWD, CLIENT_UFRAG, audio, class_pieces, compose, video
from tests.support.stun_client import Credentials

CLASS = "class"
VOICES, PICTURES = 2, 1  # receiving sections of a lean viewer
AT_ONCE = 8  # joins under way
WITHIN = 120.0  # s
SHOWN = 40  # lines of the trace


def offer(people: Crowd, *, page: bool) -> str:
    """As the page offers (4 voices, 10 pictures, own sources), or of a lean viewer."""
    lean = [audio("recvonly")] * VOICES + [video("recvonly")] * PICTURES
    return compose(class_pieces() if page else lean, fingerprint=people.fingerprint)


class Server:
    """A worker on a socket, with one class."""

    def __init__(self, count: int) -> None:
        config = WorkerConfig(
            candidates=(("127.0.0.1", 9),), max_transports_per_router=max(count, 1)
        )
        self.edge = UdpWorker.with_aiortc(config, self._told)
        self.worker = self.edge.worker
        self._joining: set[str] = set()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Binds and opens the class."""
        await self.edge.start("127.0.0.1", 0)
        self.edge.call(lambda worker, now: worker.create_router(CLASS, now))

    async def join(self, people: Crowd, names: list[str], sdp: str) -> None:
        """A few at a time; returns when all are connected, raises TimeoutError."""
        async with asyncio.timeout(WITHIN):
            for name in names:
                self._joining.add(name)
                self.edge.call(partial(_create, name))
                answer = self.edge.call(partial(_answer, name, sdp))
                people.join(("127.0.0.1", self.edge.port), _credentials(answer))
                await self._at_most(AT_ONCE)
            await self._at_most(0)

    async def _at_most(self, joining: int) -> None:
        while len(self._joining) > joining:
            self._changed.clear()
            await self._changed.wait()

    def _told(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, TransportConnected):
                self._joining.discard(event.transport_id)
                self._changed.set()


def _create(name: str, worker: Worker, now: float) -> None:
    worker.create_transport(CLASS, name, now)


def _answer(name: str, sdp: str, worker: Worker, now: float) -> str:
    return worker.accept_offer(name, sdp, now).sdp


def _credentials(answer: str) -> Credentials:
    lines = [line.removeprefix("a=ice-") for line in answer.splitlines()]
    found = dict(line.split(":", 1) for line in lines if line.startswith(("ufrag:", "pwd:")))
    return Credentials(CLIENT_UFRAG, CLIENT_PWD, found["ufrag"], found["pwd"])


async def measure(count: int, *, page: bool, traced: bool) -> None:
    """One run; prints its figures. The first participant, with what is made once, is left out."""
    server = Server(count)
    await server.open()
    with crowd(count) as people:
        sdp = offer(people, page=page)
        await server.join(people, ["first"], sdp)
        gc.collect()
        gc.disable()
        if traced:
            tracemalloc.start()
        before, spent = resident(), time.process_time()
        await server.join(people, [f"p{number}" for number in range(count - 1)], sdp)
        spent = time.process_time() - spent
        each = (resident() - before) / (count - 1)
        started = time.perf_counter()
        gc.collect()
        stall = time.perf_counter() - started
        kind = "pages" if page else "lean viewers"
        print(
            f"{count} {kind}: {each / 1e3:.0f} kB each, {spent / count * 1e3:.1f} ms of CPU a join"
        )
        print(f"a collection of all {len(gc.get_objects()):,} objects: {stall * 1e3:.0f} ms")
        if traced:
            report(count)
    server.edge.close()


def report(count: int) -> None:
    """Python's memory by line, for each participant."""
    snapshot = tracemalloc.take_snapshot()
    total = sum(trace.size for trace in snapshot.traces)
    print(f"traced: {total / count / 1e3:.1f} kB each")
    for line in snapshot.statistics("lineno")[:SHOWN]:
        where = line.traceback[0]
        file = "/".join(where.filename.split("/")[-2:])
        size, blocks = line.size / count / 1e3, line.count / count
        print(f"{size:8.2f} kB {blocks:7.1f} blocks  {file}:{where.lineno}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="participants, at least 2")
    parser.add_argument("--page", action="store_true", help="offers of the page")
    parser.add_argument("--trace", action="store_true", help="Python's memory by line; slow")
    options = parser.parse_args()
    pin(SERVER_CORE)
    uvloop.run(measure(options.count, page=options.page, traced=options.trace))


if __name__ == "__main__":
    main()
