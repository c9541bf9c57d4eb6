"""Engine.IO over WebSocket alone: opening, reading, writing, pings and the end of each socket.

It takes the place of Engine.IO's own socket, which reads a frame before it is paid for, takes a
task for each ping, and ends a socket when the server itself was late.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import engineio
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web
from engineio.base_socket import BaseSocket
from engineio.packet import CLOSE, MESSAGE, OPEN, PING, Packet

from signalling.errors import Refusal
from signalling.socket.clients import Budget
from signalling.socket.guard import STRANGER_BYTES, FrameAction, SocketGuard, Verdict
from signalling.socket.heartbeats import Heartbeats, LivedTime
from signalling.socket.websocket import LAST_WORDS, PlainSocket

PING_INTERVAL = 4.0
PING_TIMEOUT = 4.0  # seconds that an answer is waited for
TOLD_TIMEOUT = 5.0  # seconds that clients are told: they survive a stall of 4 s before a ping
MAX_UNSENT = 1_000_000  # bytes queued for one socket that does not read
LEAST = 64  # bytes counted for any packet: what a small one takes of memory
SLOWED = 0.05  # seconds that a socket is not read after a refused frame
UNAUTHENTICATED = 10.0  # seconds a socket may take to bring its token
STRANGERS = 5  # one place in so many is for sockets without a token; the oldest gives way
TICK = 0.1

_FRAMES = frozenset({WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})


class EngineSocket(BaseSocket):  # type: ignore[misc]
    """One Engine.IO socket, from its handshake to its end."""

    closed: bool  # nothing more is read or queued
    closing: bool  # the server above has been told

    def __init__(self, server: "EngineServer", sid: str) -> None:
        super().__init__(server, sid)
        self.opened_at = server.lived.now
        self._guard = SocketGuard()
        self._flooding: Callable[[], None] = lambda: None
        self._ws: PlainSocket | None = None
        self.unsent_bytes = 0  # of the packets in the queue

    # Calls of the server

    @property
    def is_stranger(self) -> bool:
        """True until a token is accepted."""
        return self._guard.budget is None

    def admit(self, budget: Budget, flooding: Callable[[], None]) -> None:
        """The token is good. `flooding` is called when refusals have gone on for too long."""
        self._guard.budget = budget
        self._flooding = flooding
        self.server.strangers.pop(self.sid, None)
        if self._ws is not None:
            self._ws.lift()

    async def send(self, packet: Packet) -> None:
        """Queues a packet; a socket that leaves too much unread is cut."""
        if self.closed:
            return
        self.put(packet)
        if self.unsent_bytes > MAX_UNSENT:
            self.cut("not_read")

    def put(self, packet: Packet | None) -> None:
        """Queues a packet, or the end (None), whatever waits already."""
        self.unsent_bytes += _size(packet)
        self.queue.put_nowait(packet)

    async def close(
        self, wait: bool = True, abort: bool = False, reason: str | None = None
    ) -> None:
        """Ends after what is queued; idempotent. With `wait`, returns once it is written."""
        if not self.closed:
            if not abort:
                self.put(Packet(CLOSE))
            self.put(None)
        self.closed = True
        if not self.closing:
            self.closing = True
            reason = reason or self.server.reason.SERVER_DISCONNECT
            await self.server._trigger_event("disconnect", self.sid, reason, run_async=False)
        if wait:
            await self.queue.join()

    def dismiss(self) -> None:
        """Ends after what is queued, within LAST_WORDS seconds; nothing more is read."""
        if not self.closed:
            self.closed = True
            self.put(None)
            asyncio.get_running_loop().call_later(LAST_WORDS, self._abort)

    def cut(self, reason: str) -> None:
        """Ends at once without a closing handshake, and counts the reason."""
        if not self.closed:
            self.closed = True
            self.server.closed[reason] += 1
            self._abort()

    def _abort(self) -> None:
        if self._ws is not None:
            self._ws.abort()

    # The life of the socket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Runs the socket from the handshake to its end."""
        ws: PlainSocket = self.server.plain_socket()
        await ws.open(request, 2 * STRANGER_BYTES, lambda: self.cut("too_much_before_token"))
        self._ws = ws
        self.connected = self.upgraded = True
        writer = asyncio.create_task(self._write(ws))
        try:
            await self._read(ws)
        finally:
            await self._end(writer)
            self._ws = None
        return ws.response

    async def _end(self, writer: "asyncio.Task[None]") -> None:
        await self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
        self.put(None)
        await asyncio.wait({writer}, timeout=LAST_WORDS)
        if not writer.done():
            self._abort()
            writer.cancel()
            await asyncio.wait({writer})
        self._drop_unsent()

    async def _write(self, ws: PlainSocket) -> None:
        try:
            while await self._write_next(ws):
                pass
            await ws.close(self.server.close_code)
        except (ConnectionError, RuntimeError):  # it is gone, or closing
            self._abort()
        finally:
            self._drop_unsent()

    async def _write_next(self, ws: PlainSocket) -> bool:
        """Writes one packet; False at the end of the queue."""
        packet = await self.queue.get()
        self.unsent_bytes -= _size(packet)
        try:
            if packet is not None:
                await ws.send(packet.encode())
            return packet is not None
        finally:
            self.queue.task_done()

    def _drop_unsent(self) -> None:
        """Empties a queue that is not read any more, so that `queue.join` returns."""
        while not self.queue.empty():
            self.unsent_bytes -= _size(self.queue.get_nowait())
            self.queue.task_done()

    async def _read(self, ws: PlainSocket) -> None:
        loop = asyncio.get_running_loop()
        while not self.closed:
            message = await ws.receive()
            if message.type not in _FRAMES:
                return
            verdict = await self._take(ws, message, loop.time())
            self.server.heartbeats.heard(self.sid, self.server.lived.now)
            if verdict.action is FrameAction.END:
                if verdict.reason:
                    self.server.closed[verdict.reason] += 1
                return
            if verdict.action is FrameAction.REFUSE:
                await self._refuse(verdict, loop.time())
            await asyncio.sleep(0)  # however many frames have come at once

    async def _take(self, ws: PlainSocket, message: WSMessage, now: float) -> Verdict:
        if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
            text = message.data if message.type is WSMsgType.TEXT else None
            verdict = self._guard.take(text, now)
            if verdict.action is FrameAction.PASS:
                await self._deliver(message.data)
            return verdict
        verdict = self._guard.take_control(now)
        if verdict.action is FrameAction.PASS and message.type is WSMsgType.PING:
            await ws.pong(message.data)
        return verdict

    async def _deliver(self, frame: str) -> None:
        """Hands a Socket.IO packet to the server above, without Engine.IO's type."""
        await self.server._trigger_event("message", self.sid, frame[1:], run_async=False)

    async def _refuse(self, verdict: Verdict, now: float) -> None:
        """Counts and acknowledges the refusal, and leaves the socket unread for a moment."""
        self.server.refused[verdict.reason] += 1
        if verdict.reply is not None:
            await self.send(_acknowledgement(*verdict.reply))
        budget = self._guard.budget
        if budget is not None and budget.refused(now):
            self._flooding()
        await asyncio.sleep(SLOWED)


