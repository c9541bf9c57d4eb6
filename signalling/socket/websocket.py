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
    """Gives a parser at most so many bytes, whatever frames they are cut into."""

    __slots__ = ("_left", "_parser", "_too_much")

    def __init__(self, parser: Any, limit: int, too_much: Callable[[], None]) -> None:
        self._parser = parser
        self._left = limit
        self._too_much = too_much

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Parses like aiohttp's parser; bytes beyond the limit are dropped unparsed."""
        self._left -= len(data)
        if self._left < 0:
            self._too_much()
            return False, b""
        result: tuple[bool, bytes] = self._parser.feed_data(data)
        return result

    def feed_eof(self) -> None:
        self._parser.feed_eof()


class PlainSocket:
    """One WebSocket that is not compressed and whose end raises no exception.

    permessage-deflate, which browsers always offer, would keep 130 kB for each socket, and
    compress an event for a thousand sockets a thousand times. An exception at the end would leave
    a reference cycle of frames, 50 kB, until the next full collection (sfu.io.collector). Pings of
    WebSocket's own are not answered unseen: a buffer full of them would take 0.2 s at once.
    """

    def __init__(self) -> None:
        self._socket = web.WebSocketResponse(
            max_msg_size=MAX_MESSAGE, compress=False, autoping=False, timeout=LAST_WORDS
        )
        self._request: web.Request | None = None

    async def open(self, request: web.Request, limit: int, too_much: Callable[[], None]) -> None:
        """Answers the handshake; calls `too_much` when more than `limit` bytes arrive before
        `lift`."""
        await self._socket.prepare(request)
        self._request = request
        protocol: Any = request.protocol
        protocol._payload_parser = ByteLimit(protocol._payload_parser, limit, too_much)

    def lift(self) -> None:
        """Ends the limit; from now on only each message is bounded, by MAX_MESSAGE."""
        protocol: Any = None if self._request is None else self._request.protocol
        if protocol is not None and isinstance(protocol._payload_parser, ByteLimit):
            protocol._payload_parser = protocol._payload_parser._parser

    @property
    def response(self) -> web.WebSocketResponse:
        """The response to the request that opened the socket."""
        return self._socket

    async def receive(self) -> WSMessage:
        """The next message, which may be the one that ends the connection."""
        return await self._socket.receive()

    async def send(self, packet: str) -> None:
        """Writes a packet; waits while the peer does not read."""
        await self._socket.send_str(packet)

    async def pong(self, payload: bytes) -> None:
        """Answers a ping of WebSocket's own."""
        await self._socket.pong(payload)

    async def close(self, code: int) -> None:
        """Closes with the closing handshake."""
        await self._socket.close(code=code)

    def abort(self) -> None:
        """Closes at once, whatever is still to be written."""
        if self._request is not None and self._request.transport is not None:
            self._request.transport.abort()
