"""A DTLS client of the siege's own (RFC 6347, 5764): it can say what a decent client never would.

OpenSSL does the handshake; records of application data, and a ClientHello that is never followed
by anything, are the attacker's to send.
"""

import datetime
from collections.abc import Sequence
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from sfu.dtls.api import DtlsHooks, Fingerprint
from sfu.dtls.session import AiortcDtls, AiortcSession
from sfu.srtp.keys import SrtpKeys, SrtpProfile

_KEYING_LABEL = b"EXTRACTOR-dtls_srtp"  # RFC 5764 4.2
_KEY, _SALT = 16, 12  # RFC 7714 12
_DATAGRAM = 65_535
_DAYS = 2


def _certificate() -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "siege")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=_DAYS))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
    )
    return made.sign(key, hashes.SHA256()), key


class OwnDtls(AiortcDtls):
    """Makes sessions of this module. `last` is the newest."""

    def __init__(self, *, answers: bool = True) -> None:
        super().__init__(role="client")
        certificate, key = _certificate()
        digest = certificate.fingerprint(hashes.SHA256())
        self.fingerprints: tuple[Fingerprint, ...] = (
            ("sha-256", ":".join(f"{byte:02X}" for byte in digest)),
        )
        self._answers = answers
        self._context = SSL.Context(SSL.DTLS_METHOD)
        self._context.use_certificate(certificate)
        self._context.use_privatekey(key)
        self._context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        self._context.set_tlsext_use_srtp(b"SRTP_AEAD_AES_128_GCM")
        self.last: OwnSession | None = None

    def session(self, hooks: DtlsHooks) -> AiortcSession:
        self.last = OwnSession(hooks, self._context, self._answers)
        return cast(AiortcSession, self.last)


class OwnSession:
    """One association. `records` are the messages of application data that came."""

    def __init__(self, hooks: DtlsHooks, context: SSL.Context, answers: bool) -> None:
        self._hooks = hooks
        self._answers = answers
        self._ssl = SSL.Connection(context, None)
        self._ssl.set_connect_state()
        self.records: list[bytes] = []
        self.hello = b""  # the first flight
        self.is_open = False

    def start(self, remote_fingerprints: Sequence[Fingerprint]) -> None:
        """Sends the ClientHello."""
        self._shake()

    def receive(self, datagram: bytes) -> None:
        if not self._answers:
            return
        self._ssl.bio_write(datagram)
        if self.is_open:
            self._read()
        else:
            self._shake()

    def send_data(self, data: bytes) -> int:
        """A record of application data; returns the datagram's size."""
        self._ssl.send(data)
        return self._flush()

    def close(self) -> None:
        """Says nothing."""

    def _shake(self) -> None:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            self._flush()
            return
        self._flush()
        self.is_open = True
        material = self._ssl.export_keying_material(_KEYING_LABEL, 2 * (_KEY + _SALT))
        client, server = material[:_KEY], material[_KEY : 2 * _KEY]
        salts = material[2 * _KEY :]
        keys = SrtpKeys(
            SrtpProfile.AEAD_AES_128_GCM, client + salts[:_SALT], server + salts[_SALT:]
        )
        self._hooks.connected(keys)

    def _read(self) -> None:
        try:
            while True:
                self.records.append(self._ssl.recv(_DATAGRAM))
        except SSL.Error:
            return

    def _flush(self) -> int:
        size = 0
        while True:
            try:
                flight = self._ssl.bio_read(_DATAGRAM)
            except SSL.WantReadError:
                return size
            size += len(flight)
            for datagram in split(flight):
                self.hello = self.hello or datagram
                self._hooks.send(datagram)


def split(flight: bytes, limit: int = 1_200) -> list[bytes]:
    """Datagrams of whole records (RFC 6347 4.1.1): OpenSSL gives a flight in one piece."""
    found: list[bytes] = []
    position, current = 0, b""
    while position + 13 <= len(flight):
        size = 13 + int.from_bytes(flight[position + 11 : position + 13], "big")
        record = flight[position : position + size]
        if current and len(current) + len(record) > limit:
            found.append(current)
            current = b""
        current += record
        position += size
    return [*found, current] if current else found
