"""DTLS with aiortc and OpenSSL: the handshake, SRTP keys, and the end that either side tells.

The only module that knows aiortc's underscore names; tests/sfu/dtls/test_session.py says so when
one of them moves. Sessions run as tasks on the running loop. Media never passes through here, and
application data goes nowhere: data channels are rejected in the answer.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, cast

from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from OpenSSL import SSL

from sfu.dtls.admission_queue import AdmissionQueue
from sfu.dtls.api import DtlsHooks, Fingerprint
from sfu.srtp.keys import SrtpKeys, SrtpProfile
from sfu.stats import DropReason

HANDSHAKE_TIMEOUT = 30.0  # s, from start()
QUEUE_LENGTH = 64  # datagrams; a full queue drops the new one and DTLS sends it again
MAX_RECORD = 2_048  # bytes that are read at once; a datagram has less

_PROFILES = (SRTP_AEAD_AES_128_GCM, SRTP_AES128_CM_SHA1_80)  # the first the peer has is chosen
_KEYING_LABEL = b"EXTRACTOR-dtls_srtp"  # RFC 5764 4.2

Role = Literal["server", "client"]  # the client begins: load-test bots do, the SFU never

logger = logging.getLogger(__name__)


class DatagramLink:
    """Stands for the ICE transport of an RTCDtlsTransport: a bounded queue in, a callback out.

    A session takes one datagram each time the admission queue lets it through.
    """

    role = "controlled"

    def __init__(
        self, hooks: DtlsHooks, admission: AdmissionQueue, drops: Counter[DropReason]
    ) -> None:
        self._hooks = hooks
        self._admission = admission
        self._drops = drops
        self._queue: list[bytes] = []  # a deque keeps 0.6 kB when empty
        self._admitted = asyncio.Event()  # one datagram may be taken

    def put(self, datagram: bytes) -> None:
        """Queues a datagram that can be DTLS (RFC 7983); drops others and those too many."""
        if not datagram or not 19 < datagram[0] < 64:
            return
        if len(self._queue) >= QUEUE_LENGTH:
            self._drops[DropReason.DTLS_QUEUE_FULL] += 1
            return
        self._queue.append(datagram)
        self._line_up()

    def _line_up(self) -> None:
        if not self._admitted.is_set() and not self._admission.enter(self._admitted.set):
            self._drops[DropReason.DTLS_CROWDED] += len(self._queue)
            self._queue.clear()

    async def _recv(self) -> bytes:
        # no await between the wake-up and the take: a cancelled wait loses no datagram
        await self._admitted.wait()
        self._admitted.clear()
        datagram = self._queue.pop(0)
        if self._queue:
            self._line_up()
        return datagram

    def close(self) -> None:
        """Takes no more turns; idempotent."""
        self._admission.leave(self._admitted.set)
        self._queue.clear()

    def drop(self, reason: DropReason) -> None:
        """Counts what goes no further."""
        self._drops[reason] += 1

    def send(self, data: bytes) -> None:
        """A datagram for the peer."""
        self._hooks.send(data)

    async def _send(self, data: bytes) -> None:
        self.send(data)


class DtlsEnd(RTCDtlsTransport):
    """Either end; keeps the exported keys instead of SRTP sessions."""

    def __init__(self, link: DatagramLink, certificate: RTCCertificate, role: Role) -> None:
        super().__init__(cast(RTCIceTransport, link), [certificate])
        self._link = link
        self._srtp_profiles = list(_PROFILES)
        self._set_role(role)
        self.keys: SrtpKeys | None = None
        self._broken = False  # OpenSSL takes nothing more, media goes on

    def _setup_srtp(self) -> None:
        assert self._ssl is not None
        name = self._ssl.get_selected_srtp_profile()
        profile = next((known for known in _PROFILES if known.openssl_profile == name), None)
        if profile is None:
            self._set_state(State.FAILED)
            return
        material = self._ssl.export_keying_material(
            _KEYING_LABEL, 2 * (profile.key_length + profile.salt_length)
        )
        client, server = (profile.get_key_and_salt(material, place) for place in (0, 1))
        local, remote = (server, client) if self._role == "server" else (client, server)
        self.keys = SrtpKeys(SrtpProfile(name.decode()), local, remote)

    async def _recv_next(self) -> None:
        """aiortc's way during the handshake; then one datagram, read to its end.

        What was not read would wait in OpenSSL's buffer, which has no bound.
        """
        if self.keys is None:
            await super()._recv_next()
            return
        datagram = await self._link._recv()
        if not self._broken:
            self._read(datagram)
            self._flush()

    def _read(self, datagram: bytes) -> None:
        """Raises ConnectionError when the peer has ended the association."""
        assert self._ssl is not None
        self._ssl.bio_write(datagram)
        try:
            while self._ssl.recv(MAX_RECORD):
                self._link.drop(DropReason.DTLS_DATA)
        except SSL.WantReadError:
            return
        except SSL.Error:  # a close_notify or a fatal alert; or OpenSSL gave up
            if self._ssl.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
                raise ConnectionError from None
            self._broken = True

    def _flush(self) -> None:
        """Sends what OpenSSL has written."""
        assert self._ssl is not None
        with suppress(SSL.Error):
            self._link.send(self._ssl.bio_read(MAX_RECORD))

    async def pumped(self) -> None:
        """Returns when the association has ended."""
        if self._task is not None:
            await self._task

    def notify_closed(self) -> None:
        """Send close_notify at once, without a turn of the loop."""
        if self._ssl is None or self._state is not State.CONNECTED:
            return
        with suppress(SSL.Error):
            self._ssl.shutdown()
        self._flush()


class SharedCertificate(RTCCertificate):
    """A certificate whose SSL context is made once for all sessions: 0.3 ms and 22 kB each."""

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            self._context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # an idle session keeps none
            self._context.set_options(SSL.OP_NO_RENEGOTIATION)
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # sessions are never resumed
        return self._context


class AiortcSession:
    """One association from handshake to end; `closed` is called once, and not after close()."""

    def __init__(
        self,
        hooks: DtlsHooks,
        certificate: RTCCertificate,
        admission: AdmissionQueue,
        drops: Counter[DropReason],
        role: Role,
    ) -> None:
        self._hooks = hooks
        self._link = DatagramLink(hooks, admission, drops)
        self._dtls = DtlsEnd(self._link, certificate, role)
        self._task: asyncio.Task[None] | None = None
        self._ended = False

    def start(self, remote_fingerprints: Sequence[Fingerprint]) -> None:
        """Begin, or begin to answer; datagrams that came before were kept."""
        if self._task is None and not self._ended:
            self._task = asyncio.get_running_loop().create_task(self._run(remote_fingerprints))

    def receive(self, datagram: bytes) -> None:
        """Queue a datagram; may be called at any time, never blocks, never raises."""
        if not self._ended:
            self._link.put(datagram)

    def close(self) -> None:
        """End the association now; the peer is told."""
        if self._ended:
            return
        self._ended = True
        self._link.close()
        self._dtls.notify_closed()
        if self._task is not None:
            self._task.cancel()

    async def _run(self, remote_fingerprints: Sequence[Fingerprint]) -> None:
        reason = "dtls_failed"
        try:
            if await self._handshake(remote_fingerprints):
                await self._serve()
                reason = "dtls_closed"
        except (TimeoutError, SSL.Error) as error:
            logger.debug("DTLS handshake gave up: %r", error)
        except Exception:  # one session's fault must not reach the loop
            logger.exception("DTLS session failed")
        finally:
            self._task = None  # its exception's frames lead back here: 100 kB would stay
        if not self._ended:
            self._ended = True
            self._link.close()
            self._hooks.closed(reason)

    async def _handshake(self, remote_fingerprints: Sequence[Fingerprint]) -> bool:
        fingerprints = [RTCDtlsFingerprint(*known) for known in remote_fingerprints]
        async with asyncio.timeout(HANDSHAKE_TIMEOUT):
            await self._dtls.start(RTCDtlsParameters(fingerprints=fingerprints))
        return self._dtls.keys is not None

    async def _serve(self) -> None:
        """From the keys to the peer's close_notify."""
        assert self._dtls.keys is not None
        try:
            self._hooks.connected(self._dtls.keys)
            await self._dtls.pumped()
        finally:
            await self._dtls.stop()


class AiortcDtls:
    """The DtlsFactory of a worker or a fleet: one ECDSA certificate for all its sessions."""

    def __init__(self, role: Role = "server", *, drops: Counter[DropReason] | None = None) -> None:
        """`drops` counts what their queues refuse."""
        self._role = role
        self._certificate = SharedCertificate.generateCertificate()
        self._admission = AdmissionQueue()
        self.drops: Counter[DropReason] = Counter() if drops is None else drops
        self.fingerprints: tuple[Fingerprint, ...] = tuple(
            (known.algorithm, known.value)
            for known in self._certificate.getFingerprints()
            if known.algorithm == "sha-256"
        )

    def session(self, hooks: DtlsHooks) -> AiortcSession:
        """A session that waits for start()."""
        return AiortcSession(hooks, self._certificate, self._admission, self.drops, self._role)
