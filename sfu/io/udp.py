"""The worker's UDP socket: drains what has arrived, sends in batches, keeps one timer.

Linux's UDP_SEGMENT (udp(7)) lets one system call send a run of equal-sized datagrams to one
peer; where the kernel doesn't know it, datagrams are sent one by one.
"""

import asyncio
import errno
import logging
import socket
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sfu.events import Event
from sfu.ice import Address
from sfu.outbox import Send
from sfu.stats import DropReason
from sfu.worker import Worker

MAX_BATCH = 64  # datagrams drained per wake-up
MAX_SEGMENTS = 64  # of one UDP_SEGMENT send; more is EMSGSIZE
MAX_SEGMENTED_BYTES = 65_507  # of one UDP datagram before it is cut
MAX_SIZE = 2_048  # bytes of a datagram, either way
MAX_BACKLOG = 20_000  # datagrams kept while the socket's buffer is full
BUFFER_BYTES = 8 * 1024 * 1024
UDP_SEGMENT = 103  # include/uapi/linux/udp.h

# The ancillary data of a UDP_SEGMENT send, by the size of its segments.
_SEGMENTS = [
    [(socket.IPPROTO_UDP, UDP_SEGMENT, struct.pack("=H", size))] for size in range(MAX_SIZE + 1)
]

log = logging.getLogger(__name__)
Result = TypeVar("Result")


