"""µs per forwarded copy: the real worker on a real socket beside the lean loop of the design.

Both run in one process, by turns, on one core; a second process on the other core reads what
is sent. The lean loop does the least that a copy needs (header, AES-GCM, six-packet
UDP_SEGMENT); the worker does everything: receive, decrypt, parse, history, feedback, routing,
statistics, timers. Run: python -m tests.bench.forwarding [--subscribers N] [--json FILE]
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import select
import socket
import statistics
import struct
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sfu.io.udp import UDP_SEGMENT, UdpWorker
from sfu.layout import SlotWant
from sfu.wire.rtp import FIXED
from tests.support.connection import PeerPlan
from tests.support.peers import Peer
from tests.support.rig import Rig

FRAME_PACKETS = 6
PAYLOAD = 1_150
ROUNDS = 7
SERVER_CORE, SINK_CORE = 0, 1


@dataclass(slots=True)
class Result:
    """Medians over the rounds; times in µs of CPU per copy."""

    subscribers: int
    copies: int
    lean_us: float
    worker_us: float
    core_us: float
    ratio: float
    lean_copies_per_core_s: int
    worker_copies_per_core_s: int
    machine: str


def sink(pipe: Pipe, count: int) -> None:
    """Holds `count` sockets and reads whatever comes, on its own core."""
    _pin(SINK_CORE)
    sockets = [_socket() for _ in range(count)]
    poller = select.epoll()
    for receiver in sockets:
        poller.register(receiver.fileno(), select.EPOLLIN)
    by_fd = {receiver.fileno(): receiver for receiver in sockets}
    pipe.send([receiver.getsockname() for receiver in sockets])
    while not pipe.poll():
        for fd, _ in poller.poll(0.05):
            _drain(by_fd[fd])


def _drain(receiver: socket.socket) -> None:
    buffer = bytearray(2_048)
    for _ in range(256):
        try:
            receiver.recv_into(buffer)
        except BlockingIOError:
            return


def _socket() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.bind(("127.0.0.1", 0))
    return udp


def _pin(core: int) -> None:
    if core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})


class LeanLoop:
    """Design section 3: one header, one AES-GCM, one UDP_SEGMENT send for six packets."""

    def __init__(self, targets: list[tuple[str, int]]) -> None:
        self._socket = _socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8 * 1024 * 1024)
        self._targets = [
            (t, AESGCM(os.urandom(16)).encrypt, 1_000 + n) for n, t in enumerate(targets)
        ]
        self._salt = int.from_bytes(os.urandom(12), "big")
        self._index = 0

    def run(self, frames: int) -> float:
        """CPU seconds for `frames` frames to every target."""
        payload, pack = os.urandom(PAYLOAD), FIXED.pack
        started = time.process_time()
        for _ in range(frames):
            for target, encrypt, ssrc in self._targets:
                base = self._salt ^ ssrc << 48
                batch = []
                for index in range(self._index, self._index + FRAME_PACKETS):
                    header = pack(0x80, 96, index & 0xFFFF, 3_000, ssrc)
                    nonce = (base ^ index).to_bytes(12, "big")
                    batch.append(header + encrypt(nonce, payload, header))
                self._send(batch, target)
            self._index += FRAME_PACKETS
        return time.process_time() - started

    def _send(self, batch: list[bytes], target: tuple[str, int]) -> None:
        segment = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(batch[0])))]
        try:
            self._socket.sendmsg(batch, segment, 0, target)
        except BlockingIOError:
            select.select([], [self._socket], [])


class Frames:
    """Makes a publisher's encrypted frames, as its browser would send them."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._encoding = peer.camera.encodings[0]
        self._encoding.packet_sizes = (PAYLOAD,) * FRAME_PACKETS
        self._out: list[bytes] = []
        peer.connection.rig = self  # type: ignore[assignment]  # from now on it sends here

    def send(self, _path: object, data: bytes) -> None:
        """What the peer sends from now on is kept."""
        self._out.append(data)

    def make(self, count: int) -> list[list[bytes]]:
        """Frames of FRAME_PACKETS packets each."""
        frames = []
        for _ in range(count):
            self._peer.camera.ticks += 1
            self._peer.camera._encode(self._peer, self._encoding, 0.0)
            frames.append(self._out)
            self._out = []
        return frames


