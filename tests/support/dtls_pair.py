"""A DTLS session and aiortc's own client over an in-memory pair; no sockets."""

import asyncio
from collections.abc import Callable, Sequence
from typing import cast

from aiortc import RTCDataChannel, RTCDataChannelParameters, RTCIceTransport, RTCSctpTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)
from aiortc.rtcsctptransport import (
    SCTP_DATA_FIRST_FRAG,
    SCTP_DATA_LAST_FRAG,
    SCTP_DATA_UNORDERED,
    WEBRTC_DCEP,
    DataChunk,
    ForwardTsnChunk,
    serialize_packet,
)

from sfu.dtls import SCTP_PORT, AiortcDtls, AiortcSession
from sfu.srtp_api import SrtpKeys, SrtpProfile

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
    """The client's ICE transport: what it sends goes straight into the session."""

    role = "controlled"  # aiortc then takes the DTLS client's role

    def __init__(self, loss: Loss) -> None:
        self.inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self.session: AiortcSession | None = None
        self._loss = loss
        self._sent = 0

    async def _recv(self) -> bytes:
        return await self.inbox.get()

    async def _send(self, data: bytes) -> None:
        self._sent += 1
        if self.session is not None and not self._loss(self._sent, data):
            self.session.receive(data)


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
    """A session, its hooks and a client; the hooks only record."""

    def __init__(
        self,
        *,
        profiles: Sequence[SRTPProtectionProfile] = (SRTP_AES128_CM_SHA1_80, SRTP_AEAD_AES_128_GCM),
        client_loss: Loss = no_loss,
        server_loss: Loss = no_loss,
    ) -> None:
        self.link = ClientLink(client_loss)
        self.client = Client(self.link, profiles)
        self.session = FACTORY.session(self)
        self.link.session = self.session
        self.keys: SrtpKeys | None = None
        self.reasons: list[str] = []
        self.sent = 0
        self._server_loss = server_loss
        self._changed = asyncio.Event()

    def send(self, data: bytes) -> None:
        self.sent += 1
        if not self._server_loss(self.sent, data):
            self.link.inbox.put_nowait(data)

    def connected(self, keys: SrtpKeys) -> None:
        assert self.keys is None
        self.keys = keys
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


class Association(RTCSctpTransport):
    """The client's end of the data channels; also makes packets a proper client never sends."""

    async def opened_channel(self, label: str) -> RTCDataChannel:
        """A channel that the server has acknowledged."""
        channel = RTCDataChannel(self, RTCDataChannelParameters(label=label))
        opened = asyncio.Event()
        channel.on("open", opened.set)
        async with asyncio.timeout(WAIT):
            await opened.wait()
        return channel

    def fragment(self, ahead: int, stream_id: int, size: int) -> bytes:
        """The first part of a message that never ends, some sequence numbers ahead."""
        chunk = DataChunk(flags=SCTP_DATA_FIRST_FRAG)
        chunk.tsn = (self._local_tsn + ahead) % 2**32
        chunk.stream_id = stream_id
        chunk.user_data = b"x" * size
        return self._packet(chunk)

    def skip(self, stream_id: int) -> bytes:
        """Give up a few messages of a stream."""
        chunk = ForwardTsnChunk()
        chunk.cumulative_tsn = (self._local_tsn + 5) % 2**32
        chunk.streams = [(stream_id, 0)]
        return self._packet(chunk)

    def open_message(self, stream_id: int) -> bytes:
        """A complete DATA_CHANNEL_OPEN for a stream, RFC 8832 5.1."""
        chunk = DataChunk(flags=SCTP_DATA_FIRST_FRAG | SCTP_DATA_LAST_FRAG | SCTP_DATA_UNORDERED)
        chunk.tsn = self._local_tsn
        chunk.stream_id = stream_id
        chunk.protocol = WEBRTC_DCEP
        chunk.user_data = b"\x03" + bytes(11)
        return self._packet(chunk)

    def _packet(self, chunk: DataChunk | ForwardTsnChunk) -> bytes:
        return serialize_packet(SCTP_PORT, SCTP_PORT, self._remote_verification_tag, chunk)
