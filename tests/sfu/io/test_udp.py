"""The worker's socket: batches in, runs out, one timer."""

import errno
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.io import udp
from sfu.io.udp import MAX_BATCH, MAX_SEGMENTED_BYTES, MAX_SEGMENTS, runs
from sfu.stats import DropReason
from tests.support.edge import LOCAL, Edge, frame


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
