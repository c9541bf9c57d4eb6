"""What is asked of the kernel, and what it granted."""

import errno
import socket
from collections.abc import Iterator

import pytest

from sfu.io.buffers import (
    BUFFER_BYTES,
    SO_MEMINFO,
    SO_RCVBUFFORCE,
    SO_SNDBUFFORCE,
    Buffers,
    overruns,
    size_buffers,
)


@pytest.fixture
def udp() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


class Kernel:
    """A socket of a kernel that grants up to `limit`, and beyond it only to root."""

    def __init__(self, limit: int, *, root: bool) -> None:
        self.limit, self.root = limit, root
        self.granted: dict[int, int] = {}

    def setsockopt(self, level: int, option: int, value: int) -> None:
        forced = {SO_RCVBUFFORCE: socket.SO_RCVBUF, SO_SNDBUFFORCE: socket.SO_SNDBUF}
        if option not in forced:
            self.granted[option] = 2 * min(value, self.limit)
        elif self.root:
            self.granted[forced[option]] = 2 * value
        else:
            raise PermissionError(errno.EPERM, "not root")

    def getsockopt(self, level: int, option: int, size: int = 0) -> int | bytes:
        if option == SO_MEMINFO:
            raise OSError(errno.ENOPROTOOPT, "too old")
        return self.granted[option]


@pytest.mark.parametrize(
    ("limit", "root", "expected"),
    [
        (212_992, False, Buffers(212_992, 212_992)),
        (212_992, True, Buffers(BUFFER_BYTES, BUFFER_BYTES)),
        (2**30, False, Buffers(BUFFER_BYTES, BUFFER_BYTES)),
    ],
)
def test_root_goes_beyond_the_limit(limit: int, root: bool, expected: Buffers) -> None:
    assert size_buffers(Kernel(limit, root=root)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("buffers", "advice"),
    [
        (Buffers(BUFFER_BYTES, BUFFER_BYTES), ""),
        (Buffers(1, BUFFER_BYTES), "Run `sysctl -w net.core.rmem_max=8388608`."),
        (Buffers(BUFFER_BYTES, 1), "Run `sysctl -w net.core.wmem_max=8388608`."),
        (Buffers(1, 1), "Run `sysctl -w net.core.rmem_max=8388608 net.core.wmem_max=8388608`."),
    ],
)
def test_advice_names_what_to_set(buffers: Buffers, advice: str) -> None:
    assert buffers.advice() == advice


def test_granted_reads_well() -> None:
    assert str(Buffers(BUFFER_BYTES, 212_992)) == "receive 8192 KiB, send 208 KiB"


def test_a_real_socket_gets_something(udp: socket.socket) -> None:
    granted = size_buffers(udp)
    assert udp.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) == 2 * granted.receive
    assert 0 < granted.send <= BUFFER_BYTES


def test_overruns_are_those_of_this_socket(udp: socket.socket) -> None:
    udp.bind(("127.0.0.1", 0))
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    assert overruns(udp) == 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        for _ in range(100):
            far.sendto(bytes(1_000), udp.getsockname())
    assert 50 < overruns(udp) <= 100


def test_an_old_kernel_does_not_tell() -> None:
    assert overruns(Kernel(1, root=True)) == 0  # type: ignore[arg-type]
