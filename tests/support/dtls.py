"""A DTLS double with ready keys: one datagram from the peer stands for the whole handshake.

The datagram carries a nonce, from which both ends derive the keys, and the sender's
fingerprint, which is compared with the one in the SDP as a real handshake would.
Pure: no I/O, no clock.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from sfu.dtls.api import DtlsHooks, Fingerprint
from sfu.srtp.keys import SrtpKeys, SrtpProfile
from sfu.transport import Transport
from tests.support.nonce_watch import NonceWatch

HANDSHAKE = b"\x16\xfe\xfd"
ALERT = b"\x15\xfe\xfd"
NONCE_LENGTH = 16
FINISHED = HANDSHAKE + b"finished"
KEY_LENGTHS = {SrtpProfile.AEAD_AES_128_GCM: 28, SrtpProfile.AES128_CM_SHA1_80: 30}
SERVER_FINGERPRINT: Fingerprint = ("sha-256", ":".join(["5E"] * 32))


@dataclass(slots=True, frozen=True)
class MasterKeys:
    """Key and salt of each side, in one piece each, as DTLS exports them."""

    client: bytes
    server: bytes


def master_keys(nonce: bytes, profile: SrtpProfile) -> MasterKeys:
    length = KEY_LENGTHS[profile]
    return MasterKeys(
        hashlib.sha256(b"client" + nonce).digest()[:length],
        hashlib.sha256(b"server" + nonce).digest()[:length],
    )


def handshake(fingerprint: Fingerprint, nonce: bytes, profile: SrtpProfile) -> bytes:
    """What the peer sends to have the session connect with keys from this nonce."""
    assert len(nonce) == NONCE_LENGTH
    choice = bytes([list(KEY_LENGTHS).index(profile)])
    return HANDSHAKE + choice + nonce + fingerprint[1].encode()


def close_notify() -> bytes:
    """What the peer sends to end its session."""
    return ALERT + b"close"


class ReadySession:
    """Server side of one association; connects on the first handshake datagram after start."""

    def __init__(self, hooks: DtlsHooks, watch: NonceWatch | None = None) -> None:
        """`watch` sees what is sealed with the keys, where the hooks are a transport's."""
        self._hooks = hooks
        self._watch = watch
        self._expected: tuple[Fingerprint, ...] | None = None
        self._first: bytes | None = None
        self.closed = False

    def start(self, remote_fingerprints: Sequence[Fingerprint]) -> None:
        self._expected = tuple(remote_fingerprints)

    def receive(self, datagram: bytes) -> None:
        if self.closed or self._expected is None:
            return
        if datagram == close_notify() and self._first is not None:  # real alerts are authenticated
            self._end("dtls_closed")
        elif datagram.startswith(HANDSHAKE) and len(datagram) > 4 + NONCE_LENGTH:
            self._shake_hands(datagram)

    def close(self) -> None:
        self.closed = True

    def _shake_hands(self, datagram: bytes) -> None:
        if self._first is not None:
            if datagram == self._first:  # our answer was lost; anything else isn't authentic
                self._hooks.send(FINISHED)
            return
        if datagram[3] >= len(KEY_LENGTHS):
            return
        fingerprint = datagram[4 + NONCE_LENGTH :].decode(errors="replace")
        if not any(fingerprint == value for _, value in self._expected or ()):
            self._end("dtls_failed")
            return
        self._first = datagram
        self._hooks.send(FINISHED)
        profile = list(KEY_LENGTHS)[datagram[3]]
        keys = master_keys(datagram[4 : 4 + NONCE_LENGTH], profile)
        ready = SrtpKeys(profile, local=keys.server, remote=keys.client)
        self._hooks.connected(ready)
        if self._watch is not None and isinstance(self._hooks, Transport):
            self._hooks.downlink.connect(self._watch.watched(ready))

    def _end(self, reason: str) -> None:
        self.closed = True
        self._hooks.closed(reason)


@dataclass(slots=True)
class ReadyDtls:
    """The factory; keeps the sessions it made so that a test can look at them."""

    sessions: list[ReadySession] = field(default_factory=list)
    watch: NonceWatch | None = None

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]:
        return (SERVER_FINGERPRINT,)

    def session(self, hooks: DtlsHooks) -> ReadySession:
        session = ReadySession(hooks, self.watch)
        self.sessions.append(session)
        return session