class Forwarding:
    """A worker with one publisher and its subscribers, connected in the rig's virtual time."""

    def __init__(self, targets: list[tuple[str, int]]) -> None:
        self.publisher = _socket()
        rig = Rig(start=time.monotonic() - 2.0)
        rig.call(lambda worker, now: worker.create_router("class", now))
        plan = PeerPlan("teacher", publish=("camera",), rids=())
        teacher = Peer(rig, plan, 1, self.publisher.getsockname())
        teacher.join()
        students = []
        for number, target in enumerate(targets):
            student = Peer(rig, PeerPlan(f"s{number}", video_slots=1), number + 2, target)
            student.join()
            students.append(student)
        rig.run(0.5)
        for student in students:
            wants = [SlotWant(student.slots[0].mid, "pinned", "teacher:camera")]
            rig.worker.set_layout(student.name, wants, rig.now)
        rig.run(1.4)
        watching = sum(bool(student.slots[0].line.frames) for student in students)
        assert watching == len(targets), f"{watching} of {len(targets)} subscribers have a picture"
        teacher.camera.stopped = True
        self.worker = rig.worker
        self.frames = Frames(teacher)

    async def run_edge(self, count: int) -> tuple[float, int]:
        """(CPU seconds, copies) of the whole way, from the publisher's packets on the socket."""
        frames = self.frames.make(count)
        edge = UdpWorker(self.worker, lambda events: None)
        await edge.start("127.0.0.1", 0)
        before = self.worker.forwarded.copies
        started = time.process_time()
        for frame in frames:
            wanted = self.worker.forwarded.packets + len(frame)
            for datagram in frame:
                self.publisher.sendto(datagram, ("127.0.0.1", edge.port))
            while self.worker.forwarded.packets < wanted:  # noqa: ASYNC110 - the tested loop runs
                await asyncio.sleep(0)
        spent = time.process_time() - started
        edge.close()
        return spent, self.worker.forwarded.copies - before

    def run_core(self, count: int) -> tuple[float, int]:
        """(CPU seconds, copies) without any system call."""
        frames = self.frames.make(count)
        address, worker = self.publisher.getsockname(), self.worker
        worker.outbox = []
        before = worker.forwarded.copies
        started = time.process_time()
        for frame in frames:
            now = time.monotonic()
            for datagram in frame:
                worker.receive(datagram, address, now)
            worker.flush(now)
            worker.outbox = []
        return time.process_time() - started, worker.forwarded.copies - before


def measure(subscribers: int, rounds: int, copies: int) -> Result:
    """Runs the two by turns; medians, so that a disturbed round does not count."""
    parent, child = multiprocessing.Pipe()
    reader = multiprocessing.Process(target=sink, args=(child, subscribers), daemon=True)
    reader.start()
    _pin(SERVER_CORE)
    targets = parent.recv()
    frames = max(1, copies // (subscribers * FRAME_PACKETS))
    lean, forwarding = LeanLoop(targets), Forwarding(targets)
    lean_us: list[float] = []
    worker_us: list[float] = []
    core_us: list[float] = []
    for _ in range(rounds):
        lean_us.append(lean.run(frames) / (frames * FRAME_PACKETS * subscribers) * 1e6)
        for times, (spent, sent) in (
            (worker_us, uvloop.run(forwarding.run_edge(frames))),
            (core_us, forwarding.run_core(frames)),
        ):
            times.append(spent / sent * 1e6)
    parent.send("done")
    reader.join()
    lean_median, worker_median = statistics.median(lean_us), statistics.median(worker_us)
    return Result(
        subscribers,
        frames * FRAME_PACKETS * subscribers,
        round(lean_median, 2),
        round(worker_median, 2),
        round(statistics.median(core_us), 2),
        round(worker_median / lean_median, 2),
        int(1e6 / lean_median),
        int(1e6 / worker_median),
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
    )


def main() -> None:
    """Prints the table; --json keeps it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscribers", type=int, nargs="*", default=[10, 100, 300])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--copies", type=int, default=60_000, help="copies per round")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = [measure(count, options.rounds, options.copies) for count in options.subscribers]
    print("subscribers  lean loop  worker  (core alone)  ratio   [µs of CPU per copy]")
    for r in results:
        print(
            f"{r.subscribers:11}  {r.lean_us:9.2f}  {r.worker_us:6.2f}  {r.core_us:12.2f}  "
            f"{r.ratio:5.2f}   {r.worker_copies_per_core_s:,} copies/s on one core"
        )
    if options.json:
        options.json.write_text(json.dumps([asdict(r) for r in results], indent=1) + "\n")


if __name__ == "__main__":
    main()
