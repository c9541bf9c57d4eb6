"""The WebSocket under Engine.IO: uncompressed, counted byte by byte until it is let in.

`ByteLimit` stands where aiohttp keeps the parser of a connection;
tests/signalling/socket/test_websocket.py says so when that place moves.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import WSMessage, web

LAST_WORDS = 2.0  # seconds to write what is queued, and for the peer's half of the closing
MAX_MESSAGE = 500_000  # bytes; the longest offer fits with its JSON escapes


class ByteLimit:
    """A parser that is given at most so many bytes, whatever frames they are cut into."""

    __slots__ = ("_left", "_parser", "_too_much")

    def __init__(self, parser: Any, limit: int, too_much: Callable[[], None]) -> None:
        self._parser = parser
        self._left = limit
        self._too_much = too_much

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """As aiohttp's parser; what goes beyond the limit is not even put together."""
        self._left -= len(data)
        if self._left < 0:
            self._too_much()
            return False, b""
        result: tuple[bool, bytes] = self._parser.feed_data(data)
        return result

    def feed_eof(self) -> None:
        self._parser.feed_eof()


class PlainSocket:
    """One WebSocket that is not compressed and whose end is no exception.

    permessage-deflate, which browsers always offer, would keep 130 kB for each socket, and
    compress an event for a thousand sockets a thousand times. An exception at the end would leave
    a circle of frames, 50 kB, until the next collection of everything (sfu.io.collector). Pings of
    WebSocket's own are not answered unseen: a buffer full of them would take 0.2 s at once.
    """

    def __init__(self) -> None:
        self._socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE, compress=False, autoping=False, timeout=LAST_WORDS
        )
        self._request: web.Request | None = None

    async def open(self, request: web.Request, limit: int, too_much: Callable[[], None]) -> None:
        """Answers the handshake; `too_much` is called when more than `limit` bytes come before
        `lift`."""
        await self._socket.prepare(request)
        self._request = request
        protocol: Any = request.protocol
        protocol._payload_parser = ByteLimit(protocol._payload_parser, limit, too_much)

    def lift(self) -> None:
        """The limit is over: MAX_MESSAGE a message from now on."""
        protocol: Any = None if self._request is None else self._request.protocol
        if protocol is not None and isinstance(protocol._payload_parser, ByteLimit):
            protocol._payload_parser = protocol._payload_parser._parser

    @property
    def response(self) -> web.WebSocketResponse:
        """What the request is answered with in the end."""
        return self._socket

    async def receive(self) -> WSMessage:
        """The next message, also one that says it is over."""
        return await self._socket.receive()

    async def send(self, packet: str) -> None:
        """Waits while the peer does not read."""
        await self._socket.send_str(packet)

    async def pong(self, payload: bytes) -> None:
        """Answers a ping of WebSocket's own."""
        await self._socket.pong(payload)

    async def close(self, code: int) -> None:
        """With the closing handshake."""
        await self._socket.close(code=code)

    def abort(self) -> None:
        """At once, whatever is still to be written."""
        if self._request is not None and self._request.transport is not None:
            self._request.transport.abort()