def runs(datagrams: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Cuts a list for UDP_SEGMENT: equal sizes in each run, the last one may be less."""
    sizes = list(map(len, datagrams))
    if sizes.count(sizes[0]) == len(sizes) <= MAX_SEGMENTS and sum(sizes) <= MAX_SEGMENTED_BYTES:
        yield datagrams  # the usual case: one frame
        return
    start, total = 0, 0
    for position, datagram in enumerate(datagrams):
        size = len(datagrams[start])
        full = position - start >= MAX_SEGMENTS or total + len(datagram) > MAX_SEGMENTED_BYTES
        ended = position > start and len(datagrams[position - 1]) < size
        if position > start and (full or ended or len(datagram) > size):
            yield datagrams[start:position]
            start, total = position, 0
        total += len(datagram)
    if start < len(datagrams):
        yield datagrams[start:]


class UdpWorker:
    """Runs one Worker on one socket of the running event loop, and is the worker's outbox.

    `on_events` gets what the core tells, after every stimulus.
    """

    def __init__(self, worker: Worker, on_events: Callable[[Sequence[Event]], None]) -> None:
        self.worker = worker
        worker.outbox = self
        worker.on_fault = _log_fault
        self._on_events = on_events
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._backlog: deque[Send] = deque()
        self._backlog_size = 0
        self._woken = False
        self._segmenting = True

    async def start(self, host: str, port: int) -> None:
        """Binds; port 0 takes any free one. Raises OSError when the port is taken."""
        self._socket = bind(host, port)
        self._segmenting = knows_segments(self._socket)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._on_readable)
        self.worker.on_wake = self._wake

    @property
    def port(self) -> int:
        """The bound port."""
        if self._socket is None:
            raise RuntimeError("the worker is not started")
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Stops; idempotent. The core keeps its state."""
        if self._socket is None or self._loop is None:
            return
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._socket.close()
        self._socket = None
        self._backlog.clear()
        self._backlog_size = 0
        self.worker.on_wake = lambda: None

    def call(self, operation: Callable[[Worker, float], Result]) -> Result:
        """Runs a control call with the present time, then sends what it caused."""
        try:
            return operation(self.worker, time.monotonic())
        finally:
            self._transmit()

    # -- input ------------------------------------------------------------------------------

    def _on_readable(self) -> None:
        if self._socket is None:
            return
        receive, recvfrom = self.worker.receive, self._socket.recvfrom
        now = time.monotonic()
        for _ in range(MAX_BATCH):
            try:
                data, address = recvfrom(MAX_SIZE)
            except BlockingIOError:
                break
            except OSError as error:  # ICMP errors of an earlier send surface here
                log.debug("receive failed: %s", error)
                continue
            receive(data, address, now)
        self._transmit()

    def _wake(self) -> None:
        """The core changed outside of input and timers (DTLS); merged to one call."""
        if not self._woken and self._loop is not None:
            self._woken = True
            self._loop.call_soon(self._on_wake)

    def _on_wake(self) -> None:
        self._woken = False
        self._transmit()

    def _on_timer(self) -> None:
        self._timer = None
        self.worker.handle_timers(time.monotonic())
        self._transmit()

    # -- output -----------------------------------------------------------------------------

    def _transmit(self) -> None:
        """After every stimulus: route, do what is due, send, tell, and set the one timer."""
        if self._socket is None:
            return
        now = time.monotonic()
        self.worker.flush(now)
        deadline = self.worker.next_deadline()
        if deadline is not None and deadline <= now:
            self.worker.handle_timers(now)
        self._arm()
        if events := self.worker.take_events():
            self._on_events(events)  # last: it may come back with a control call, or raise

    def _arm(self) -> None:
        """One timer; one that wakes too early is left alone and sets itself again then."""
        deadline = self.worker.next_deadline()
        if self._loop is None or deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        delay = max(deadline - time.monotonic(), 0.0)
        self._timer = self._loop.call_later(delay, self._on_timer)

    def append(self, send: Send, /) -> None:
        """The worker's outbox: sends at once, or queues while the socket's buffer is full."""
        address, datagrams = send
        if self._backlog:
            self._queue(address, datagrams)
        elif len(datagrams) == 1:
            self._send_one(address, datagrams[0])
        elif self._segmenting:
            for run in runs(datagrams):
                self._send_run(address, run)
        else:
            self._send_singly(address, datagrams)

    def _send_run(self, address: Address, run: Sequence[bytes]) -> None:
        if len(run) == 1:
            self._send_one(address, run[0])
            return
        if self._backlog or self._socket is None:
            self._queue(address, run)
            return
        try:
            self._socket.sendmsg(run, _SEGMENTS[len(run[0])], 0, address)
        except BlockingIOError:
            self._queue(address, run)
        except OSError as error:
            self._on_segment_error(error)
            self._send_singly(address, run)

    def _on_segment_error(self, error: OSError) -> None:
        """EIO: the device does no checksums, so no run will ever leave by it. Anything else (the
        path's MTU is below the segments, EINVAL) is that peer's matter."""
        if error.errno == errno.EIO and self._segmenting:
            self._segmenting = False
            log.warning("UDP_SEGMENT is not available (%s): sending one by one", error)

    def _send_singly(self, address: Address, datagrams: Sequence[bytes]) -> None:
        for datagram in datagrams:
            self._send_one(address, datagram)

    def _send_one(self, address: Address, datagram: bytes) -> None:
        if self._backlog or self._socket is None:
            self._queue(address, (datagram,))
            return
        try:
            self._socket.sendto(datagram, address)
        except BlockingIOError:
            self._queue(address, (datagram,))
        except OSError as error:
            log.debug("send failed: %s", error)
            self.worker.drops[DropReason.SEND_FAILED] += 1

    def _queue(self, address: Address, run: Sequence[bytes]) -> None:
        """The socket's buffer is full: keep a bounded amount, in order."""
        if self._loop is None or self._socket is None:
            return  # not started, or closed
        if self._backlog_size + len(run) > MAX_BACKLOG:
            self.worker.drops[DropReason.OUTBOX_FULL] += len(run)
            return
        if not self._backlog:
            self._loop.add_writer(self._socket.fileno(), self._on_writable)
        self._backlog.append((address, run))
        self._backlog_size += len(run)

    def _on_writable(self) -> None:
        backlog, self._backlog, self._backlog_size = self._backlog, deque(), 0
        if self._loop is not None and self._socket is not None:
            self._loop.remove_writer(self._socket.fileno())
        for send in backlog:
            self.append(send)


def knows_segments(udp: socket.socket) -> bool:
    """Whether the kernel has UDP_SEGMENT; an older one would send a run as one datagram."""
    try:
        udp.getsockopt(socket.IPPROTO_UDP, UDP_SEGMENT)
    except OSError:
        log.warning("UDP_SEGMENT is not available: sending one by one")
        return False
    return True


def _log_fault(owner: str, error: Exception) -> None:
    log.error("fault in %s", owner, exc_info=error)


def bind(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket with large buffers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            udp.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        udp.bind((host, port))
    except OSError:
        udp.close()
        raise
    return udp
