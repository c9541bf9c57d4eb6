"""A Socket.IO server without sockets, in virtual time: its WebSockets are queues of frames.

Everything behind the WebSocket is the product's own: Engine.IO, Socket.IO, namespace and hub.
"""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from signalling.hub import Hub, HubSettings
from signalling.namespace import ClassNamespace, create_server
from signalling.outgoing import Outgoing
from tests.support.class_rig import CountingRng
from tests.support.fakes import RecordingMediaPlane

SECRET = "a secret for fuzzing that is long enough"
NOW = 1_800_000_000.0

Frame = str | bytes
TURNS = 12  # of the loop, until a frame has been worked off and answered
MAX_SOCKETS = 64


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still until it is moved."""

    now = 1_000.0

    def time(self) -> float:
        return self.now


@dataclass(slots=True)
class Wire:
    """The browser's end of one WebSocket, with as much of aiohttp's as the server uses."""

    frames: asyncio.Queue[Frame | None] = field(default_factory=asyncio.Queue)
    sent: list[Frame] = field(default_factory=list)
    task: asyncio.Task[object] | None = None

    async def receive(self) -> SimpleNamespace:
        return SimpleNamespace(data=await self.frames.get())

    async def send_str(self, data: str) -> None:
        self.sent.append(data)

    async def send_bytes(self, data: bytes) -> None:
        self.sent.append(data)

    async def close(self, **_: object) -> None:
        self.frames.put_nowait(None)

    @property
    def is_over(self) -> bool:
        return self.task is None or self.task.done()


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
        server = create_server([])
        server.eio.start_service_task = False  # it looks after polling alone
        base = server.eio._async["websocket"]

        class FakeSocket(base):  # type: ignore[misc, valid-type]
            async def __call__(self, environ: dict[str, object]) -> object:
                self._sock = environ["wire"]
                self.environ = environ
                await self.handler(self)
                return self._sock

        server.eio._async = {
            **server.eio._async,
            "websocket": FakeSocket,
            "translate_request": lambda environ: environ,
        }
        self._server = server
        outgoing = Outgoing(server)
        settings = HubSettings(
            secret=SECRET, wall=lambda: NOW, rng=CountingRng(), max_sockets=MAX_SOCKETS
        )
        self.plane = RecordingMediaPlane()
        self.hub = Hub(settings, self.plane, outgoing)
        server.register_namespace(ClassNamespace(self.hub))
        self._writer = self.loop.create_task(outgoing.run())

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failures.append(f"{context['message']} {context.get('exception')!r}")

    def open(self) -> Wire:
        """A new WebSocket."""
        wire = Wire()
        environ: dict[str, object] = {
            "REQUEST_METHOD": "GET",
            "QUERY_STRING": "EIO=4&transport=websocket",
            "HTTP_UPGRADE": "websocket",
            "HTTP_CONNECTION": "upgrade",
            "wire": wire,
        }
        wire.task = self.loop.create_task(self._server.eio.handle_request(environ))
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
