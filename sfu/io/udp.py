"""The worker's UDP socket: drains what has arrived, keeps one timer, tells what happened.

What leaves goes by the Sender.
"""

import asyncio
import logging
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol, TypeVar

from sfu.config import WorkerConfig
from sfu.dtls.session import AiortcDtls
from sfu.events import Event, Listener, TransportClosed
from sfu.fanout.outbox import Outbox
from sfu.io.buffers import overruns, size_buffers
from sfu.io.sender import Sender
from sfu.stalls import StallWatch
from sfu.stats import DropReason, SocketSnapshot
from sfu.wire.address import Address
from sfu.worker import Worker

MAX_BATCH = 64  # datagrams drained per wake-up
MAX_SIZE = 2_048  # bytes of a datagram that comes in
FAREWELL = 0.25  # s that the loop may stand still for what a full socket has not taken yet

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class BuildWorker(Protocol):
    """Makes the worker that a socket serves, as a partial of `Worker` does."""

    def __call__(self, *, outbox: Outbox, listener: Listener) -> Worker: ...


class UdpWorker:
    """Runs one Worker on one socket of the running event loop: its outbox and its listener."""

    def __init__(
        self,
        build: BuildWorker,
        on_events: Callable[[Sequence[Event]], None],
        drops: Counter[DropReason],
        stalls: StallWatch | None = None,
    ) -> None:
        """`on_events` gets what happened, after every input; `drops` counts what can't be sent."""
        self.sender = Sender(drops, self._is_video)
        self.worker = build(outbox=self.sender, listener=self)
        self.stalls = stalls or StallWatch()
        self._on_events = on_events
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.Handle | None = None
        self._timer_at = 0.0
        self._woken = False
        self._overruns = 0  # of sockets that are closed

    @classmethod
    def with_aiortc(
        cls,
        config: WorkerConfig,
        on_events: Callable[[Sequence[Event]], None],
        stalls: StallWatch | None = None,
    ) -> "UdpWorker":
        """One with DTLS by aiortc and the system's random bytes: that of the product."""
        drops: Counter[DropReason] = Counter()
        dtls = AiortcDtls(drops=drops)
        build = partial(Worker, config, dtls=dtls, random=os.urandom, drops=drops)
        return cls(build, on_events, drops, stalls)

    async def start(self, host: str, port: int) -> None:
        """Binds; port 0 takes any free one. Raises OSError when the port is taken."""
        self._socket = bind(host, port)
        self._loop = asyncio.get_running_loop()
        self.sender.open(self._socket, self._loop)
        self._loop.add_reader(self._socket.fileno(), self._on_readable)

    @property
    def port(self) -> int:
        """The bound port."""
        if self._socket is None:
            raise RuntimeError("the worker is not started")
        return int(self._socket.getsockname()[1])

    def close(self) -> None:
        """Sends what waits, for FAREWELL at most, and stops; idempotent. The core keeps its
        state."""
        if self._socket is None or self._loop is None:
            return
        self.sender.finish(FAREWELL)
        self._loop.remove_reader(self._socket.fileno())
        self.sender.close()
        self._overruns += overruns(self._socket)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._socket.close()
        self._socket = None

    def call(self, operation: Callable[[Worker, float], Result]) -> Result:
        """Runs a control call with the present time, then sends what it caused."""
        now = time.monotonic()
        try:
            return operation(self.worker, now)
        finally:
            self._transmit()
            self.stalls.took("control", now, time.monotonic())

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
        self.stalls.took("media", now, time.monotonic())

    def on_wake(self) -> None:
        """The worker changed outside of input and timers (DTLS); many calls are merged to one."""
        if not self._woken and self._loop is not None and self._socket is not None:
            self._woken = True
            self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._woken = False
        self._transmit()

    def _on_timer(self) -> None:
        self._timer = None
        now = time.monotonic()
        self.worker.handle_timers(now)
        self._transmit()
        self.stalls.took("timers", now, time.monotonic())

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
            deadline = self.worker.next_deadline()
        self._arm(deadline)
        self.worker.deliver_events()  # last: it may come back with a control call, or raise

    def on_events(self, events: Sequence[Event]) -> None:
        """Tells what happened, once the sender has forgotten the addresses of closed transports."""
        if any(isinstance(event, TransportClosed) for event in events):
            self.sender.forget_all_but(self.worker.by_address)
        self._on_events(events)

    def on_fault(self, owner: str, error: Exception) -> None:
        """Logs an exception inside a transport or a router."""
        log.error("fault in %s", owner, exc_info=error)

    def _arm(self, deadline: float | None) -> None:
        """One timer; one that wakes too early is left alone and sets itself again then."""
        if self._loop is None or deadline is None:
            return
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        delay = max(deadline - time.monotonic(), 0.0)
        self._timer = self._loop.call_later(delay, self._on_timer)

    # -- what the sender and metrics ask ----------------------------------------------------

    def _is_video(self, address: Address, ssrc: int) -> bool:
        """An SSRC without a slot is RTX, which only video has, or belongs to a closed transport."""
        transport = self.worker.by_address.get(address)
        consumer = transport.downlink.consumer_by_ssrc(ssrc) if transport is not None else None
        return consumer is None or consumer.kind == "video"

    def figures(self) -> SocketSnapshot:
        """The socket's own figures."""
        dropped = overruns(self._socket) if self._socket is not None else 0
        backlog = self.sender.backlog
        return SocketSnapshot(
            self._overruns + dropped, self.sender.refusals, backlog.datagrams, backlog.bytes
        )


def bind(host: str, port: int) -> socket.socket:
    """A non-blocking UDP socket with large buffers."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.setblocking(False)
        buffers = size_buffers(udp)
        udp.bind((host, port))
    except OSError:
        udp.close()
        raise
    if advice := buffers.advice():
        log.warning("the socket's buffers are small (%s). %s", buffers, advice)
    return udp
