"""Links on real sockets of this machine; what is sent on loopback is there at once."""

import socket
import struct
import time
from collections.abc import Iterator
from random import Random
from typing import cast

import pytest

from loadtest.bot.connection import Action, Connection
from loadtest.bot.faults import BadLink
from loadtest.bot.link import Lag, MeasuredLink, PlainLink, Poller, _arrival, open_socket
from loadtest.bot.receiver import ReceivedStream
from loadtest.records import LinkFaults
from sfu.fanout.gso_batch import UDP_SEGMENT
from sfu.timers import Timers

SSRC = 7
NOW = 100.0


class Ear:
    """Stands for a connection: streams, and what it was given."""

    def __init__(self) -> None:
        self.stream = ReceivedStream("4", True, SSRC, None)
        self.streams = {SSRC: self.stream}
        self.given: list[bytes] = []
        self.arrivals: list[int] = []
        self.chased = 0

    def receive(self, data: bytes, now: float) -> None:
        self.given.append(data)

    def receive_unread(self, data: bytes, now: float) -> None:
        self.given.append(data)

    def receive_sampled(self, data: bytes, arrival_ns: int, now: float) -> None:
        self.given.append(data)
        self.arrivals.append(arrival_ns)

    def chase_soon(self, now: float) -> None:
        self.chased += 1


class Wire:
    """A server's socket, a poller, and one link."""

    def __init__(self) -> None:
        self.server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server.bind(("127.0.0.1", 0))
        self.server.settimeout(5)
        self.poller = Poller()
        self.ear = Ear()
        self.timers: Timers[Action] = Timers()
        self.lag = Lag()
        self.udp = open_socket(self.server.getsockname())

    def plain(self) -> PlainLink:
        return PlainLink(cast(Connection, self.ear), self.poller, self.udp)

    def careful(self, sampled: bool = True, **faults: object) -> MeasuredLink:
        bad = None
        if faults:
            bad = BadLink(LinkFaults(**faults), Random(1).random, NOW)  # type: ignore[arg-type]
        ear = cast(Connection, self.ear)
        return MeasuredLink(ear, self.poller, self.udp, sampled, bad, self.timers, self.lag)

    def say(self, *datagrams: bytes) -> None:
        for data in datagrams:
            self.server.sendto(data, self.udp.getsockname())

    def say_together(self, *datagrams: bytes) -> None:
        """As the server does: one run, whose last datagram may be shorter."""
        size = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", len(datagrams[0])))]
        self.server.sendmsg(datagrams, size, 0, self.udp.getsockname())


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    yield one
    one.poller.close()
    one.udp.close()
    one.server.close()


def media(seq: int, marker: bool = False, ssrc: int = SSRC) -> bytes:
    return struct.pack(">BBHII", 0x90, 96 | marker << 7, seq, 0, ssrc) + bytes(50)


def test_a_plain_link_counts_media_and_hands_on_the_rest(wire: Wire) -> None:
    wire.plain()
    wire.say(media(1), media(2), media(3, True), media(9, ssrc=8), b"\x00\x01" + bytes(18))
    for _ in range(6):
        wire.poller.serve()
    assert (wire.ear.stream.packets, wire.ear.stream.frames) == (3, 1)
    assert wire.ear.stream.bytes == 3 * 62
    assert wire.ear.given == [media(9, ssrc=8), b"\x00\x01" + bytes(18)]
    assert not wire.ear.chased


def test_a_gap_is_noticed_at_once(wire: Wire) -> None:
    wire.plain()
    wire.say(media(1), media(3))
    wire.poller.serve()
    assert list(wire.ear.stream.missing) == [2]
    assert wire.ear.chased == 1


def test_one_turn_ends_with_a_frame_so_that_others_have_theirs(wire: Wire) -> None:
    wire.plain()
    wire.say(media(1), media(2, True), media(3, True))
    wire.poller.serve()
    assert wire.ear.stream.frames == 1
    wire.poller.serve()
    assert wire.ear.stream.frames == 2


def test_a_run_of_datagrams_is_one_read(wire: Wire) -> None:
    link = wire.plain()
    wire.say_together(media(1), media(2), media(4), media(5, True)[:40])
    link.drain(NOW)
    assert wire.ear.stream.packets == 4
    assert wire.ear.stream.bytes == 3 * 62 + 40
    assert list(wire.ear.stream.missing) == [3]
    wire.say_together(media(9, ssrc=8), media(10, ssrc=8))
    link.drain(NOW)
    assert wire.ear.given == [media(9, ssrc=8), media(10, ssrc=8)]


