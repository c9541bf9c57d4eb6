"""A Socket.IO server without sockets, in virtual time: its WebSockets are queues of frames.

Everything behind the WebSocket is the product's own: guard, Engine.IO, Socket.IO, namespace, hub.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMessage, WSMsgType

from signalling.hub import Hub, HubSettings
from signalling.socket.namespace import ClassNamespace, create_server
from signalling.socket.outgoing import Outgoing
from tests.support.class_rig import CountingRng
from tests.support.fakes import RecordingMediaPlane

SECRET = "a secret for fuzzing that is long enough"
NOW = 1_800_000_000.0

Frame = str | bytes
PING, PONG = "2", "3"
TURNS = 20  # of the loop, until a frame has been worked off and answered
MAX_SOCKETS = 64


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still until it is moved."""

    now = 1_000.0

    def time(self) -> float:
        return self.now


@dataclass(slots=True)
class Wire:
    """The browser's end of one WebSocket; it answers pings."""

    frames: asyncio.Queue[Frame | None] = field(default_factory=asyncio.Queue)
    sent: list[str] = field(default_factory=list)
    task: asyncio.Task[object] | None = None

    @property
    def is_over(self) -> bool:
        return self.task is None or self.task.done()


class WireSocket:
    """Stands for PlainSocket: the server's end of a wire."""

    response = None

    def __init__(self) -> None:
        self._wire = Wire()
        self._left: int | None = None
        self._too_much: Callable[[], None] = lambda: None

    async def open(self, request: Wire, limit: int, too_much: Callable[[], None]) -> None:
        self._wire, self._left, self._too_much = request, limit, too_much

    def lift(self) -> None:
        self._left = None

    async def receive(self) -> WSMessage:
        frame = await self._wire.frames.get()
        if frame is not None and self._left is not None:
            self._left -= len(frame)
            if self._left < 0:
                self._too_much()
                frame = None
        if frame is None:
            return WSMessage(WSMsgType.CLOSED, None, None)
        return WSMessage(WSMsgType.TEXT if isinstance(frame, str) else WSMsgType.BINARY, frame, "")

    async def send(self, packet: str) -> None:
        if packet == PING:
            self._wire.frames.put_nowait(PONG)
        self._wire.sent.append(packet)

    async def pong(self, payload: bytes) -> None: ...

    async def close(self, code: int) -> None:
        self._wire.frames.put_nowait(None)

    def abort(self) -> None:
        self._wire.frames.put_nowait(None)


class Endpoint:
    """The server; `failures` is what reached the loop, `ended` how handlers of sockets ended."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.failures: list[str] = []
        self.ended: list[BaseException] = []
        self.loop.set_exception_handler(self._note)
        self.wires: list[Wire] = []
        self.hub: Hub
        self.loop.run_until_complete(self._start())

    async def _start(self) -> None:
        server = create_server([], MAX_SOCKETS)
        server.eio.plain_socket = WireSocket
        self._server = server
        outgoing = Outgoing(server)
        settings = HubSettings(
            secret=SECRET, wall=lambda: NOW, rng=CountingRng(), max_sockets=MAX_SOCKETS
        )
        self.plane = RecordingMediaPlane()
        self.hub = Hub(settings, self.plane, outgoing)
        server.register_namespace(ClassNamespace(self.hub))
        self._writer = self.loop.create_task(outgoing.run())

    @property
    def sockets(self) -> int:
        """Those that the server holds."""
        return len(self._server.eio.sockets)

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context['message']} {context.get('exception')!r}")

    def open(self) -> Wire:
        """A new WebSocket."""
        wire = Wire()
        handler = self._server.eio._handle_connect({"aiohttp.request": wire}, "websocket")
        wire.task = self.loop.create_task(handler)
        wire.task.add_done_callback(self._over)
        self.wires.append(wire)
        self.turn()
        return wire

    def _over(self, task: asyncio.Task[object]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.ended.append(error)

    def turn(self, seconds: float = 0.0) -> None:
        """Lets the loop work, after so many seconds."""
        self.loop.now += seconds
        if seconds:
            self._server.eio.look_after(self.loop.now)
        self.loop.run_until_complete(_turns())

    def close(self) -> None:
        """Ends everything; nothing is left behind."""
        for wire in self.wires:
            wire.frames.put_nowait(None)
        self.turn()
        self.loop.run_until_complete(self.hub.close())
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.turn()
        left = asyncio.all_tasks(self.loop)
        self.loop.close()
        assert not left, left


async def _turns() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
