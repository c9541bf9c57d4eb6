"""A UDP relay between one peer and the worker, that loses what a test wants lost."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.interop.server import HOST

Loss = Callable[[bytes], bool]


def nothing(datagram: bytes) -> bool:
    return False


def rtp_ssrc(datagram: bytes) -> int | None:
    """The SSRC of an RTP packet; None for everything else (RFC 7983, RFC 5761)."""
    if len(datagram) < 12 or not 128 <= datagram[0] < 192 or 192 <= datagram[1] <= 223:
        return None
    return int.from_bytes(datagram[8:12], "big")


@dataclass(slots=True)
class EveryNth:
    """Loses each n-th packet of a stream; its RTX, another stream, gets through."""

    ssrc: int
    n: int
    seen: int = 0
    lost: int = 0

    def __call__(self, datagram: bytes) -> bool:
        if rtp_ssrc(datagram) != self.ssrc:
            return False
        self.seen += 1
        if self.seen % self.n:
            return False
        self.lost += 1
        return True


@dataclass(slots=True)
class EveryThird:
    """Loses each third datagram, of whatever kind."""

    seen: int = 0

    def __call__(self, datagram: bytes) -> bool:
        self.seen += 1
        return self.seen % 3 == 0


@dataclass(slots=True)
class FirstFrame:
    """Loses a stream's packets up to the first marker: its first frame, a key frame."""

    ssrc: int
    lost: int = 0
    over: bool = False

    def __call__(self, datagram: bytes) -> bool:
        if self.over or rtp_ssrc(datagram) != self.ssrc:
            return False
        self.lost += 1
        self.over = bool(datagram[1] & 0x80)
        return True


@dataclass(slots=True)
class Link:
    """`to_server` and `to_client` decide what is lost; `port` is where the peer sends to."""

    server_port: int
    to_server: Loss = nothing
    to_client: Loss = nothing
    port: int = 0
    _client: tuple[str, int] | None = None
    _ends: list[asyncio.DatagramTransport] = field(default_factory=list)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        near, _ = await loop.create_datagram_endpoint(
            lambda: _End(self._from_client), local_addr=(HOST, 0)
        )
        far, _ = await loop.create_datagram_endpoint(
            lambda: _End(self._from_server), remote_addr=(HOST, self.server_port)
        )
        self.port = near.get_extra_info("sockname")[1]
        self._ends = [near, far]

    def close(self) -> None:
        for end in self._ends:
            end.close()

    def _from_client(self, datagram: bytes, address: tuple[str, int]) -> None:
        self._client = address
        if not self.to_server(datagram):
            self._ends[1].sendto(datagram)

    def _from_server(self, datagram: bytes, address: tuple[str, int]) -> None:
        if self._client is not None and not self.to_client(datagram):
            self._ends[0].sendto(datagram, self._client)


class _End(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._received(data, addr)