@pytest.mark.parametrize("careful", [False, True])
def test_what_ends_the_link_ends_the_run(
    wire: Wire, careful: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = wire.careful() if careful else wire.plain()

    def end(data: bytes, *_: object) -> None:
        wire.ear.given.append(data)
        link.close()

    monkeypatch.setattr(wire.ear, "receive_sampled" if careful else "receive", end)
    wire.say_together(media(9, ssrc=8), media(10, ssrc=8))
    link.drain(NOW)
    assert wire.ear.given == [media(9, ssrc=8)]


@pytest.mark.parametrize("careful", [False, True])
def test_an_empty_datagram_does_no_harm(wire: Wire, careful: bool) -> None:
    link = wire.careful() if careful else wire.plain()
    wire.say(b"", media(1))
    link.drain(NOW)
    assert wire.ear.stream.packets + len(wire.ear.given) == 1


def test_a_careful_link_tells_each_datagram_of_a_run(wire: Wire) -> None:
    wire.careful()
    wire.say_together(media(1), media(2), media(3)[:40])
    wire.poller.serve()
    assert wire.ear.given == [media(1), media(2), media(3)[:40]]
    assert len(set(wire.ear.arrivals)) == 1


def test_it_sends_and_survives_a_server_that_is_gone(wire: Wire) -> None:
    link = wire.plain()
    link.send(b"hello")
    assert wire.server.recv(100) == b"hello"
    wire.server.close()
    for _ in range(3):
        link.send(b"nobody")
    wire.poller.serve()
    assert link.unsent >= 1


def test_a_closed_link_is_left_alone(wire: Wire) -> None:
    link = wire.plain()
    wire.say(media(1))
    assert link.close() == 0
    assert link.close() == 0
    wire.poller.serve()
    assert not wire.ear.given


def test_what_found_no_room_is_counted(wire: Wire) -> None:
    wire.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    link = wire.plain()
    wire.say(*(media(n) + bytes(1_000) for n in range(20)))
    assert link.overflows > 0
    assert link.close() > 0


def test_a_careful_link_tells_when_datagrams_came(wire: Wire) -> None:
    wire.careful()
    before = time.time_ns()
    wire.say(media(1), media(2))
    after = time.time_ns()
    wire.poller.serve()
    assert wire.ear.given == [media(1), media(2)]
    slack = 5_000_000  # the kernel's clock is read at other moments than ours
    assert all(before - slack <= at <= after + slack for at in wire.ear.arrivals)
    assert 0 < wire.lag.take_ms() < 5_000
    assert wire.lag.take_ms() == 0


def test_a_bot_that_is_not_sampled_gets_them_unread(wire: Wire) -> None:
    wire.careful(sampled=False, handover_every=9.0)
    wire.say(media(1))
    wire.poller.serve()
    assert (wire.ear.given, wire.ear.arrivals) == ([media(1)], [])


def test_loss_works_both_ways(wire: Wire) -> None:
    link = wire.careful(loss=1.0)
    wire.say(media(1))
    wire.poller.serve()
    link.send(b"never")
    wire.server.setblocking(False)
    with pytest.raises(BlockingIOError):
        wire.server.recv(100)
    assert not wire.ear.given


def test_a_slow_link_delivers_later_and_in_order(wire: Wire) -> None:
    link = wire.careful(rate=((0.0, 62 * 8 * 10.0),))  # ten packets a second
    wire.say(media(1), media(2), media(3))
    link.drain(NOW)
    assert not wire.ear.given
    for turn in range(1, 4):
        for action in wire.timers.pop_due(NOW + 0.1 * turn + 1e-6):
            action(NOW + 0.1 * turn + 1e-6)
        assert len(wire.ear.given) == turn
    assert wire.ear.given == [media(1), media(2), media(3)]
    gaps = [(b - a) / 1e9 for a, b in zip(wire.ear.arrivals, wire.ear.arrivals[1:], strict=False)]
    assert gaps == pytest.approx([0.1, 0.1], abs=0.05)
    assert wire.timers.next_deadline() is None
    wire.say(media(4))
    link.drain(NOW + 1)
    link.close()
    assert wire.timers.next_deadline() is None
    link.drain(NOW + 1)


def test_without_the_kernels_word_the_time_of_reading_stands_in() -> None:
    level = socket.SOL_SOCKET
    assert _arrival([], 5) == 5
    assert _arrival([(level, 35, struct.pack("@qq", 2, 3))], 5) == 2_000_000_003
    assert _arrival([(level, 35, b"short"), (level, 1, bytes(16))], 5) == 5


def test_no_way_to_the_server_is_said() -> None:
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the machine
        open_socket(("255.255.255.255", 9))
