"""A DTLS session and aiortc's own client over an in-memory pair; no sockets."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)

from sfu.dtls.limits import DtlsLimits
from sfu.dtls.session import AiortcDtls
from sfu.srtp.keys import SrtpKeys, SrtpProfile

WAIT = 10.0
FACTORY = AiortcDtls()
CERTIFICATE = RTCCertificate.generateCertificate()
Loss = Callable[[int, bytes], bool]  # (number of the datagram, datagram) -> lost


def no_loss(number: int, data: bytes) -> bool:
    return False


def first(number: int, data: bytes) -> bool:
    return number == 1


def second(number: int, data: bytes) -> bool:
    return number == 2


class ClientLink:
    """The client's ICE transport: what it sends goes straight to whoever is at the other end."""

    role = "controlled"  # aiortc then takes the DTLS client's role

    def __init__(self, loss: Loss, deliver: Callable[[bytes], None] | None = None) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.deliver = deliver
        self.sent: list[bytes] = []
        self._loss = loss

    async def _recv(self) -> bytes:
        return await self.inbox.get()

    async def _send(self, data: bytes) -> None:
        self.sent.append(data)
        if self.deliver is not None and not self._loss(len(self.sent), data):
            self.deliver(data)


class Client(RTCDtlsTransport):
    """aiortc's client; keeps the keys it exported for comparison."""

    def __init__(self, link: ClientLink, profiles: Sequence[SRTPProtectionProfile]) -> None:
        super().__init__(cast(RTCIceTransport, link), [CERTIFICATE])
        self._srtp_profiles = list(profiles)

    def exported(self) -> SrtpKeys:
        """Both directions as the server should see them."""
        assert self._ssl is not None
        name = self._ssl.get_selected_srtp_profile()
        profile = next(known for known in self._srtp_profiles if known.openssl_profile == name)
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (profile.key_length + profile.salt_length)
        )
        return SrtpKeys(
            SrtpProfile(name.decode()),
            local=profile.get_key_and_salt(material, 1),
            remote=profile.get_key_and_salt(material, 0),
        )

    async def connect(self) -> None:
        fingerprints = [RTCDtlsFingerprint(*known) for known in FACTORY.fingerprints]
        await self.start(RTCDtlsParameters(fingerprints=fingerprints))


class Pair:
    """A session, its hooks and a client. The hooks only record, and keep to a transport's limits
    on a clock that stands still: nothing is gained back."""

    def __init__(
        self,
        *,
        profiles: Sequence[SRTPProtectionProfile] = (SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM),
        client_loss: Loss = no_loss,
        server_loss: Loss = no_loss,
    ) -> None:
        self.link = ClientLink(client_loss, self._deliver)
        self.client = Client(self.link, profiles)
        self.session = FACTORY.session(self)
        self.limits = DtlsLimits(0.0)
        self.keys: SrtpKeys | None = None
        self.reasons: list[str] = []
        self.sent = 0
        self._server_loss = server_loss
        self._changed = asyncio.Event()

    def _deliver(self, data: bytes) -> None:
        if self.limits.admits(len(data), 0.0):
            self.session.receive(data)
        if flight := self.limits.released():
            self._send(flight)

    def send(self, data: bytes) -> None:
        if self.limits.passes(data):
            self._send(data)

    def _send(self, data: bytes) -> None:
        self.sent += 1
        if not self._server_loss(self.sent, data):
            self.link.inbox.put_nowait(data)

    def connected(self, keys: SrtpKeys) -> None:
        assert self.keys is None
        self.keys = keys
        self.limits.prove()
        self._changed.set()

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)
        self._changed.set()

    def start(self, fingerprints: Sequence[tuple[str, str]] | None = None) -> None:
        if fingerprints is None:
            fingerprints = [(f.algorithm, f.value) for f in CERTIFICATE.getFingerprints()]
        self.session.start(fingerprints)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(WAIT):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def connect(self) -> None:
        self.start()
        async with asyncio.timeout(WAIT):
            await self.client.connect()
        assert self.client.state == "connected"
        await self.until(lambda: self.keys)

    async def finish(self) -> None:
        self.session.close()
        await self.client.stop()


async def turned(condition: Callable[[], object]) -> None:
    """Let the loop turn until the condition holds; for states that announce nothing."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(WAIT):
        while not condition():
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn
