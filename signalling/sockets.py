"""The WebSocket under Engine.IO: as its own driver's, without what costs memory.

Engine.IO is given it in place of the driver's class; tests/signalling/test_sockets.py says so
when that place moves.
"""

import socketio
from aiohttp import web
from engineio.async_drivers.aiohttp import WebSocket

from signalling.socket_queue import SocketQueue


class PlainSocket(WebSocket):  # type: ignore[misc]
    """One socket that is not compressed and whose end is no exception.

    permessage-deflate, which browsers always offer, would keep 130 kB for each socket, and
    compress an event for a thousand sockets a thousand times. An exception at the end would leave
    a circle of frames, 50 kB, until the next collection of everything (sfu.io.collector).
    """

    async def __call__(self, environ: dict[str, object]) -> web.WebSocketResponse:
        request = environ["aiohttp.request"]
        assert isinstance(request, web.Request)
        self._sock = web.WebSocketResponse(
            max_msg_size=self.server.max_http_buffer_size, compress=False
        )
        await self._sock.prepare(request)
        self.environ = environ
        await self.handler(self)
        return self._sock

    async def wait(self) -> str | bytes | None:
        """The next message, None at the end."""
        data = (await self._sock.receive()).data
        return data if isinstance(data, str | bytes) else None


def use_plain_sockets(server: socketio.AsyncServer) -> None:
    """Has the server make its sockets so, and the queues before them."""
    server.eio._async = {**server.eio._async, "websocket": PlainSocket}
    server.eio.create_queue = SocketQueue
