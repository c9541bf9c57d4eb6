"""The sending half of the socket: at once where it can, in batches, else through the backlog.

`append` and `append_batches` are the fast path: one check, then the system call. When that fails,
the slow path tries again and treats each error by its number.
"""

import asyncio
import errno
import logging
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Container, Sequence

from sfu.fanout.gso_batch import UDP_SEGMENT, cut
from sfu.fanout.outbox import Destinations, Send, split
from sfu.io import many
from sfu.io.backlog import Backlog, IsVideo
from sfu.stats import DropReason
from sfu.wire.address import Address

RETRY_AFTER = 0.005  # s; no event tells that a device's queue has room again (ENOBUFS)
MAX_TURNS = 64  # of waiting destinations served before the loop goes on
MAX_REFUSING = 1_024  # destinations known to take no batches; the oldest is tried again
MAX_IO_ERRORS = 8  # destinations with EIO; then it is taken for the device's doing

# The device's queue or the kernel's memory is full: wait for the next EAGAIN, or a while.
_SHORT = frozenset({errno.ENOBUFS, errno.ENOMEM})
# Errors of a batch where single datagrams may pass: a route's MTU below the segments (EMSGSIZE,
# EINVAL on older kernels), an IPsec policy or, before Linux 6.11, no checksums in the device (EIO).
_REFUSES_BATCHES = frozenset({errno.EMSGSIZE, errno.EINVAL, errno.EIO, errno.EOPNOTSUPP})
_REASONS = {
    errno.EMSGSIZE: DropReason.SEND_TOO_BIG,
    errno.ECONNREFUSED: DropReason.SEND_REFUSED,
    errno.EPERM: DropReason.SEND_FORBIDDEN,
    errno.EACCES: DropReason.SEND_FORBIDDEN,
    errno.ENETUNREACH: DropReason.SEND_UNREACHABLE,
    errno.EHOSTUNREACH: DropReason.SEND_UNREACHABLE,
    errno.ENETDOWN: DropReason.SEND_UNREACHABLE,
}

Control = list[tuple[int, int, bytes]]


class _ControlBySize(dict[int, Control]):
    """The ancillary data of a send, by the size of its segments; made once for each size."""

    def __missing__(self, size: int) -> Control:
        made = self[size] = [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))]
        return made


_CONTROL = _ControlBySize()

log = logging.getLogger(__name__)


