"""The bots' sockets: all of a fleet's behind one epoll, read as cheaply as the bot allows.

A picture comes as one read, as the server sent it: with UDP_GRO (Linux 5.0) the kernel leaves the
datagrams of a run together. It need not cut them then, which on loopback is the server's work and
between machines that of the network card.

A plain link looks at three fields of each header. A careful one, of a sampled bot or one with a
bad network, takes the kernel's time of arrival with each datagram.
"""

import select
import socket
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from struct import Struct

from loadtest.bot.connection import Action, Connection
from loadtest.bot.faults import BadLink
from sfu.io.buffers import overruns, size_receive_buffer
from sfu.timers import Timers

RECEIVE_BUFFER = 1 << 20  # bytes for a bot: seconds of what it is sent
MAX_SIZE = 65_536  # bytes of a read: of a run of datagrams
MAX_EVENTS = 256  # sockets a round
MAX_ROUNDS = 8  # before timers and others get their turn
WORTH_ANOTHER = 16  # fewer that were readable can wait for the next time
_READS = range(32)  # of one socket before the others get theirs

SO_TIMESTAMPNS = 35  # include/uapi/asm-generic/socket.h; Python names it not
UDP_GRO = 104  # include/uapi/linux/udp.h
_TIMESPEC = Struct("@qq")
_SEGMENT = Struct("@i")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size) + socket.CMSG_SPACE(_SEGMENT.size)
_fields = Struct(">xBH4xI").unpack_from  # marker and payload type, sequence number, SSRC

Drain = Callable[[float], None]


class Poller:
    """Calls the links of readable sockets."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._drains: dict[int, Drain] = {}

    def add(self, udp: socket.socket, drain: Drain) -> None:
        self._drains[udp.fileno()] = drain
        self._epoll.register(udp.fileno(), select.EPOLLIN)

    def remove(self, udp: socket.socket) -> None:
        del self._drains[udp.fileno()]
        self._epoll.unregister(udp.fileno())

    def serve(self) -> None:
        """Reads what has come. Level-triggered: what a link leaves is told again, in the next
        round if there is one."""
        drains = self._drains
        for _ in range(MAX_ROUNDS):
            ready = self._epoll.poll(0, MAX_EVENTS)
            now = time.monotonic()
            for descriptor, _ in ready:
                # an earlier one in this round may have closed it
                if (drain := drains.get(descriptor)) is not None:
                    drain(now)
            if len(ready) < WORTH_ANOTHER:
                return

    def close(self) -> None:
        self._epoll.close()


class Lag:
    """How late datagrams were read, at worst, since the last look."""

    def __init__(self) -> None:
        self.worst_ns = 0

    def take_ms(self) -> float:
        worst, self.worst_ns = self.worst_ns, 0
        return worst / 1e6


class PlainLink:
    """A connected socket of a bot that is not sampled."""

    def __init__(self, connection: Connection, poller: Poller, udp: socket.socket) -> None:
        self._connection = connection
        self._poller = poller
        self._udp = udp
        self._read = udp.recvmsg_into
        self._find = connection.streams.get
        self.unsent = 0
        poller.add(udp, self.drain)

    @property
    def overflows(self) -> int:
        """Datagrams that the kernel had no room for because they were not read in time."""
        return overruns(self._udp)

    def send(self, data: bytes) -> None:
        """Sends or, when the system refuses, counts: a bot's trouble must not end the others."""
        try:
            self._udp.send(data)
        except OSError:
            self.unsent += 1

    def drain(self, now: float) -> None:
        """Reads to the end of a frame; asking for more would cost as much as a packet."""
        read = self._read
        try:
            for _ in _READS:
                size, ancillary, _, _ = read(_BUFFERS, _ANCILLARY)
                if self._take(size, _segment(ancillary) or MAX_SIZE, now):
                    return
        except OSError:  # nothing more; or ICMP: the server is not there, and ICE will tell
            return

    def _take(self, size: int, segment: int, now: float) -> bool:
        """Counts a run of datagrams; whether that is all for now.

        Hot: everything in the loop happens for each packet of each bot.
        """
        find, done = self._find, False
        for start in range(0, size, segment):
            second, seq, ssrc = _fields(_BUFFER, start)
            stream = find(ssrc)
            length = min(segment, size - start)
            if stream is None:
                self._connection.receive(bytes(_BUFFER[start : start + length]), now)
                if self._udp.fileno() < 0:
                    return True
                done = True
            elif seq == stream.expected:  # as Stream.receive, without a call
                stream.expected = seq + 1 & 0xFFFF
                stream.packets += 1
                stream.bytes += length
                if second & stream.ending:
                    stream.end_burst(now)
                    done = True
            else:
                stream.receive(seq, second, length, now)
                if stream.missing:
                    self._connection.chase_soon(now)
        return done

    def close(self) -> int:
        """Idempotent; returns the overflows of its life."""
        if self._udp.fileno() < 0:
            return 0
        dropped = self.overflows
        self._poller.remove(self._udp)
        self._udp.close()
        return dropped


