"""The far ends of a bench: sockets, the process that reads them, the process that sends on time.

The sockets are made before both processes are forked: one reads them, the other sends from
them, so that the worker sees each subscriber's feedback come from its own address.
"""

import multiprocessing
import os
import resource
import select
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe

from tests.support.rig import Address

SERVER_CORE, SINK_CORE = 0, 1
MIN_SINKS = 200  # the lean loop's destinations
DRAIN = 256  # reads
UDP_GRO = 104  # include/uapi/linux/udp.h

Timetable = list[tuple[float, int, list[bytes]]]  # when, from which socket, what


def udp_socket(*, whole_runs: bool = False) -> socket.socket:
    """One on loopback. `whole_runs`: the kernel leaves a run uncut, as it does for a network card
    that cuts, and for the bots of the load test; else nothing is spared the sender."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    udp.bind(("127.0.0.1", 0))
    if whole_runs:
        udp.setsockopt(socket.IPPROTO_UDP, UDP_GRO, 1)
    return udp


def pin(core: int) -> None:
    """To one core, where there is such a core."""
    if core < (os.cpu_count() or 1):
        os.sched_setaffinity(0, {core})


def allow_files(count: int) -> None:
    """Raises the limit of open files as far as it goes. Raises ValueError if that is too low."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise ValueError(f"needs {count} open files, the limit is {hard}: raise it (ulimit -n)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(slots=True)
class FarEnd:
    """Sockets by person (publishers first), and the two processes that use them."""

    sockets: list[socket.socket]
    addresses: list[Address]
    _reader: Pipe
    _sender: Pipe

    def play(self, port: int, timetable: Timetable) -> None:
        """Sends everything when it is due (time.monotonic), from the other core."""
        self._sender.send((port, timetable))

    def finished(self) -> bool:
        """Whether the last timetable is through."""
        return self._sender.poll()

    def worst_lag(self) -> float:
        """By how many seconds the sender was late at worst; waits until it is through."""
        lag: float = self._sender.recv()
        return lag

    def received(self) -> int:
        """Datagrams read since the start."""
        self._reader.send("count")
        count: int = self._reader.recv()
        return count


@contextmanager
def bare_end(people: int) -> Iterator[FarEnd]:
    """Sockets alone, which nobody reads: for what is counted, not timed."""
    sockets = [udp_socket() for _ in range(people)]
    ours, theirs = multiprocessing.Pipe()
    try:
        yield FarEnd(sockets, [udp.getsockname() for udp in sockets], ours, theirs)
    finally:
        for udp in sockets:
            udp.close()


@contextmanager
def far_end(people: int, *, plain: bool = False) -> Iterator[FarEnd]:
    """At least MIN_SINKS sockets; their processes end with the block. They take runs whole, as
    the bots do, unless `plain`."""
    count = max(people, MIN_SINKS)
    allow_files(2 * count + 100)
    sockets = [udp_socket(whole_runs=not plain) for _ in range(count)]
    context = multiprocessing.get_context("fork")
    pipes = []
    processes = []
    for target in (_read, _send):
        ours, theirs = context.Pipe()
        process = context.Process(target=target, args=(theirs, sockets), daemon=True)
        process.start()
        pipes.append(ours)
        processes.append(process)
    try:
        yield FarEnd(sockets, [udp.getsockname() for udp in sockets], *pipes)
    finally:
        for pipe, process in zip(pipes, processes, strict=True):
            pipe.send(None)
            process.join()
        for udp in sockets:
            udp.close()


def _read(pipe: Pipe, sockets: Sequence[socket.socket]) -> None:
    """Reads whatever comes, on its own core."""
    pin(SINK_CORE)
    poller = select.epoll()
    by_fd = {udp.fileno(): udp for udp in sockets}
    for fd in (*by_fd, pipe.fileno()):
        poller.register(fd, select.EPOLLIN)
    received = 0
    while True:
        for fd, _ in poller.poll():
            if fd != pipe.fileno():
                received += drain(by_fd[fd])
            elif pipe.recv() is None:
                return
            else:
                pipe.send(received)


_BUFFERS = (bytearray(65_536),)


def drain(udp: socket.socket) -> int:
    """Reads what is there; how many datagrams that was."""
    count = 0
    for _ in range(DRAIN):
        try:
            size, ancillary, _, _ = udp.recvmsg_into(_BUFFERS, socket.CMSG_SPACE(4))
        except BlockingIOError:
            return count
        segments = [value for _, kind, value in ancillary if kind == UDP_GRO]
        segment = int.from_bytes(segments[0], sys.byteorder) if segments else size
        count += -(-size // segment) if segment else 1
    return count


def _send(pipe: Pipe, sockets: Sequence[socket.socket]) -> None:
    """Plays timetables, on the same core as the reader."""
    pin(SINK_CORE)
    while (job := pipe.recv()) is not None:
        port, timetable = job
        pipe.send(play(sockets, port, timetable))


def play(sockets: Sequence[socket.socket], port: int, timetable: Timetable) -> float:
    """Sends each entry when it is due; returns the worst lateness in seconds."""
    worst = 0.0
    for due, person, datagrams in timetable:
        wait = due - time.monotonic()
        if wait > 0:
            select.select([], [], [], wait)
        else:
            worst = max(worst, -wait)
        for data in datagrams:
            try:
                sockets[person].sendto(data, ("127.0.0.1", port))
            except BlockingIOError:
                select.select([], [sockets[person]], [], 0.1)
    return worst