def _size(packet: Packet | None) -> int:
    """Bytes of a queued packet. Socket.IO has encoded it; a character is a byte but for what
    clients cannot influence."""
    data = None if packet is None else packet.data
    return LEAST + (len(data) if isinstance(data, str) else 0)


def _acknowledgement(number: str, refusal: Refusal) -> Packet:
    """Socket.IO's ACK packet (type 3) for a message that was refused."""
    body = Packet.json.dumps([refusal], separators=(",", ":"))
    return Packet(MESSAGE, f"3{number}{body}")


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """Engine.IO's server with sockets of this module, which `run` looks after."""

    max_sockets = 5_000
    plain_socket = PlainSocket

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)
        self.lived = LivedTime(0.0)
        self.heartbeats = Heartbeats(PING_INTERVAL, PING_TIMEOUT)
        self.strangers: dict[str, EngineSocket] = {}  # the oldest first
        self.closed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.close_code: int = WSCloseCode.OK

    async def _handle_connect(
        self, environ: dict[str, Any], transport: str, jsonp_index: int | None = None
    ) -> web.StreamResponse:
        """Opens a socket; returns when it has ended."""
        self._make_place()
        socket = EngineSocket(self, self.generate_id())
        self.sockets[socket.sid] = self.strangers[socket.sid] = socket
        self.heartbeats.add(socket.sid, self.lived.now)
        try:
            socket.put(self._open_packet(socket.sid))
            await self._trigger_event("connect", socket.sid, environ, run_async=False)
            return await socket.serve(environ["aiohttp.request"])
        finally:
            await socket.close(wait=False, abort=True)  # where the handshake failed
            self._forget(socket.sid)

    def _open_packet(self, sid: str) -> Packet:
        told = {
            "sid": sid,
            "upgrades": [],
            "pingInterval": int(PING_INTERVAL * 1000),
            "pingTimeout": int(TOLD_TIMEOUT * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        return Packet(OPEN, told)

    def _make_place(self) -> None:
        """Keeps strangers to their share of the places: the oldest, which had most time, is cut."""
        while len(self.strangers) >= max(2, self.max_sockets // STRANGERS):
            oldest = next(iter(self.strangers))
            self.strangers.pop(oldest).cut("crowded")

    def _forget(self, sid: str) -> None:
        self.heartbeats.remove(sid)
        self.strangers.pop(sid, None)
        self.sockets.pop(sid, None)

    async def run(self) -> None:
        """Looks after the sockets until cancelled."""
        loop = asyncio.get_running_loop()
        self.lived.tick(loop.time())
        while True:
            await asyncio.sleep(TICK)
            self.look_after(loop.time())

    def look_after(self, now: float) -> None:
        """Sends pings; cuts sockets that did not answer one or bring no token."""
        lived = self.lived.tick(now)
        for sid in self.heartbeats.take_due(lived):
            if (socket := self.sockets.get(sid)) is not None:
                socket.put(Packet(PING))
        for sid in self.heartbeats.take_dead(lived):
            if (socket := self.sockets.get(sid)) is not None:
                socket.cut("ping_timeout")
        for sid, stranger in list(self.strangers.items()):
            if lived - stranger.opened_at < UNAUTHENTICATED:
                break
            self.strangers.pop(sid).cut("no_token")
