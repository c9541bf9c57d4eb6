"""A bot's Socket.IO conversation (signalling/PROTOCOL.md): Engine.IO 4 over one WebSocket.

Written here because python-socketio keeps several tasks and an HTTP session for each client: of
1,000 in one process each has one task. Events that the bot does not wait for are not even decoded.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

TIMEOUT = 10.0  # s for an answer, as the page
MAX_MESSAGE = 4 << 20  # bytes
BROKEN = (aiohttp.ClientError, OSError)  # errors of a socket that has broken

Json = dict[str, Any]
Listener = Callable[[str, Any], None]


class SignalError(Exception):
    """The conversation failed. `code` is the server's, "unreachable", "timeout" or
    "signalling_lost"."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Signalling:
    """One socket. `listener` gets the events named in `wanted`; `lost` is called once when the
    socket ends by itself."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, wanted: frozenset[str], listener: Listener
    ) -> None:
        self._http = http
        self._url = url
        self._wanted = wanted
        self._listener = listener
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._requests: dict[int, asyncio.Future[Any]] = {}
        self._serial = 0
        self._over = False
        self.lost: Callable[[SignalError], None] = lambda error: None

    async def open(self, token: str) -> None:
        """Connects with a join token; raises SignalError."""
        url = f"{self._url.rstrip('/')}/socket.io/?EIO=4&transport=websocket"
        try:
            async with asyncio.timeout(TIMEOUT):
                self._socket = await self._http.ws_connect(url, max_msg_size=MAX_MESSAGE)
                await self._expect("0")
                await self._socket.send_str("40" + json.dumps({"token": token}))
                await self._expect("40")
        except TimeoutError:
            raise SignalError("timeout", "The server did not answer in time.") from None
        except BROKEN as error:
            raise SignalError("unreachable", f"No connection: {error}") from None
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def _expect(self, prefix: str) -> str:
        """The next packet that begins so; a refusal raises SignalError."""
        assert self._socket is not None
        while True:
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise SignalError("signalling_lost", "The server closed the connection.")
            packet = message.data
            if packet.startswith("44"):
                said = json.loads(packet[2:]).get("data") or {}
                raise SignalError(said.get("code", "refused"), said.get("message", packet[2:]))
            if packet.startswith(prefix):
                return str(packet)
            await self._answer_ping(packet)

    async def request(self, event: str, payload: Json) -> Json:
        """An accepted message's acknowledgement; raises SignalError with the server's code."""
        if self._socket is None or self._socket.closed or self._over:
            raise SignalError("signalling_lost", "The connection is closed.")
        self._serial += 1
        number = self._serial
        future = asyncio.get_running_loop().create_future()
        self._requests[number] = future
        try:
            async with asyncio.timeout(TIMEOUT):
                await self._socket.send_str(f"42{number}{json.dumps([event, payload])}")
                reply = await future
        except TimeoutError:
            raise SignalError("timeout", f"{event} was not answered in time.") from None
        except BROKEN as error:
            raise SignalError("signalling_lost", f"The connection broke: {error}") from None
        finally:
            del self._requests[number]
        return _accepted(reply)

    async def close(self) -> None:
        """Leaves without a word of it to `lost`; idempotent."""
        self.lost = lambda error: None
        if self._socket is not None and not self._socket.closed:
            with suppress(*BROKEN):  # the server was faster, or the network has gone
                await self._socket.send_str("1")
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def _read(self) -> None:
        socket = self._socket
        assert socket is not None
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    if message.data == "41":  # the server let this client go
                        break
                    await self._take(message.data)
            error = SignalError("signalling_lost", f"The socket was closed ({socket.close_code}).")
        except BROKEN as fault:
            error = SignalError("signalling_lost", f"The connection broke: {fault}")
        except (ValueError, IndexError, KeyError) as fault:
            error = SignalError(
                "signalling_lost", f"The server's message is not understood: {fault}"
            )
        self._over = True
        for future in self._requests.values():
            if not future.done():
                future.set_exception(error)
        self.lost(error)

    async def _take(self, packet: str) -> None:
        if packet.startswith("42"):
            self._take_event(packet)
        elif packet.startswith("43"):
            body = packet.index("[")
            future = self._requests.get(int(packet[2:body]))
            if future is not None and not future.done():
                future.set_result(json.loads(packet[body:])[0])
        else:
            await self._answer_ping(packet)

    def _take_event(self, packet: str) -> None:
        name = packet[packet.index('"') + 1 :]
        name = name[: name.index('"')]
        if name in self._wanted:
            self._listener(name, json.loads(packet[packet.index("[") :])[1])

    async def _answer_ping(self, packet: str) -> None:
        if packet == "2" and self._socket is not None:
            await self._socket.send_str("3")


def _accepted(reply: object) -> Json:
    """The acknowledgement of an accepted message; raises SignalError for a refusal."""
    if not isinstance(reply, dict):
        raise SignalError("bad_reply", "The server's answer was not understood.")
    if reply.get("ok") is True:
        return reply
    said = reply.get("error") or {}
    raise SignalError(said.get("code", "bad_reply"), said.get("message", "No reason was given."))
