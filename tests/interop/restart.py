"""An ICE restart on the client's side, which aiortc itself can't do: aioice does it here.

DTLS and SRTP of the peer live on; only what carries their datagrams is exchanged.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

from aioice import Candidate, Connection

from tests.interop.peer import Peer
from tests.interop.server import HOST, ClassServer


class Carrier(Protocol):
    """The two functions through which aiortc's DTLS transport reaches its ICE transport."""

    _recv: Callable[[], Awaitable[bytes]]
    _send: Callable[[bytes], Awaitable[None]]


class IceRestart:
    """New credentials for a connected peer, and a new pair of addresses to the worker."""

    def __init__(self, peer: Peer, server: ClassServer) -> None:
        self._peer = peer
        self._server = server
        self._ice = Connection(ice_controlling=True)
        self._connected = asyncio.Event()

    async def offer(self) -> None:
        """Offers the new credentials; the worker's new ones come in the answer."""
        await self._ice.gather_candidates()
        offer = self._peer.connection.localDescription.sdp
        offer = re.sub("a=ice-ufrag:.*", f"a=ice-ufrag:{self._ice.local_username}", offer)
        offer = re.sub("a=ice-pwd:.*", f"a=ice-pwd:{self._ice.local_password}", offer)
        answer = self._server.offer(self._peer.name, offer).sdp
        self._ice.remote_is_lite = True
        self._ice.remote_username = _value(answer, "ice-ufrag")
        self._ice.remote_password = _value(answer, "ice-pwd")
        host = Candidate("1", 1, "udp", 2130706431, HOST, self._server.port, "host")
        await self._ice.add_remote_candidate(host)
        await self._ice.add_remote_candidate(None)

    async def connect(self) -> None:
        """Moves the peer to the new pair. Datagrams must still flow on the old one: the peer
        waits on it, and takes the new one when it has got one more."""
        transceiver = self._peer.connection.getTransceivers()[0]
        carrier = cast(Carrier, transceiver.receiver.transport.transport)
        carrier._recv = self._receive
        for sink in self._peer.sinks.values():
            await sink.more(1)
        await self._ice.connect()
        self._connected.set()
        carrier._send = self._ice.send

    async def _receive(self) -> bytes:
        await self._connected.wait()
        return await self._ice.recv()

    @property
    def address(self) -> tuple[str, int]:
        """Where the new pair begins."""
        (host,) = self._ice.local_candidates
        return host.host, host.port

    async def close(self) -> None:
        await self._ice.close()


def _value(sdp: str, attribute: str) -> str:
    match = re.search(f"a={attribute}:(.*)\r\n", sdp)
    assert match
    return match[1]
