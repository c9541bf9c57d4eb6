"""The bots' sockets: all of a fleet's behind one epoll, read as cheaply as the bot allows.

A plain link reads into one buffer that all share and looks at three fields of the header. A
careful one, of a sampled bot or one with a bad network, takes the kernel's time of arrival with
each datagram.
"""

import errno
import select
import socket
import time
from collections import deque
from collections.abc import Callable
from struct import Struct

from loadtest.bot.connection import Action, Connection
from loadtest.bot.faults import BadLink
from sfu.io.buffers import SO_RCVBUFFORCE, overruns
from sfu.timers import Timers

RECEIVE_BUFFER = 1 << 20  # bytes for a bot: seconds of what it is sent
MAX_SIZE = 2_048  # bytes of a datagram
MAX_EVENTS = 256  # sockets a round
MAX_ROUNDS = 8  # before timers and others get their turn
WORTH_ANOTHER = 16  # fewer that were readable can wait for the next time
_READS = range(32)  # datagrams of one socket before the others get theirs

SO_TIMESTAMPNS = 35  # include/uapi/asm-generic/socket.h; Python names it not
_TIMESPEC = Struct("@qq")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)
_fields = Struct(">xBH4xI").unpack_from  # marker and payload type, sequence number, SSRC
_PASSING = frozenset({errno.ECONNREFUSED, errno.ENOBUFS, errno.EPERM, errno.ENETUNREACH})

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
        self._read = udp.recv_into
        self._find = connection.streams.get
        self.unsent = 0
        poller.add(udp, self.drain)

    @property
    def overflows(self) -> int:
        """Datagrams that the kernel had no room for because they were not read in time."""
        return overruns(self._udp)

    def send(self, data: bytes) -> None:
        """Sends or, when the system refuses, counts."""
        try:
            self._udp.send(data)
        except BlockingIOError:
            self.unsent += 1
        except OSError as error:
            if error.errno not in _PASSING:
                raise
            self.unsent += 1

    def drain(self, now: float) -> None:
        """Reads to the end of a frame; asking for more would cost as much as a packet.

        Hot: everything in the loop happens for each packet of each bot.
        """
        read, find = self._read, self._find
        try:
            for _ in _READS:
                size = read(_BUFFER)
                second, seq, ssrc = _fields(_BUFFER)
                stream = find(ssrc)
                if stream is None:
                    self._connection.receive(bytes(_BUFFER[:size]), now)
                    return  # which may have closed the socket
                if seq == stream.expected:  # as Stream.receive, without a call
                    stream.expected = seq + 1 & 0xFFFF
                    stream.packets += 1
                    stream.bytes += size
                    if second & stream.ending:
                        stream.end_burst(now)
                        return
                    continue
                stream.receive(seq, second, size, now)
                if stream.missing:
                    self._connection.chase_soon(now)
        except BlockingIOError:
            return
        except ConnectionRefusedError:  # ICMP: the server is not there; ICE will tell
            return

    def close(self) -> int:
        """Idempotent; returns the overflows of its life."""
        if self._udp.fileno() < 0:
            return 0
        dropped = self.overflows
        self._poller.remove(self._udp)
        self._udp.close()
        return dropped


_BUFFER = bytearray(MAX_SIZE)


class CarefulLink(PlainLink):
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
        udp, bad = self._udp, self._bad
        for _ in _READS:
            if udp.fileno() < 0:
                return
            try:
                data, ancillary, _, _ = udp.recvmsg(MAX_SIZE, _ANCILLARY)
            except (BlockingIOError, ConnectionRefusedError):
                return
            read_ns = time.time_ns()
            arrival_ns = _arrival(ancillary, read_ns)
            if read_ns - arrival_ns > self._lag.worst_ns:
                self._lag.worst_ns = read_ns - arrival_ns
            if bad is None:
                self._deliver(data, arrival_ns, now)
            elif (when := bad.arrival(len(data), now)) is not None:
                self._hold(data, arrival_ns, when, now)

    def _hold(self, data: bytes, arrival_ns: int, when: float, now: float) -> None:
        if when <= now and not self._queue:
            self._deliver(data, arrival_ns, now)
            return
        self._queue.append((when, data, arrival_ns + int((when - now) * 1e9)))
        self._timers.set(self._release, self._queue[0][0])

    def _release(self, now: float) -> None:
        """What has come through the slow link by now."""
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
        try:
            udp.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        except OSError:  # not root
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        udp.connect(address)
    except OSError:
        udp.close()
        raise
    return udp
