"""The worker's socket: batches in, runs out, one timer."""

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from random import Random
from typing import NoReturn

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from sfu.config import WorkerConfig
from sfu.errors import StateError
from sfu.events import Event, TransportClosed
from sfu.io import udp
from sfu.io.udp import MAX_BATCH, MAX_SEGMENTED_BYTES, MAX_SEGMENTS, UdpWorker, bind, runs
from sfu.stats import DropReason
from sfu.worker import Worker
from tests.support.dtls import ReadyDtls
from tests.support.offers import compose, video

LOCAL = "127.0.0.1"
PATIENCE = 5.0  # s, on the wall clock


def sizes(cut: Sequence[Sequence[bytes]]) -> list[list[int]]:
    return [[len(datagram) for datagram in run] for run in cut]


class TestRuns:
    """What one UDP_SEGMENT send may hold (udp(7))."""

    @pytest.mark.parametrize(
        ("datagrams", "cut"),
        [
            ([100], [[100]]),
            ([100] * 3, [[100] * 3]),
            ([100, 100, 60], [[100, 100, 60]]),
            ([100, 60, 60], [[100, 60], [60]]),
            ([60, 100], [[60], [100]]),
            ([99, 99, 100, 100], [[99, 99], [100, 100]]),
            ([100, 99, 100, 99], [[100, 99], [100, 99]]),
            ([100, 99, 98], [[100, 99], [98]]),
            ([100] * MAX_SEGMENTS, [[100] * MAX_SEGMENTS]),
            ([100] * (MAX_SEGMENTS + 1), [[100] * MAX_SEGMENTS, [100]]),
            ([100] * MAX_SEGMENTS + [60, 60], [[100] * MAX_SEGMENTS, [60, 60]]),
            ([1_400] * 50, [[1_400] * 46, [1_400] * 4]),
        ],
    )
    def test_cuts(self, datagrams: list[int], cut: list[list[int]]) -> None:
        assert sizes(list(runs([bytes(size) for size in datagrams]))) == cut

    @given(st.lists(st.sampled_from([40, 1_199, 1_200, 1_499]), min_size=1, max_size=200))
    def test_every_run_is_one_that_the_kernel_takes(self, lengths: list[int]) -> None:
        datagrams = [n.to_bytes(2, "big") + bytes(size) for n, size in enumerate(lengths)]
        cut = list(runs(datagrams))
        assert [datagram for run in cut for datagram in run] == datagrams
        for run in sizes(cut):
            assert len(run) <= MAX_SEGMENTS
            assert sum(run) <= MAX_SEGMENTED_BYTES
            assert set(run[:-1]) <= {run[0]}
            assert run[-1] <= run[0]


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
    """The worker's own socket with room for some datagrams until `room` is raised again."""

    def __init__(self, real: socket.socket, room: int) -> None:
        self._real = real
        self.room = room
        self.calls = 0
        self.fails: dict[str, int] = {}  # by call: errno

    def fileno(self) -> int:
        return self._real.fileno()

    def close(self) -> None:
        self._real.close()

    def sendto(self, data: bytes, address: tuple[str, int]) -> int:
        self._take("sendto", 1)
        return self._real.sendto(data, address)

    def sendmsg(self, run: Sequence[bytes], control: object, flags: int, address: object) -> int:
        self._take("sendmsg", len(run))
        return self._real.sendmsg(run, control, flags, address)  # type: ignore[arg-type]

    def _take(self, name: str, count: int) -> None:
        self.calls += 1
        if name in self.fails:
            raise OSError(self.fails[name], "as the test wants it")
        if count > self.room:
            raise BlockingIOError
        self.room -= count


