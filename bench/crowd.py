"""Many lean clients in a process of their own: ICE checks and the DTLS client's part, no media.

They are for measuring the server, so they do no more than it needs to think them real: one
socket each, a check every 2.5 s, and one certificate for all.
"""

import multiprocessing
import os
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection as Pipe

from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL

from bench.sinks import SINK_CORE, allow_files, pin, udp_socket
from tests.support.certificate import certificate
from tests.support.stun_client import Credentials, binding_request

CHECK_EVERY = 2.5  # s, Chromium's
RESEND = 0.25  # s until a check without an answer, or a DTLS flight, is sent again
Fingerprint = tuple[str, str]


@dataclass(slots=True)
class Client:
    """One socket, its check and its handshake."""

    udp: socket.socket
    server: tuple[str, int]
    credentials: Credentials
    ssl: SSL.Connection
    next_check: float = 0.0
    bound: bool = False
    connected: float | None = None  # s it took, from the first check
    began: float = field(default_factory=time.monotonic)

    def check(self, now: float) -> None:
        """A binding request with nomination."""
        self.next_check = now + (CHECK_EVERY if self.bound else RESEND)
        self._send(binding_request(self.credentials, os.urandom(12)))

    def receive(self, now: float) -> None:
        """Everything that waits in the socket."""
        while True:
            try:
                data = self.udp.recv(2_048)
            except BlockingIOError:
                return
            if data[0] < 2:
                self.bound = True
            elif 19 < data[0] < 64:
                self.ssl.bio_write(data)
            self._shake(now)

    def handle_timers(self, now: float) -> None:
        """Checks that are due, and lost flights."""
        if now >= self.next_check:
            self.check(now)
        if self.connected is None and self.bound and self.ssl.DTLSv1_get_timeout() == 0:
            self.ssl.DTLSv1_handle_timeout()
            self._flush()

    def _shake(self, now: float) -> None:
        if self.connected is not None:
            return
        try:
            self.ssl.do_handshake()
            self.connected = now - self.began
        except SSL.WantReadError:
            pass
        self._flush()

    def _flush(self) -> None:
        try:
            self._send(self.ssl.bio_read(1_500))
        except SSL.WantReadError:
            return

    def _send(self, data: bytes) -> None:
        try:
            self.udp.sendto(data, self.server)
        except BlockingIOError:
            return  # it is sent again


class Crowd:
    """The parent's view of the process."""

    def __init__(self, pipe: Pipe, fingerprint: Fingerprint) -> None:
        self._pipe = pipe
        self.fingerprint = fingerprint

    def join(self, server: tuple[str, int], credentials: Credentials) -> None:
        """One more client, which begins at once."""
        self._pipe.send((server, credentials))

    def times(self) -> list[float | None]:
        """Seconds from the first check to the end of the handshake, None while it lasts."""
        self._pipe.send("times")
        found: list[float | None] = self._pipe.recv()
        return found


@contextmanager
def crowd(size: int) -> Iterator[Crowd]:
    """Room for `size` clients on the second core, ended at the close."""
    allow_files(size + 100)
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_run, args=(theirs, size), daemon=True
    )
    process.start()
    try:
        yield Crowd(mine, mine.recv())
    finally:
        mine.send("end")
        process.join(10)
        process.kill()


def _run(pipe: Pipe, size: int) -> None:
    pin(SINK_CORE)
    allow_files(size + 100)
    context, fingerprint = _identity()
    pipe.send(fingerprint)
    clients: dict[int, Client] = {}
    poller = select.epoll()
    poller.register(pipe.fileno(), select.EPOLLIN)
    while True:
        ready = poller.poll(0.02)
        now = time.monotonic()
        for descriptor, _ in ready:
            if descriptor in clients:
                clients[descriptor].receive(now)
        while pipe.poll():
            wish = pipe.recv()
            if wish == "end":
                return
            if wish == "times":
                pipe.send([client.connected for client in clients.values()])
                continue
            client = _client(context, *wish)
            clients[client.udp.fileno()] = client
            poller.register(client.udp.fileno(), select.EPOLLIN)
        for client in clients.values():
            client.handle_timers(now)


def _client(context: SSL.Context, server: tuple[str, int], credentials: Credentials) -> Client:
    ssl = SSL.Connection(context)
    ssl.set_connect_state()
    return Client(udp_socket(), server, credentials, ssl)


def _identity() -> tuple[SSL.Context, Fingerprint]:
    made, key = certificate()
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.use_certificate(made)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
    digest = made.fingerprint(hashes.SHA256()).hex(":").upper()
    return context, ("sha-256", digest)
