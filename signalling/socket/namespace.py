"""The Socket.IO edge: one namespace whose events all go to the hub."""

from typing import Any

import socketio
from socketio.exceptions import ConnectionRefusedError as Refused

from common.errors import LiveclassError
from signalling.hub import Hub
from signalling.socket.engine import EngineServer
from signalling.socket.websocket import MAX_MESSAGE


class MalformedPacketError(Exception):
    """A packet that no client of ours sends."""


class TextPacket(socketio.packet.Packet):  # type: ignore[misc]
    """A packet that is not searched for binary parts, which takes 0.6 ms for the answer to a join.
    Incoming packets with binary parts are refused before, by SocketGuard."""

    uses_binary_events = False

    def decode(self, encoded_packet: str) -> int:
        try:
            return int(super().decode(encoded_packet))
        except (ValueError, RecursionError):
            raise MalformedPacketError from None


class SocketServer(socketio.AsyncServer):  # type: ignore[misc]
    """Socket.IO over our Engine.IO. Nothing is read any more from a socket whose token was refused
    or that was disconnected."""

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def disconnect(self, sid: str, namespace: str | None = None, **options: object) -> None:
        eio_sid = self.manager.eio_sid_from_sid(sid, "/")
        await super().disconnect(sid, namespace, **options)
        self._dismiss(eio_sid)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: object) -> None:
        await super()._handle_connect(eio_sid, namespace, data)
        if self.manager.sid_from_eio_sid(eio_sid, "/") is None:
            self._dismiss(eio_sid)

    async def _handle_disconnect(
        self, eio_sid: str, namespace: str | None, reason: str | None = None
    ) -> None:
        await super()._handle_disconnect(eio_sid, namespace, reason)
        self._dismiss(eio_sid)

    async def _handle_eio_message(self, eio_sid: str, data: str) -> None:
        """Drops and counts packets that are no JSON."""
        try:
            await super()._handle_eio_message(eio_sid, data)
        except MalformedPacketError:
            self.eio.refused["bad_frame"] += 1

    def _dismiss(self, eio_sid: str | None) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None and not socket.closed:
            socket.dismiss()


def create_server(allowed_origins: list[str], max_sockets: int) -> SocketServer:
    """Socket.IO with tight limits, over WebSocket alone; without a list of origins only the
    page's own is allowed."""
    server = SocketServer(
        async_mode="aiohttp",
        serializer=TextPacket,
        transports=["websocket"],
        monitor_clients=False,  # EngineServer.run does
        max_http_buffer_size=MAX_MESSAGE,
        cors_allowed_origins=allowed_origins or None,
        http_compression=False,
    )
    server.eio.max_sockets = max_sockets
    return server


class ClassNamespace(socketio.AsyncNamespace):  # type: ignore[misc]
    """Hands every event to the hub, whose acknowledgement is the return value."""

    def __init__(self, hub: Hub) -> None:
        super().__init__("/")
        self._hub = hub

    def _set_server(self, server: SocketServer) -> None:
        """Refusals and closings of the socket layer are counted with all others."""
        super()._set_server(server)
        server.eio.closed = self._hub.counts.sockets_closed
        server.eio.refused = self._hub.counts.refusals

    async def trigger_event(self, event: object, *args: object) -> object:
        """A client may call its own event "connect"; the hub's sessions tell which is which."""
        socket, *rest = args
        assert isinstance(socket, str)
        if event == "connect" and socket not in self._hub.sessions:
            return self._connect(socket, rest[1] if len(rest) > 1 else None)
        if event == "disconnect" and not self.server.manager.is_connected(socket, "/"):
            self._hub.disconnect(socket)
            return None
        name = event if isinstance(event, str) else ""
        return await self._hub.receive(socket, name, tuple(rest))

    def _connect(self, socket: str, auth: object) -> bool:
        try:
            token = auth.get("token") if isinstance(auth, dict) else None
            session = self._hub.connect(socket, token)
        except LiveclassError as error:
            raise Refused(error.message, {"code": error.code, "message": error.message}) from None
        engine_socket: Any = self.server.eio.sockets.get(
            self.server.manager.eio_sid_from_sid(socket, "/")
        )
        if engine_socket is not None:
            engine_socket.admit(session.client.budget, lambda: self._hub.flooding(socket))
        return True