class Edge:
    """A started UdpWorker, the far end, and the events that were told."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.worker = Worker(
            WorkerConfig(candidates=((LOCAL, 1),)), dtls=ReadyDtls(), rng=Random(1).randbytes
        )
        self.udp = UdpWorker(self.worker, self.events.extend)
        self.far = Far()

    def narrow(self, room: int) -> Narrow:
        real = self.udp._socket
        assert real is not None
        narrow = Narrow(real, room)
        self.udp._socket = narrow  # type: ignore[assignment]
        return narrow

    def send(self, *datagrams: bytes) -> None:
        self.udp.append((self.far.address, datagrams))

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


@pytest_asyncio.fixture
async def edge() -> AsyncIterator[Edge]:
    made = Edge()
    await made.udp.start(LOCAL, 0)
    yield made
    made.udp.close()
    made.far.socket.close()


def frame(count: int, size: int = 300) -> list[bytes]:
    return [n.to_bytes(2, "big") * (size // 2) for n in range(count)]


class TestSending:
    @pytest.mark.parametrize("count", [1, 2, 6, MAX_SEGMENTS, 2 * MAX_SEGMENTS + 3])
    async def test_datagrams_arrive_as_they_were(self, edge: Edge, count: int) -> None:
        datagrams = frame(count)
        edge.send(*datagrams)
        assert await edge.far.take(count) == datagrams
        assert edge.drops == {}

    async def test_sizes_that_differ_arrive_as_they_were(self, edge: Edge) -> None:
        datagrams = [bytes(size) for size in (1_199, 1_199, 1_200, 1_200, 40, 40, 1_200)]
        edge.send(*datagrams)
        assert await edge.far.take(7) == datagrams

    async def test_a_frame_is_one_call(self, edge: Edge) -> None:
        narrow = edge.narrow(1_000)
        edge.send(*frame(6))
        edge.send(b"single")
        assert narrow.calls == 2
        assert len(await edge.far.take(7)) == 7

    async def test_a_datagram_that_cannot_be_sent_is_counted(self, edge: Edge) -> None:
        edge.udp.append((("255.255.255.255", 9), [b"broadcast needs leave"]))
        assert edge.drops == {DropReason.SEND_FAILED: 1}


class TestFullSocket:
    async def test_keeps_everything_in_order(self, edge: Edge) -> None:
        narrow = edge.narrow(70)
        datagrams = frame(3 * MAX_SEGMENTS)
        edge.send(*datagrams)
        edge.send(b"later")
        narrow.room = 10_000
        assert await edge.far.take(len(datagrams) + 1) == [*datagrams, b"later"]
        assert edge.drops == {}

    async def test_what_comes_behind_waits_even_when_there_is_room_again(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send(b"first")
        narrow.room = 10_000
        edge.send(b"second")
        edge.send(*frame(3))
        assert edge.far.is_empty()
        assert await edge.far.take(5) == [b"first", b"second", *frame(3)]

    async def test_may_fill_again(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send(b"one")
        edge.send(b"two")
        edge.send(b"three")
        narrow.room = 2
        assert await edge.far.take(2) == [b"one", b"two"]
        assert edge.far.is_empty()
        narrow.room = 1
        assert await edge.far.take(1) == [b"three"]

    async def test_one_by_one_repeats_nothing(self, edge: Edge) -> None:
        edge.udp._segmenting = False
        narrow = edge.narrow(2)
        edge.send(*frame(5))
        assert await edge.far.take(2) == frame(5)[:2]
        narrow.room = 100
        assert await edge.far.take(3) == frame(5)[2:]
        assert edge.far.is_empty()

    async def test_keeps_so_much_and_counts_the_rest(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(udp, "MAX_BACKLOG", 10)
        narrow = edge.narrow(0)
        edge.send(*frame(6))
        edge.send(*frame(6))
        edge.send(*frame(4))
        assert edge.drops == {DropReason.OUTBOX_FULL: 6}
        narrow.room = 100
        assert await edge.far.take(10) == [*frame(6), *frame(4)]


class TestWithoutSegments:
    async def test_an_old_kernel_gets_one_by_one(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(udp, "UDP_SEGMENT", 32_000)
        edge = Edge()
        await edge.udp.start(LOCAL, 0)
        narrow = edge.narrow(100)
        narrow.fails["sendmsg"] = errno.EINVAL
        edge.send(*frame(4))
        assert await edge.far.take(4) == frame(4)
        assert narrow.calls == 4
        assert "UDP_SEGMENT is not available" in caplog.text
        edge.udp.close()
        edge.far.socket.close()

    async def test_a_device_without_checksums_ends_the_trying(
        self, edge: Edge, caplog: pytest.LogCaptureFixture
    ) -> None:
        narrow = edge.narrow(100)
        narrow.fails["sendmsg"] = errno.EIO
        edge.send(*frame(4))
        edge.send(*frame(4))
        assert await edge.far.take(8) == [*frame(4), *frame(4)]
        assert narrow.calls == 1 + 4 + 4
        assert len(caplog.records) == 1
        assert edge.drops == {}

    async def test_a_path_with_a_small_mtu_is_that_peers_matter(self, edge: Edge) -> None:
        narrow = edge.narrow(100)
        narrow.fails["sendmsg"] = errno.EINVAL
        edge.send(*frame(4))
        assert await edge.far.take(4) == frame(4)
        narrow.fails.clear()
        narrow.calls = 0
        edge.send(*frame(4))
        assert narrow.calls == 1

    async def test_segments_above_the_mtu_still_arrive(self, edge: Edge) -> None:
        """Loopback takes 65,536 bytes; a route's MTU is tested above."""
        datagrams = [bytes(2_000)] * 3
        edge.send(*datagrams)
        assert await edge.far.take(3) == datagrams


