"""Sending: runs, each error by its name, and what happens while the socket is full."""

import errno
import os

import pytest

from sfu.fanout.gso_batch import MAX_SEGMENTS
from sfu.io import sender
from sfu.io.backlog import MAX_AGE
from sfu.io.sender import MAX_IO_ERRORS, MAX_REFUSING, MAX_TURNS
from sfu.stats import DropReason
from tests.support.edge import LOCAL, Edge, Far, Narrow, frame

ELSEWHERE = ("127.0.0.2", 9)


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

    async def test_segments_above_the_mtu_still_arrive(self, edge: Edge) -> None:
        """Loopback takes 65,536 bytes; a route's MTU is tested below."""
        edge.send(*[bytes(2_000)] * 3)
        assert await edge.far.take(3) == [bytes(2_000)] * 3

    async def test_what_is_longer_than_the_segments_so_far_is_not_cut(self, edge: Edge) -> None:
        edge.send_run(3, size=200)
        edge.send(bytes(1_200))
        edge.send_run(2, size=200)
        edge.send_run(1, size=1_000)
        edge.send(bytes(300), bytes(300), bytes(40))
        edge.send(bytes(900))
        got = [*frame(3, 200), bytes(1_200), *frame(2, 200), *frame(1, 1_000)]
        got += [bytes(300), bytes(300), bytes(40), bytes(900)]
        assert await edge.far.take(11) == got
        assert edge.drops == {}

    async def test_a_frame_is_one_call(self, edge: Edge) -> None:
        narrow = edge.narrow(1_000)
        edge.send(*frame(6))
        edge.send_run(6)
        edge.send(b"single")
        edge.send_run(1)
        assert narrow.calls == 4
        assert await edge.far.take(14) == [*frame(6), *frame(6), b"single", *frame(1)]


