"""The socket's buffers in the kernel: asked for, read back, and what overran them."""

import socket
import struct
from dataclasses import dataclass

BUFFER_BYTES = 8 * 1024 * 1024

# include/uapi/asm-generic/socket.h; Python names none of them.
SO_SNDBUFFORCE, SO_RCVBUFFORCE, SO_MEMINFO = 32, 33, 55
_MEMINFO = struct.Struct("=9I")  # struct sk_meminfo; the last is sk_drops
_DROPS = 8


@dataclass(frozen=True, slots=True)
class Buffers:
    """Bytes that the kernel granted, as setsockopt counts them (it keeps the double)."""

    receive: int
    send: int

    def advice(self) -> str:
        """Advice when the size is less than was asked for; else empty."""
        short = [
            f"net.core.{name}={BUFFER_BYTES}"
            for name, granted in (("rmem_max", self.receive), ("wmem_max", self.send))
            if granted < BUFFER_BYTES
        ]
        return f"Run `sysctl -w {' '.join(short)}`." if short else ""

    def __str__(self) -> str:
        return f"receive {self.receive // 1024} KiB, send {self.send // 1024} KiB"


def size_buffers(udp: socket.socket) -> Buffers:
    """Asks for large buffers; with CAP_NET_ADMIN beyond the limits of the system."""
    return Buffers(
        size_receive_buffer(udp, BUFFER_BYTES),
        _size(udp, SO_SNDBUFFORCE, socket.SO_SNDBUF, BUFFER_BYTES),
    )


def size_receive_buffer(udp: socket.socket, size: int) -> int:
    """Asks for this many bytes; returns what the kernel granted."""
    return _size(udp, SO_RCVBUFFORCE, socket.SO_RCVBUF, size)


def _size(udp: socket.socket, force: int, option: int, size: int) -> int:
    try:
        udp.setsockopt(socket.SOL_SOCKET, force, size)
    except OSError:  # not root
        udp.setsockopt(socket.SOL_SOCKET, option, size)
    return udp.getsockopt(socket.SOL_SOCKET, option) // 2


def overruns(udp: socket.socket) -> int:
    """Datagrams that the kernel dropped since the socket was made because they were not read
    in time; 0 where it does not tell (before Linux 4.12)."""
    try:
        told = udp.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
    except OSError:
        return 0
    return int(_MEMINFO.unpack(told)[_DROPS]) if len(told) == _MEMINFO.size else 0
