"""The sending edge against real queues and routes, by a wire to a network namespace (needs root).

The people are the rig's, connected in virtual time; from then on everything is real: the worker's
socket, the kernel's token bucket, the route's MTU, and who listens at the other end.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from bench.publisher import BLOCK_FRAMES, FPS
from bench.scene import Scene, lecture
from sfu.fanout.outbox import Destinations, Send, split
from sfu.io.udp import UdpWorker
from sfu.stats import DropReason
from sfu.wire.address import Address
from tests.interop.headers import HEADER
from tests.support.wire import Wire, WireError, wire

STUDENTS = 5
SECONDS = 3.0
TEACHER = ("127.0.0.1", 9)
Header = tuple[int, int, int]  # SSRC, sequence number, timestamp


def _cannot(reason: str) -> NoReturn:
    """Where the tests must run, a missing piece is a failure."""
    if os.environ.get("CI") == "true" and os.geteuid() == 0:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def line() -> Iterator[Wire]:
    try:
        with wire() as made:
            yield made
    except WireError as error:
        _cannot(f"no network namespace can be made: {error}")


def _run(*words: str) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        _cannot(f"{' '.join(words)}: {error}")


@dataclass
class Listeners:
    """Sockets at the other end of the wire; `headers` ends them and tells what they got."""

    line: Wire
    process: subprocess.Popen[str] = field(init=False)
    addresses: list[Address] = field(init=False)

    def __post_init__(self) -> None:
        there = self.line.here.removesuffix("1") + "2"
        command = [sys.executable, "-m", "tests.interop.headers", there, str(STUDENTS)]
        self.process = subprocess.Popen(
            [*self.line.inside, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        ports = self.process.stdout.readline().split()
        self.addresses = [(there, int(port)) for port in ports]

    def headers(self) -> dict[Address, list[Header]]:
        out, _ = self.process.communicate(timeout=60)
        got = json.loads(out)
        return {at: [tuple(header) for header in got[str(at[1])]] for at in self.addresses}


class Tap:
    """Notes what the worker sends, and passes it on to the real sender."""

    def __init__(self, udp: UdpWorker) -> None:
        self._sender = udp.sender
        self.sent: dict[Address, list[Header]] = {}

    def append(self, send: Send, /) -> None:
        self._note(*send)
        self._sender.append(send)

    def append_batches(
        self, destinations: Destinations, buffer: bytearray, length: int, segment: int, /
    ) -> None:
        for place, address in enumerate(destinations.addresses):
            run = memoryview(buffer)[place * length : (place + 1) * length]
            self._note(address, split(run, segment))
        self._sender.append_batches(destinations, buffer, length, segment)

    def _note(self, address: Address, datagrams: Sequence[bytes]) -> None:
        for datagram in datagrams:
            if datagram[0] >> 6 == 2 and not 192 <= datagram[1] <= 223:
                _, _, sequence, timestamp, ssrc = HEADER.unpack_from(datagram)
                self.sent.setdefault(address, []).append((ssrc, sequence, timestamp))


class Lesson:
    """A teacher and students whose media leaves by the wire, in real time."""

    def __init__(self, line: Wire) -> None:
        self.line = line
        self.listeners = Listeners(line)
        self.scene = Scene(lecture(STUDENTS), [TEACHER, *self.listeners.addresses])
        self.udp = self.scene.on_socket()
        self.tap = Tap(self.udp)
        self.scene.worker.drops.clear()

    @property
    def drops(self) -> dict[DropReason, int]:
        return dict(self.scene.worker.drops)

    async def hold(self, seconds: float, *, room: int) -> dict[Address, list[Header]]:
        """So much media by a socket with so much room; what has arrived."""
        await self.udp.start(self.line.here, 0)
        assert self.udp._socket is not None
        self.udp._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, room)
        self.scene.point_at(self.tap)
        publisher, begun = self.scene.publishers[0], time.monotonic()
        blocks = int(seconds * FPS / BLOCK_FRAMES)
        for number in range(blocks):
            for offset, datagrams in publisher.block():
                due = begun + number * BLOCK_FRAMES / FPS + offset
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.udp.call(
                    lambda worker, now, these=datagrams: [  # type: ignore[misc]
                        worker.receive(datagram, TEACHER, now) for datagram in these
                    ]
                )
        async with asyncio.timeout(60.0):
            while self.udp.sender.backlog:  # noqa: ASYNC110 - the loop under test runs
                await asyncio.sleep(0.02)
        self.udp.close()
        return self.listeners.headers()  # once the kernel's queue is empty


def frames(headers: Sequence[Header], audio: set[int]) -> dict[tuple[int, int], int]:
    """Packets by frame."""
    found: dict[tuple[int, int], int] = {}
    for ssrc, _, timestamp in headers:
        if ssrc not in audio:
            found[ssrc, timestamp] = found.get((ssrc, timestamp), 0) + 1
    return found


async def test_a_narrow_way_carries_sound_and_loses_whole_frames(line: Wire) -> None:
    device = line.inside[3]
    bucket = "tbf rate 3mbit burst 10kb limit 5mb"
    _run("tc", "qdisc", "add", "dev", device, "root", *bucket.split())
    lesson = Lesson(line)
    got = await lesson.hold(SECONDS, room=32_768)
    lost, torn = 0, 0
    for address, sent in lesson.tap.sent.items():
        downlink = lesson.scene.worker.by_address[address].downlink
        audio = {c.ssrc for c in downlink.consumers.values() if c.kind == "audio"}
        assert [h for h in got[address] if h[0] in audio] == [h for h in sent if h[0] in audio]
        before, after = frames(sent, audio), frames(got[address], audio)
        whole = {key for key, count in before.items() if after.get(key) == count}
        assert len(whole) > 0.2 * len(before), "everybody sees something"
        lost += len(before) - len(whole)
        torn += sum(0 < after.get(key, 0) < count for key, count in before.items())
        missing = len(sent) - len(got[address])
        assert missing > 0
    assert lost > 0.2 * STUDENTS * SECONDS * FPS
    assert torn < 0.2 * lost, "only a frame that was half sent already arrives in part"
    total = sum(map(len, lesson.tap.sent.values())) - sum(map(len, got.values()))
    assert set(lesson.drops) <= {DropReason.BACKLOG_VIDEO, DropReason.BACKLOG_STALE}
    assert sum(lesson.drops.values()) == total


async def test_a_small_mtu_costs_one_run_and_loses_nothing(
    line: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    lesson = Lesson(line)
    there = lesson.listeners.addresses[0][0]
    _run("ip", "route", "add", there, "dev", line.inside[3], "mtu", "900")
    got = await lesson.hold(0.5, room=1_048_576)
    assert got == lesson.tap.sent
    assert lesson.udp.figures().runs_refused == STUDENTS
    assert sum("UDP_SEGMENT" in record.message for record in caplog.records) == STUDENTS
    assert lesson.drops == {}