class TestErrors:
    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            (errno.EMSGSIZE, DropReason.SEND_TOO_BIG),
            (errno.ECONNREFUSED, DropReason.SEND_REFUSED),
            (errno.EPERM, DropReason.SEND_FORBIDDEN),
            (errno.EACCES, DropReason.SEND_FORBIDDEN),
            (errno.ENETUNREACH, DropReason.SEND_UNREACHABLE),
            (errno.EHOSTUNREACH, DropReason.SEND_UNREACHABLE),
            (errno.ENETDOWN, DropReason.SEND_UNREACHABLE),
            (errno.EINVAL, DropReason.SEND_FAILED),
            (errno.EIO, DropReason.SEND_FAILED),
        ],
    )
    async def test_of_one_datagram_drop_it_by_name(
        self, edge: Edge, code: int, reason: DropReason
    ) -> None:
        narrow = edge.narrow(100)
        narrow.fails["single"] = code
        edge.send(b"lost")
        edge.send_run(1)
        narrow.fails.clear()
        edge.send(b"after")
        assert edge.drops == {reason: 2}
        assert await edge.far.take(1) == [b"after"]

    @pytest.mark.parametrize("code", [errno.ECONNREFUSED, errno.EPERM, errno.ENETUNREACH])
    async def test_of_a_run_that_are_not_about_runs_drop_it(self, edge: Edge, code: int) -> None:
        narrow = edge.narrow(100)
        narrow.fails["run"] = code
        edge.send_run(4)
        edge.send(*frame(3))
        assert edge.far.is_empty()
        assert sum(edge.drops.values()) == 7
        narrow.fails.clear()
        narrow.calls = 0
        edge.send_run(4)
        assert narrow.calls == 1

    async def test_of_an_earlier_datagram_cost_nothing(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """udp(7): an ICMP error may come as the answer to a later send; then it is over."""
        narrow = edge.narrow(100)
        monkeypatch.setattr(
            narrow, "sendto", lambda *words: _once(narrow, monkeypatch, errno.ECONNREFUSED)
        )
        edge.send(b"good")
        assert await edge.far.take(1) == [b"good"]
        assert edge.drops == {}

    async def test_that_the_kernel_makes_itself(self, edge: Edge) -> None:
        edge.udp.sender.append((("255.255.255.255", 9), [b"broadcast needs leave"]))
        edge.udp.sender.append((edge.far.address, [bytes(65_508)]))
        assert edge.drops == {DropReason.SEND_FORBIDDEN: 1, DropReason.SEND_TOO_BIG: 1}


def _once(narrow: Narrow, monkeypatch: pytest.MonkeyPatch, code: int) -> int:
    monkeypatch.undo()
    raise OSError(code, os.strerror(code))


class TestFull:
    """EAGAIN: the socket's own buffer is full."""

    async def test_keeps_everything_in_order(self, edge: Edge) -> None:
        narrow = edge.narrow(70)
        datagrams = frame(3 * MAX_SEGMENTS)
        edge.send(*datagrams)
        edge.send(b"later")
        narrow.room = 10_000
        assert await edge.far.take(len(datagrams) + 1) == [*datagrams, b"later"]
        assert edge.drops == {}

    async def test_a_run_is_copied_before_its_buffer_is_written_anew(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send_run(6)
        edge.send_run(1)
        narrow.room = 100
        assert await edge.far.take(7) == [*frame(6), *frame(1)]

    async def test_what_comes_behind_waits_even_when_there_is_room_again(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send(b"first")
        narrow.room = 10_000
        edge.send(b"second")
        edge.send_run(3)
        other = Far()
        edge.udp.sender.append((other.address, [b"of another"]))
        assert edge.far.is_empty()
        assert other.is_empty()
        assert await edge.far.take(5) == [b"first", b"second", *frame(3)]
        assert await other.take(1) == [b"of another"]
        other.socket.close()

    async def test_may_fill_again(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        for datagram in (b"one", b"two", b"three"):
            edge.send(datagram)
        narrow.fails["run"] = errno.EAGAIN
        edge.udp.sender._refusing[edge.far.address] = None
        narrow.room = 2
        assert await edge.far.take(2) == [b"one", b"two"]
        assert edge.far.is_empty()
        narrow.room = 1
        assert await edge.far.take(1) == [b"three"]

    async def test_everything_is_the_short_way_again_afterwards(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send_run(4)
        assert edge.udp.sender._held
        narrow.room = 100
        await edge.far.take(4)
        await edge.until(lambda: not edge.udp.sender._held)
        narrow.calls = 0
        edge.send_run(4)
        assert narrow.calls == 1

    async def test_others_take_turns_and_the_loop_goes_on_between(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        far = [Far() for _ in range(MAX_TURNS + 1)]
        for one in far:
            edge.udp.sender.append((one.address, [b"x"]))
        narrow.room = 1_000
        edge.udp.sender._on_writable()
        assert edge.udp.sender.backlog.datagrams == 1
        assert await far[-1].take(1) == [b"x"]
        for one in far:
            one.socket.close()

    async def test_old_media_is_not_sent_any_more(self, edge: Edge) -> None:
        now = [100.0]
        edge.udp.sender._clock = lambda: now[0]
        narrow = edge.narrow(0)
        edge.send(b"\x80\x60" + bytes(30), b"\x01\x01 control")
        now[0] += MAX_AGE + 0.1
        narrow.room = 100
        assert await edge.far.take(1) == [b"\x01\x01 control"]
        assert edge.drops == {DropReason.BACKLOG_STALE: 1}

    async def test_media_of_a_closed_connection_goes(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send(b"\x80\x60" + bytes(30), b"\x15 farewell")
        edge.udp.sender._refusing[edge.far.address] = None
        edge.udp.sender.forget_all_but({ELSEWHERE})
        assert edge.drops == {DropReason.BACKLOG_CLOSED: 1}
        assert not edge.udp.sender._refusing
        narrow.room = 1
        assert await edge.far.take(1) == [b"\x15 farewell"]

    async def test_media_of_an_open_connection_stays(self, edge: Edge) -> None:
        edge.narrow(0)
        edge.send(b"\x80\x60" + bytes(30))
        edge.udp.sender._refusing[edge.far.address] = None
        edge.udp.sender.forget_all_but({edge.far.address})
        assert edge.udp.sender.backlog.datagrams == 1
        assert edge.udp.sender._refusing


@pytest.mark.parametrize("code", [errno.ENOBUFS, errno.ENOMEM])
class TestShort:
    """ENOBUFS: a device's queue is full, and nothing tells when it is not."""

    async def test_it_is_tried_again_after_a_while(self, edge: Edge, code: int) -> None:
        narrow = edge.narrow(100)
        narrow.fails["single"] = narrow.fails["run"] = code
        edge.send_run(4)
        edge.send(b"behind")
        assert not edge.udp.sender._writing
        calls = narrow.calls
        await edge.until(lambda: narrow.calls > calls)
        narrow.fails.clear()
        assert await edge.far.take(5) == [*frame(4), b"behind"]
        assert edge.drops == {}

    async def test_others_go_on(self, edge: Edge, code: int) -> None:
        narrow = edge.narrow(100)
        narrow.fails["single"] = code
        narrow.only = edge.far.address
        edge.send(b"waits")
        other = Far()
        edge.udp.sender.append((other.address, [b"passes"]))
        assert await other.take(1) == [b"passes"]
        narrow.fails.clear()
        assert await edge.far.take(1) == [b"waits"]
        other.socket.close()

    async def test_closing_ends_the_trying(self, edge: Edge, code: int) -> None:
        edge.narrow(100).fails["single"] = code
        edge.send(b"waits")
        retry = edge.udp.sender._retry
        edge.udp.close()
        assert retry is not None
        assert retry.cancelled()
        assert edge.udp.sender._retry is None


class TestWithoutSegments:
    async def test_an_old_kernel_gets_one_by_one(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(sender, "UDP_SEGMENT", 32_000)
        edge = Edge()
        await edge.udp.start(LOCAL, 0)
        narrow = edge.narrow(100)
        narrow.fails["run"] = errno.EINVAL
        edge.send(*frame(4))
        edge.send_run(4)
        assert await edge.far.take(8) == [*frame(4), *frame(4)]
        assert narrow.calls == 8
        assert "UDP_SEGMENT is not available" in caplog.text
        edge.udp.close()
        edge.far.socket.close()

    @pytest.mark.parametrize("code", [errno.EMSGSIZE, errno.EINVAL, errno.EIO])
    async def test_a_path_that_refuses_runs_is_noticed_once(
        self, edge: Edge, caplog: pytest.LogCaptureFixture, code: int
    ) -> None:
        narrow = edge.narrow(1_000)
        narrow.fails["run"], narrow.only = code, edge.far.address
        for _ in range(3):
            edge.send_run(4)
            edge.send(*frame(4))
        assert await edge.far.take(24) == frame(4) * 6
        assert narrow.calls == 2 + 24
        assert len(caplog.records) == 1
        assert edge.drops == {}
        assert edge.udp.figures().runs_refused == 1

    async def test_it_is_that_peers_matter(self, edge: Edge) -> None:
        narrow = edge.narrow(1_000)
        narrow.fails["run"], narrow.only = errno.EMSGSIZE, ELSEWHERE
        edge.udp.sender.append((ELSEWHERE, frame(3)))
        narrow.calls = 0
        edge.send_run(4)
        edge.send(*frame(4))
        assert narrow.calls == 2
        assert await edge.far.take(8) == [*frame(4), *frame(4)]

    async def test_one_by_one_repeats_nothing(self, edge: Edge) -> None:
        edge.udp.sender._refusing[edge.far.address] = None
        narrow = edge.narrow(2)
        edge.send(*frame(5))
        assert await edge.far.take(2) == frame(5)[:2]
        narrow.room = 100
        assert await edge.far.take(3) == frame(5)[2:]
        assert edge.far.is_empty()

    async def test_a_device_that_takes_none_ends_the_trying(
        self, edge: Edge, caplog: pytest.LogCaptureFixture
    ) -> None:
        narrow = edge.narrow(1_000)
        narrow.fails["run"] = errno.EIO
        for port in range(1, MAX_IO_ERRORS + 1):
            edge.udp.sender.append((("127.0.0.2", port), frame(2)))
        assert "UDP_SEGMENT is not available" in caplog.text
        narrow.calls = 0
        edge.send_run(4)
        assert await edge.far.take(4) == frame(4)
        assert narrow.calls == 4
        assert edge.udp.figures().runs_refused == MAX_IO_ERRORS

    async def test_so_many_are_remembered(self, edge: Edge) -> None:
        narrow = edge.narrow(100_000)
        narrow.fails["run"] = errno.EMSGSIZE
        for port in range(1, MAX_REFUSING + 2):
            edge.udp.sender.append((("127.0.0.2", port), frame(2)))
        refusing = edge.udp.sender._refusing
        assert len(refusing) == MAX_REFUSING
        assert ("127.0.0.2", 1) not in refusing


class TestFinishing:
    async def test_what_waits_is_sent_at_once(self, edge: Edge) -> None:
        narrow = edge.narrow(0)
        edge.send(*frame(3))
        narrow.room = 3
        edge.udp.close()
        assert await edge.far.take(3) == frame(3)

    async def test_more_than_a_turn_is_sent(self, edge: Edge) -> None:
        narrow, count = edge.narrow(0), MAX_TURNS + 2
        for number in range(count):
            edge.udp.sender.append(((LOCAL, 20_000 + number), [b"\x15 good-bye"]))
        assert edge.udp.sender.backlog.datagrams == count
        narrow.room = count
        edge.udp.sender.finish(1.0)
        assert edge.udp.sender.backlog.datagrams == 0

    @pytest.mark.parametrize("code", [errno.EAGAIN, errno.ENOBUFS])
    async def test_a_socket_that_takes_nothing_is_given_up(
        self, edge: Edge, code: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sender, "RETRY_AFTER", 0.0)
        narrow, ticks = edge.narrow(0), iter(range(1_000))
        narrow.fails = {"single": code, "run": code}
        edge.send(*frame(3))
        edge.udp.sender._clock = lambda: next(ticks) / 100
        calls = narrow.calls
        edge.udp.sender.finish(0.2)
        assert edge.udp.sender.backlog.datagrams == 3
        assert 0 < narrow.calls - calls < 20

    async def test_a_sender_that_is_not_open_has_nothing_to_finish(self, edge: Edge) -> None:
        edge.udp.close()
        edge.udp.sender.finish(1.0)