_BUFFER = bytearray(MAX_SIZE)
_BUFFERS = (_BUFFER,)


def _segment(ancillary: list[tuple[int, int, bytes]]) -> int:
    """The size of a run's datagrams, the last of which may be shorter; 0: it is a single one."""
    for level, kind, value in ancillary:
        if kind == UDP_GRO and level == socket.IPPROTO_UDP and len(value) == _SEGMENT.size:
            return int(_SEGMENT.unpack(value)[0])
    return 0


class MeasuredLink(PlainLink):
    """A socket whose datagrams carry their time of arrival, and which may be a bad one."""

    def __init__(
        self,
        connection: Connection,
        poller: Poller,
        udp: socket.socket,
        sampled: bool,
        bad: BadLink | None,
        timers: Timers[Action],
        lag: Lag,
    ) -> None:
        udp.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._sampled = sampled
        self._bad = bad
        self._timers = timers
        self._lag = lag
        self._queue: deque[tuple[float, bytes, int]] = deque()  # bounded by BadLink
        super().__init__(connection, poller, udp)

    def send(self, data: bytes) -> None:
        if self._bad is None or not self._bad.loses():
            super().send(data)

    def drain(self, now: float) -> None:
        """Reads all there is, until the socket is closed by what it brought."""
        try:
            for _ in _READS:
                size, ancillary, _, _ = self._read(_BUFFERS, _ANCILLARY)
                read_ns = time.time_ns()
                arrival_ns = _arrival(ancillary, read_ns)
                self._lag.worst_ns = max(self._lag.worst_ns, read_ns - arrival_ns)
                run, segment = bytes(_BUFFER[:size]), _segment(ancillary) or MAX_SIZE
                for start in range(0, size, segment):
                    if self._udp.fileno() < 0:
                        return
                    self._arrive(run[start : start + segment], arrival_ns, now)
        except OSError:  # as PlainLink.drain
            return

    def _arrive(self, data: bytes, arrival_ns: int, now: float) -> None:
        if self._bad is None:
            self._deliver(data, arrival_ns, now)
        elif (when := self._bad.arrival(len(data), now)) is not None:
            self._hold(data, arrival_ns, when, now)

    def _hold(self, data: bytes, arrival_ns: int, when: float, now: float) -> None:
        if when <= now and not self._queue:
            self._deliver(data, arrival_ns, now)
            return
        self._queue.append((when, data, arrival_ns + int((when - now) * 1e9)))
        self._timers.set(self._release, self._queue[0][0])

    def _release(self, now: float) -> None:
        """The datagrams that have come through the slow link by now."""
        queue = self._queue
        while queue and queue[0][0] <= now:
            _, data, arrival_ns = queue.popleft()
            self._deliver(data, arrival_ns, now)
        if queue:
            self._timers.set(self._release, queue[0][0])

    def _deliver(self, data: bytes, arrival_ns: int, now: float) -> None:
        if self._sampled:
            self._connection.receive_sampled(data, arrival_ns, now)
        else:
            self._connection.receive_unread(data, now)

    def close(self) -> int:
        self._timers.clear(self._release)
        self._queue.clear()
        return super().close()


def _arrival(ancillary: list[tuple[int, int, bytes]], default: int) -> int:
    """The kernel's time of arrival in ns since 1970; `default` where it did not say."""
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(value)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return default


def open_socket(address: tuple[str, int]) -> socket.socket:
    """A UDP socket to the server; raises OSError when there is no way to it."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        size_receive_buffer(udp, RECEIVE_BUFFER)
        with suppress(OSError):  # an older kernel: one by one
            udp.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
        udp.connect(address)
    except OSError:
        udp.close()
        raise
    return udp