class Sender:
    """The worker's outbox on an open socket; before `open` and after `close` nothing leaves."""

    def __init__(
        self,
        drops: Counter[DropReason],
        is_video: IsVideo,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.backlog = Backlog(is_video, drops)
        self.refusals = 0
        self._drops = drops
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: socket.socket | None = None
        self._segmenting = True
        self._many: many.ManySender | None = None
        self._refusing: dict[Address, None] = {}
        self._io_errors = 0
        self._full = False  # EAGAIN: no datagram leaves until the socket is writable
        self._retry: asyncio.Handle | None = None  # ENOBUFS: those that wait are tried again then
        self._writing = False
        self._held = True  # everything takes the slow path

    def open(self, udp: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        """Sends by this non-blocking socket from now on."""
        self._socket, self._loop = udp, loop
        self._segmenting = knows_segments(udp)
        if self._segmenting and many.is_available():
            self._many = many.ManySender(udp)
        self._settle()

    def finish(self, within: float) -> None:
        """Sends what waits, good-byes above all; the loop stands still meanwhile."""
        if self._socket is None:
            return
        until, poller = self._clock() + within, select.poll()
        poller.register(self._socket.fileno(), select.POLLOUT)
        while self.backlog and (left := until - self._clock()) > 0:
            if self._retry is None:
                poller.poll(left * 1_000)
            else:  # a device's queue tells nothing
                self._retry.cancel()
                self._retry = None
                select.poll().poll(min(left, RETRY_AFTER) * 1_000)
            self._full = False
            self._drain()

    def close(self) -> None:
        """Idempotent; what waits is gone."""
        if self._socket is not None and self._loop is not None and self._writing:
            self._loop.remove_writer(self._socket.fileno())
        if self._retry is not None:
            self._retry.cancel()
        self._retry, self._writing, self._full = None, False, False
        self._socket, self._many, self._held = None, None, True
        self.backlog.clear()
        self._refusing.clear()

    def forget_all_but(self, known: Container[Address]) -> None:
        """Drops the waiting media of connections that have closed."""
        for address in self.backlog.addresses():
            if address not in known:
                self.backlog.discard(address)
        for address in [one for one in self._refusing if one not in known]:
            del self._refusing[address]
        self._settle()

    # -- the fast path ----------------------------------------------------------------------

    def append(self, send: Send, /) -> None:
        """The worker's outbox: datagrams of any sizes."""
        address, datagrams = send
        udp = self._socket
        if self._held or udp is None or (self._refusing and address in self._refusing):
            self._append_slowly(address, datagrams)
            return
        sent = 0
        try:
            if len(datagrams) == 1:
                udp.sendto(datagrams[0], address)
                return
            for start, end in cut(list(map(len, datagrams))):
                self._send(address, datagrams[start:end])
                sent = end
        except OSError:
            self._append_slowly(address, datagrams[sent:])

    def append_batches(
        self, destinations: Destinations, buffer: bytearray, length: int, segment: int, /
    ) -> None:
        """The worker's outbox for a fan-out; the caller has kept to the bounds of one send."""
        sender, addresses, done = self._many, destinations.addresses, 0
        refused = self._refusing and not self._refusing.keys().isdisjoint(addresses)
        if sender is not None and not self._held and not refused:
            done = sender.send(destinations, buffer, length, segment)
        for place in range(done, len(addresses)):
            batch = memoryview(buffer)[place * length : (place + 1) * length]
            self.append((addresses[place], split(batch, segment)))

    # -- the slow path ----------------------------------------------------------------------

    def _append_slowly(self, address: Address, datagrams: Sequence[bytes]) -> None:
        if self._socket is None:
            return
        waits = self._full or address in self.backlog
        if rest := datagrams if waits else datagrams[self._deliver(address, datagrams) :]:
            self.backlog.push(address, rest, self._clock())
            self._settle()

    def _deliver(self, address: Address, datagrams: Sequence[bytes]) -> int:
        """Sends in order; returns how many were sent or dropped before the rest must wait."""
        done = 0
        while done < len(datagrams):
            rest = datagrams[done:]
            single = not self._segmenting or address in self._refusing
            batch = rest[:1] if single else rest[: cut(list(map(len, rest)))[0][1]]
            try:
                self._send(address, batch)
            except OSError as error:
                if self._must_wait(error):
                    return done
                if len(batch) > 1 and error.errno in _REFUSES_BATCHES:
                    self._refuse(address, error)
                    continue
                self._drops[_REASONS.get(error.errno or 0, DropReason.SEND_FAILED)] += len(batch)
                log.debug("%d to %s not sent: %s", len(batch), address, error)
            done += len(batch)
        return done

    def _send(self, address: Address, batch: Sequence[bytes]) -> None:
        if self._socket is None:
            return
        if len(batch) == 1:
            self._socket.sendto(batch[0], address)
        else:
            self._socket.sendmsg(batch, _CONTROL[len(batch[0])], 0, address)

    def _must_wait(self, error: OSError) -> bool:
        if isinstance(error, BlockingIOError):
            self._full = True
        elif error.errno in _SHORT and self._loop is not None:
            if self._retry is None:
                self._retry = self._loop.call_later(RETRY_AFTER, self._on_retry)
        else:
            return False
        return True

    def _refuse(self, address: Address, error: OSError) -> None:
        """This path takes single datagrams only; noticed and told once."""
        self.refusals += 1
        self._refusing[address] = None
        if len(self._refusing) > MAX_REFUSING:
            del self._refusing[next(iter(self._refusing))]
        log.warning("%s:%s takes no UDP_SEGMENT batches (%s)", *address[:2], error.strerror)
        self._io_errors += error.errno == errno.EIO
        if self._io_errors >= MAX_IO_ERRORS and self._segmenting:
            self._segmenting = False
            log.warning("UDP_SEGMENT is not available (%s): sending one by one", error.strerror)
            self._settle()

    # -- the backlog ------------------------------------------------------------------------

    def _on_writable(self) -> None:
        self._full = False
        self._drain()

    def _on_retry(self) -> None:
        self._retry = None
        self._drain()

    def _drain(self) -> None:
        """Serves destinations in turn until the socket is full again, or for so many turns."""
        now = self._clock()
        for _ in range(MAX_TURNS):
            if self._full or self._retry is not None or not (turn := self.backlog.peek(now)):
                break
            self.backlog.advance(self._deliver(*turn))
        self._settle()

    def _settle(self) -> None:
        """The fast path is free when nothing waits; the socket is watched while something does."""
        if self._socket is None or self._loop is None:
            return
        waiting = bool(self.backlog)
        self._full = self._full and waiting
        self._held = waiting or not self._segmenting
        writing = waiting and self._retry is None
        if writing and not self._writing:
            self._loop.add_writer(self._socket.fileno(), self._on_writable)
        elif self._writing and not writing:
            self._loop.remove_writer(self._socket.fileno())
        self._writing = writing


def knows_segments(udp: socket.socket) -> bool:
    """True when the kernel has UDP_SEGMENT; an older one would send a batch as one datagram."""
    try:
        udp.getsockopt(socket.IPPROTO_UDP, UDP_SEGMENT)
    except OSError:
        log.warning("UDP_SEGMENT is not available: sending one by one")
        return False
    return True
