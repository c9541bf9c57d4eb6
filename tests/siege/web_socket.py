"""A WebSocket with Socket.IO on it, as bare as an attacker wants it (RFC 6455, Engine.IO 4).

Frames can be made once and sent a thousand times: the mask is zero, which is legal. Nobody reads
unless asked to.
"""

import asyncio
import json
import socket
import time
from base64 import b64encode
from collections.abc import Callable
from os import urandom
from typing import Any

ANSWERS_WITHIN = 10.0  # s
TEXT, CLOSE = 1, 8
_FIN, _MASKED = 0x80, 0x80
_LIMIT = 1 << 22  # bytes of what is read at once


class Refused(Exception):
    """The server closed the socket or said no."""


def frame(text: str, kind: int = TEXT) -> bytes:
    """A client's frame, masked with zeros."""
    data = text.encode()
    size = len(data)
    if size < 126:
        head = bytes((_FIN | kind, _MASKED | size))
    elif size < 65_536:
        head = bytes((_FIN | kind, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_FIN | kind, _MASKED | 127)) + size.to_bytes(8, "big")
    return head + bytes(4) + data


def event(name: str, payload: object, serial: int | None = None) -> str:
    """A Socket.IO event that asks for an acknowledgement when it has a serial."""
    number = "" if serial is None else str(serial)
    return f"42{number}{json.dumps([name, payload], separators=(',', ':'))}"


def _patience(opened: str) -> float:
    """What the server asks of a client's patience (Engine.IO 4, "open"); milliseconds there."""
    told = json.loads(opened[1:])
    return float(told["pingInterval"] + told["pingTimeout"]) / 1000


class RawSocket:
    """One socket. `read` counts the bytes of all messages that were taken."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._serial = 0
        self.read = 0
        self.close_code: int | None = None
        self.patience = 0.0  # s without a ping after which a client leaves

    @classmethod
    async def open(cls, host: str, port: int, receive_buffer: int = 0) -> "RawSocket":
        """Until Engine.IO says that it is open; raises Refused or OSError."""
        raw = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        raw.setblocking(False)
        if receive_buffer:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await asyncio.get_running_loop().sock_connect(raw, (host, port))
                limit = receive_buffer or _LIMIT
                reader, writer = await asyncio.open_connection(sock=raw, limit=limit)
                found = cls(reader, writer)
                await found._upgrade(f"{host}:{port}")
                opened = await found.receive(lambda text: text.startswith("0"))
                found.patience = _patience(opened)
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            raw.close()
            raise Refused(f"no WebSocket: {error!r}") from None
        return found

    async def _upgrade(self, host: str) -> None:
        key = b64encode(urandom(16)).decode()
        lines = (
            "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
            f"Host: {host}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        )
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer.partition(b"\r\n")[0]:
            raise Refused(answer.partition(b"\r\n")[0].decode("ascii", "replace"))

    async def connect(self, token: str) -> None:
        """Brings the token; raises Refused with the server's code."""
        await self.send(frame("40" + json.dumps({"token": token})))
        text = await self.receive(lambda text: text.startswith(("40", "44")))
        if text.startswith("44"):
            raise Refused(str(json.loads(text[2:]).get("data", {}).get("code", text)))

    async def send(self, data: bytes) -> None:
        """Waits while the kernel has no room, but not for ever; raises Refused."""
        if self._writer.is_closing():
            raise Refused("the socket is closed")
        self._writer.write(data)
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                await self._writer.drain()
        except (TimeoutError, OSError) as error:
            raise Refused(f"nothing is taken: {error!r}") from None

    def send_now(self, data: bytes) -> bool:
        """Sends if the kernel takes it at once; False when there is still something to send."""
        transport = self._writer.transport
        if transport.is_closing() or transport.get_write_buffer_size():
            return False
        self._writer.write(data)
        return True

    @property
    def is_closed(self) -> bool:
        return self._writer.is_closing() or self._reader.at_eof()

    async def request(self, name: str, payload: object) -> dict[str, Any]:
        """The acknowledgement, accepted or refused."""
        self._serial += 1
        await self.send(frame(event(name, payload, self._serial)))
        return await self.acknowledgement(self._serial)

    async def acknowledgement(self, serial: int) -> dict[str, Any]:
        mark = f"43{serial}["
        text = await self.receive(lambda text: text.startswith(mark))
        found = json.loads(text[len(mark) - 1 :])[0]
        return found if isinstance(found, dict) else {}

    async def receive(self, wanted: Callable[[str], bool]) -> str:
        """The next message that is wanted; answers pings; raises Refused at the end."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN):
                while not wanted(text := await self._message()):
                    if text == "41":
                        raise Refused("the server let it go")
                    if text == "2":
                        await self.send(frame("3"))
                return text
        except TimeoutError:
            raise Refused(f"no answer within {ANSWERS_WITHIN:.0f} s") from None
        except (asyncio.IncompleteReadError, OSError) as error:
            raise Refused(f"the socket was closed: {error!r}") from None

    async def _message(self) -> str:
        first, second = await self._reader.readexactly(2)
        size = second & 0x7F
        if size >= 126:
            size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
        data = await self._reader.readexactly(size)
        self.read += size
        if first & 0x0F == CLOSE:
            self.close_code = int.from_bytes(data[:2], "big") if data else 1005
            raise Refused(f"closed with {self.close_code}")
        return data.decode("utf-8", "replace")

    async def longest_silence(self) -> float:
        """Seconds between two pings, at worst, until the socket ends or this is cancelled."""
        last, longest = time.monotonic(), 0.0
        try:
            await self.send(frame("3"))
            while True:
                if await self._message() == "2":
                    now = time.monotonic()
                    last, longest = now, max(longest, now - last)
                    await self.send(frame("3"))
        except asyncio.CancelledError:
            return max(longest, time.monotonic() - last)
        except (Refused, asyncio.IncompleteReadError, OSError):
            return float("inf")

    async def close(self) -> None:
        """At once, without a word."""
        self._writer.transport.abort()