class TestReceiving:
    async def test_a_datagram_reaches_the_worker(self, edge: Edge) -> None:
        edge.far.socket.sendto(b"\x80\x60" + bytes(30), (LOCAL, edge.udp.port))
        await edge.until(lambda: bool(edge.drops))
        assert edge.drops == {DropReason.UNKNOWN_ADDRESS: 1}

    async def test_more_than_a_batch_is_drained_in_several(self, edge: Edge) -> None:
        for _ in range(MAX_BATCH + 5):
            edge.far.socket.sendto(b"\x50", (LOCAL, edge.udp.port))
        edge.udp._on_readable()
        assert edge.worker.datagrams_received == MAX_BATCH
        await edge.until(lambda: edge.worker.datagrams_received == MAX_BATCH + 5)

    async def test_errors_of_earlier_sends_are_read_over(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers: list[object] = [ConnectionRefusedError(), (b"\x50", ("192.0.2.1", 1))]
        narrow = edge.narrow(1)
        narrow.recvfrom = lambda size: _give(answers)  # type: ignore[attr-defined]
        edge.udp._on_readable()
        assert edge.worker.datagrams_received == 1


def _give(answers: list[object]) -> object:
    if not answers:
        raise BlockingIOError
    answer = answers.pop(0)
    if isinstance(answer, Exception):
        raise answer
    return answer


def join(worker: Worker, now: float) -> None:
    worker.create_router("class", now)
    worker.create_transport("class", "ada", now)
    worker.accept_offer("ada", compose([video("recvonly")]), now)


def replace_class(worker: Worker, now: float) -> None:
    worker.close_router("class", now)
    join(worker, now)


class TestControlCalls:
    async def test_have_the_present_time_and_tell_what_follows(self, edge: Edge) -> None:
        edge.udp.call(join)
        edge.udp.call(lambda worker, now: worker.close_transport("ada", now))
        assert edge.events == [TransportClosed("class", "ada", "left")]

    async def test_give_their_result_and_their_error(self, edge: Edge) -> None:
        assert edge.udp.call(lambda worker, now: worker.snapshot(now).routers) == []
        with pytest.raises(StateError):
            edge.udp.call(lambda worker, now: worker.create_transport("class", "ada", now))

    async def test_may_be_made_by_who_hears_of_events(self, edge: Edge) -> None:
        told: list[Event] = []

        def rejoin(events: Sequence[Event]) -> None:
            told.extend(events)
            if len(told) == 1:
                edge.udp.call(lambda worker, now: worker.create_transport("class", "ada", now))
                edge.udp.call(lambda worker, now: worker.close_transport("ada", now))

        edge.udp._on_events = rejoin
        edge.udp.call(join)
        edge.udp.call(lambda worker, now: worker.close_transport("ada", now))
        assert told == [TransportClosed("class", "ada", "left")] * 2


class TestTimer:
    async def test_is_one_at_the_workers_next_deadline(self, edge: Edge) -> None:
        assert edge.udp._timer is None
        edge.udp.call(join)
        timer = edge.udp._timer
        assert timer is not None
        assert edge.udp._timer_at == edge.worker.next_deadline()
        edge.udp._arm()
        assert edge.udp._timer is timer

    async def test_moves_for_an_earlier_deadline_only(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        edge.udp.call(join)
        timer, at = edge.udp._timer, edge.udp._timer_at
        assert timer is not None
        monkeypatch.setattr(edge.worker, "next_deadline", lambda: at + 5)
        edge.udp._arm()
        assert edge.udp._timer is timer
        monkeypatch.setattr(edge.worker, "next_deadline", lambda: at - 5)
        edge.udp._arm()
        assert timer.cancelled()
        assert edge.udp._timer_at == at - 5

    async def test_does_what_is_due(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        due = [0.0]
        monkeypatch.setattr(edge.worker, "next_deadline", lambda: due[0] if due else None)
        monkeypatch.setattr(edge.worker, "handle_timers", lambda now: due.clear())
        edge.udp._arm()
        await edge.until(lambda: not due)
        assert edge.udp._timer is None

    async def test_what_is_due_is_done_with_any_input(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due = [0.0]
        monkeypatch.setattr(edge.worker, "next_deadline", lambda: due[0] if due else None)
        monkeypatch.setattr(edge.worker, "handle_timers", lambda now: due.clear())
        edge.udp.call(lambda worker, now: None)
        assert not due

    async def test_goes_on_although_a_listener_fails(self, edge: Edge) -> None:
        def broken(events: Sequence[Event]) -> NoReturn:
            raise RuntimeError

        edge.udp.call(join)
        edge.udp._timer = None
        edge.udp._on_events = broken
        with pytest.raises(RuntimeError):
            edge.udp.call(replace_class)
        assert edge.udp._timer is not None


class TestWaking:
    async def test_many_are_one(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        flushed: list[float] = []
        monkeypatch.setattr(edge.worker, "flush", flushed.append)
        for _ in range(3):
            edge.worker.on_wake()
        await edge.until(lambda: bool(flushed))
        assert len(flushed) == 1
        edge.worker.on_wake()
        await edge.until(lambda: len(flushed) == 2)


class TestLife:
    async def test_faults_of_the_worker_are_logged(
        self, edge: Edge, caplog: pytest.LogCaptureFixture
    ) -> None:
        edge.worker.on_fault("ada", ValueError("nonsense"))
        [record] = caplog.records
        assert record.levelno == logging.ERROR
        assert "ada" in record.message
        assert record.exc_info

    async def test_before_the_start_there_is_no_port(self) -> None:
        made = Edge()
        with pytest.raises(RuntimeError, match="not started"):
            _ = made.udp.port
        made.udp.call(join)
        made.send(b"nowhere")
        made.send(*frame(3))
        made.udp.close()
        made.far.socket.close()
        assert made.drops == {}

    async def test_close_is_idempotent_and_final(self, edge: Edge) -> None:
        edge.narrow(0)
        edge.udp.call(join)
        edge.send(b"waits")
        edge.worker.on_wake()
        for _ in range(2):
            edge.udp.close()
        assert edge.udp._timer is None
        edge.send(b"late")
        edge.udp.call(lambda worker, now: worker.close_router("class", now))
        edge.worker.on_wake()
        edge.udp._on_readable()
        edge.udp._on_writable()
        assert edge.far.is_empty()
        with pytest.raises(RuntimeError):
            _ = edge.udp.port

    async def test_may_be_started_again(self, edge: Edge) -> None:
        edge.udp.call(join)
        edge.udp.close()
        await edge.udp.start(LOCAL, 0)
        edge.udp.call(lambda worker, now: None)
        assert edge.udp._timer is not None
        edge.send(b"again")
        assert await edge.far.take(1) == [b"again"]

    async def test_a_port_that_is_taken_is_an_error(self, edge: Edge) -> None:
        other = Edge()
        with pytest.raises(OSError, match="in use"):
            await other.udp.start(LOCAL, edge.udp.port)
        other.far.socket.close()

    async def test_ipv6(self) -> None:
        made = Edge()
        try:
            await made.udp.start("::1", 0)
        except OSError:
            pytest.skip("no IPv6 here")
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as far:
            far.sendto(b"\x50", ("::1", made.udp.port))
            await made.until(lambda: bool(made.drops))
        made.udp.close()
        made.far.socket.close()
        assert made.drops == {DropReason.UNKNOWN_KIND: 1}
