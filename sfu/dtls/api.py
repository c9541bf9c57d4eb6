"""The face of DTLS to the core: a factory of sessions that end in SRTP keys.

Pure: no I/O, no clock. `sfu.dtls.session` implements it with aiortc; tests bring ready keys.
"""

from collections.abc import Sequence
from typing import Protocol

from sfu.srtp.keys import SrtpKeys

Fingerprint = tuple[str, str]  # ("sha-256", "AA:BB:…")


class DtlsHooks(Protocol):
    """The calls that a session makes: datagrams to send, the keys, the end."""

    def send(self, data: bytes) -> None: ...
    def connected(self, keys: SrtpKeys) -> None: ...
    def closed(self, reason: str) -> None: ...


class DtlsSession(Protocol):
    """One DTLS association, server side; every call is idempotent once closed."""

    def start(self, remote_fingerprints: Sequence[Fingerprint]) -> None: ...
    def receive(self, datagram: bytes) -> None: ...
    def close(self) -> None: ...


class EndedSession:
    """Stands for a session after its end."""

    def start(self, remote_fingerprints: Sequence[Fingerprint]) -> None: ...
    def receive(self, datagram: bytes) -> None: ...
    def close(self) -> None: ...


class DtlsFactory(Protocol):
    """Makes sessions that share one certificate."""

    @property
    def fingerprints(self) -> tuple[Fingerprint, ...]: ...
    def session(self, hooks: DtlsHooks) -> DtlsSession: ...
