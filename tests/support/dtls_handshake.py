"""A DTLS handshake between two ends of OpenSSL in memory: the oracle of our record layer."""

from collections.abc import Iterator

from OpenSSL import SSL

from tests.support.certificate import certificate

GCM = b"ECDHE-ECDSA-AES128-GCM-SHA256"
CHACHA = b"ECDHE-ECDSA-CHACHA20-POLY1305"
CBC = b"ECDHE-ECDSA-AES128-SHA"
MAX_DATAGRAM = 2_000
_CERTIFICATE, _KEY = certificate()


class Handshake:
    """Both ends; `flight` is the server's last, which the client gets or not."""

    def __init__(self, suite: bytes = GCM, *, deliver_last: bool = True) -> None:
        self.client, self.server = SSL.Connection(_context(suite)), SSL.Connection(_context(suite))
        self.client.set_connect_state()
        self.server.set_accept_state()
        self.flight = b""
        self._shake(deliver_last)

    def _shake(self, deliver_last: bool) -> None:
        step(self.client)
        while not step_from(self.client, self.server):
            pass_on(self.server, self.client)
            step(self.client)
        self.flight = next(written(self.server))
        if deliver_last:
            self.client.bio_write(self.flight)
            self.client.do_handshake()


def _context(suite: bytes) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_options(SSL.OP_NO_TICKET)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    context.use_certificate(_CERTIFICATE)
    context.use_privatekey(_KEY)
    context.set_cipher_list(suite)
    return context


def step(end: SSL.Connection) -> bool:
    """One turn of a handshake; True when it has ended."""
    try:
        end.do_handshake()
    except SSL.WantReadError:
        return False
    return True


def written(end: SSL.Connection) -> Iterator[bytes]:
    """What an end wants sent."""
    while True:
        try:
            yield end.bio_read(MAX_DATAGRAM)
        except SSL.WantReadError:
            return


def pass_on(sender: SSL.Connection, receiver: SSL.Connection) -> None:
    """Everything that waits goes over."""
    for datagram in written(sender):
        receiver.bio_write(datagram)


def step_from(sender: SSL.Connection, receiver: SSL.Connection) -> bool:
    """Everything that waits goes over, and the receiver takes its turn."""
    pass_on(sender, receiver)
    return step(receiver)


def sealed(end: SSL.Connection, content: bytes) -> bytes:
    """One record of application data, as OpenSSL writes it."""
    end.send(content)
    return end.bio_read(MAX_DATAGRAM)


def opened(end: SSL.Connection, datagram: bytes) -> list[bytes]:
    """What OpenSSL reads out of a datagram."""
    end.bio_write(datagram)
    found = []
    while True:
        try:
            found.append(end.recv(MAX_DATAGRAM))
        except SSL.WantReadError:
            return found
