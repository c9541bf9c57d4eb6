"""DTLS sessions against aiortc's own client over an in-memory pair; no sockets, no sleeps."""

import asyncio
import inspect
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

import pytest
from aiortc import RTCDataChannel, RTCDataChannelParameters, RTCIceTransport, RTCSctpTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from aiortc.rtcsctptransport import (
    SCTP_DATA_FIRST_FRAG,
    DataChunk,
    ForwardTsnChunk,
    InitChunk,
    serialize_packet,
)

from sfu import dtls
from sfu.dtls import AiortcDtls, AiortcSession
from sfu.dtls_api import DtlsFactory, DtlsHooks, DtlsSession
from sfu.srtp import SrtpKeys, SrtpProfile

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
        await ended(self.session)


async def turned(condition: Callable[[], object]) -> None:
    """Let the loop turn until the condition holds; for states that announce nothing."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(WAIT):
        while not condition():
            turn = loop.create_future()
            loop.call_soon(turn.set_result, None)
            await turn


async def ended(session: AiortcSession) -> None:
    """Wait until the session's task is gone."""
    if session._task is not None:
        async with asyncio.timeout(WAIT):
            await asyncio.gather(session._task, return_exceptions=True)


@contextmanager
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(dtls, "HANDSHAKE_TIMEOUT", 0.01)
        yield


def test_the_classes_follow_the_protocols() -> None:
    factory: DtlsFactory = FACTORY
    session: DtlsSession = factory.session(cast(DtlsHooks, None))
    assert session
    ((algorithm, value),) = factory.fingerprints
    assert algorithm == "sha-256"
    assert len(value.split(":")) == 32


async def test_both_ends_have_the_same_keys_and_gcm_wins() -> None:
    pair = Pair()
    await pair.connect()
    assert pair.keys == pair.client.exported()
    assert pair.keys.profile is SrtpProfile.AEAD_AES_128_GCM
    assert (len(pair.keys.local), len(pair.keys.remote)) == (28, 28)
    await pair.finish()


async def test_a_client_without_gcm_gets_counter_mode() -> None:
    pair = Pair(profiles=[SRTP_AES128_CM_SHA1_80])
    await pair.connect()
    assert pair.keys == pair.client.exported()
    assert pair.keys.profile is SrtpProfile.AES128_CM_SHA1_80
    assert (len(pair.keys.local), len(pair.keys.remote)) == (30, 30)
    await pair.finish()


async def test_a_client_without_a_common_profile_fails() -> None:
    pair = Pair(profiles=[SRTP_AEAD_AES_256_GCM])
    pair.start()
    await pair.client.connect()
    await pair.until(lambda: pair.reasons)
    assert (pair.reasons, pair.keys) == (["dtls_failed"], None)
    await pair.finish()


@pytest.mark.parametrize(
    "fingerprints", [[("sha-256", ":".join(["00"] * 32))], [("sha-1", "00:11")], []]
)
async def test_a_wrong_fingerprint_fails(fingerprints: list[tuple[str, str]]) -> None:
    pair = Pair()
    pair.start(fingerprints)
    connecting = asyncio.ensure_future(pair.client.connect())
    await pair.until(lambda: pair.reasons)
    assert (pair.reasons, pair.keys) == (["dtls_failed"], None)
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    await pair.finish()


async def test_datagrams_that_come_before_the_start_are_kept() -> None:
    pair = Pair()
    connecting = asyncio.ensure_future(pair.client.connect())
    await turned(lambda: pair.session._link._queue)
    assert pair.sent == 0
    pair.start()
    async with asyncio.timeout(0.9):  # less than the client's retransmission timer
        await connecting
    await pair.finish()


@pytest.mark.parametrize(
    ("client_loss", "server_loss"),
    [(first, no_loss), (no_loss, first), (second, no_loss), (no_loss, second)],
    ids=["ClientHello", "ServerHello", "the client's Finished", "the server's Finished"],
)
async def test_a_lost_flight_is_sent_again(client_loss: Loss, server_loss: Loss) -> None:
    pair = Pair(client_loss=client_loss, server_loss=server_loss)
    await pair.connect()
    assert pair.keys == pair.client.exported()
    await pair.finish()


async def test_garbage_does_not_disturb_the_handshake_or_the_association() -> None:
    rng = random.Random(7)
    garbage = [b"", b"\x16", b"\x17\xfe\xfd", b"\x80" * 20, bytes(1400)]
    garbage += [
        bytes([rng.randrange(20, 64)]) + rng.randbytes(rng.randrange(60)) for _ in range(30)
    ]
    pair = Pair()
    for datagram in garbage:
        pair.session.receive(datagram)
    await pair.connect()
    for datagram in garbage:
        pair.session.receive(datagram)
    await pair.client.stop()
    await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_closed"]
    await pair.finish()


async def test_the_queue_is_bounded() -> None:
    session = FACTORY.session(cast(DtlsHooks, None))
    for _ in range(3 * dtls.QUEUE_LENGTH):
        session.receive(b"\x16" * 100)
    assert len(session._link._queue) == dtls.QUEUE_LENGTH


async def test_a_handshake_without_an_answer_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    with short_timeout(monkeypatch):
        pair.start()
        await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_failed"]


async def test_the_timeout_ends_with_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair()
    await pair.connect()
    with short_timeout(monkeypatch):
        await asyncio.wait([cast("asyncio.Task[None]", pair.session._task)], timeout=0.03)
    assert pair.reasons == []
    await pair.finish()


async def test_the_peers_close_notify_closes_once() -> None:
    pair = Pair()
    await pair.connect()
    await pair.client.stop()
    await pair.until(lambda: pair.reasons)
    await ended(pair.session)
    pair.session.receive(b"\x16" * 30)
    pair.session.start([])
    pair.session.close()
    assert pair.reasons == ["dtls_closed"]


async def test_close_tells_the_peer_at_once_and_calls_nobody_back() -> None:
    pair = Pair()
    await pair.connect()
    sent = pair.sent
    pair.session.close()
    assert pair.sent == sent + 1
    pair.session.close()
    await ended(pair.session)
    pump = pair.client._task
    assert pump is not None
    async with asyncio.timeout(WAIT):
        await pump
    assert pair.client.state == "closed"
    assert pair.reasons == []


async def test_close_before_start_and_during_the_handshake_is_quiet() -> None:
    idle, waiting = Pair(), Pair()
    idle.session.close()
    idle.start()
    waiting.start()
    await turned(lambda: waiting.session._dtls.state == "connecting")
    waiting.session.close()
    await ended(waiting.session)
    assert (idle.reasons, waiting.reasons) == ([], [])
    assert idle.session._task is None


async def test_a_fault_in_a_hook_ends_that_session_only(caplog: pytest.LogCaptureFixture) -> None:
    pair = Pair()
    pair.keys = SrtpKeys(SrtpProfile.AEAD_AES_128_GCM, b"", b"")  # its hook then raises
    pair.start()
    await pair.client.connect()
    await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_failed"]
    assert "DTLS session failed" in caplog.text
    await pair.finish()


class Association(RTCSctpTransport):
    """The client's end of the data channels."""

    async def opened_channel(self, label: str) -> RTCDataChannel:
        channel = RTCDataChannel(self, RTCDataChannelParameters(label=label))
        opened = asyncio.Event()
        channel.on("open", opened.set)
        async with asyncio.timeout(WAIT):
            await opened.wait()
        return channel


def server_data(pair: Pair) -> dtls.DataAssociation:
    return cast(dtls.DataAssociation, pair.session._dtls._data_receiver)


async def associated() -> tuple[Pair, Association]:
    pair = Pair()
    await pair.connect()
    association = Association(pair.client, dtls.SCTP_PORT)
    await association.start(None, dtls.SCTP_PORT)
    await association.opened_channel("chat")
    return pair, association


async def part(pair: Pair, association: Association) -> None:
    await association.stop()
    await pair.finish()


async def test_a_data_channel_opens_and_its_messages_are_only_counted() -> None:
    pair, association = await associated()
    assert association.state == "connected"
    channel = await association.opened_channel("board")
    channel.send("hello")
    channel.send(b"\x00" * 3000)
    await association.opened_channel("after")  # channels share one line: the messages are in
    assert server_data(pair).messages == 2
    await part(pair, association)
    assert pair.reasons == []


async def test_a_session_without_data_channel_sends_none_of_it() -> None:
    pair = Pair()
    await pair.connect()
    assert pair.sent == 2  # the two flights of the handshake
    await pair.finish()


def to_server(association: Association, *chunks: DataChunk | ForwardTsnChunk | InitChunk) -> bytes:
    """A packet of the client's association with a valid tag and checksum."""
    tag = association._remote_verification_tag
    packet = b"".join(bytes(chunk) for chunk in chunks[1:])
    first = serialize_packet(dtls.SCTP_PORT, dtls.SCTP_PORT, tag, chunks[0])
    return first if not packet else first + packet


def data_chunk(association: Association, ahead: int, stream_id: int, size: int) -> DataChunk:
    chunk = DataChunk(flags=SCTP_DATA_FIRST_FRAG)
    chunk.tsn = (association._local_tsn + ahead) % 2**32
    chunk.stream_id = stream_id
    chunk.protocol = 51
    chunk.user_data = b"x" * size
    return chunk


async def assert_only_the_association_ends(pair: Pair, packets: Sequence[bytes]) -> None:
    """The peer loses its channels, and the session goes on to a proper end."""
    data = server_data(pair)
    for packet in packets:
        await pair.client._send_data(packet)
        await turned(lambda: not pair.session._link._queue)
    await turned(lambda: data.state == "closed")
    assert pair.session._dtls._data_receiver is None
    assert pair.reasons == []
    await pair.client.stop()
    await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_closed"]


async def test_a_stream_out_of_range_ends_the_association() -> None:
    pair, association = await associated()
    chunk = data_chunk(association, 0, dtls.MAX_DATA_STREAMS, 10)
    await assert_only_the_association_ends(pair, [to_server(association, chunk)])
    await part(pair, association)


async def test_a_skip_of_a_stream_out_of_range_ends_the_association() -> None:
    pair, association = await associated()
    chunk = ForwardTsnChunk()
    chunk.cumulative_tsn = (association._local_tsn + 5) % 2**32
    chunk.streams = [(dtls.MAX_DATA_STREAMS, 0)]
    await assert_only_the_association_ends(pair, [to_server(association, chunk)])
    await part(pair, association)


async def test_a_message_larger_than_the_window_ends_the_association() -> None:
    pair, association = await associated()
    chunks = [data_chunk(association, n, 1, 1100) for n in range(dtls.DATA_WINDOW // 1100 + 2)]
    await assert_only_the_association_ends(pair, [to_server(association, c) for c in chunks])
    await part(pair, association)


async def test_too_many_gaps_end_the_association() -> None:
    pair, association = await associated()
    chunks = [data_chunk(association, 2 * n, 1, 1) for n in range(1, 300)]
    await assert_only_the_association_ends(pair, [to_server(association, c) for c in chunks])
    await part(pair, association)


async def test_a_channel_opened_twice_ends_the_association() -> None:
    pair, association = await associated()
    server = server_data(pair)
    server._data_channels[1] = server._data_channels[next(iter(server._data_channels))]
    association._data_channel_id = 1
    RTCDataChannel(association, RTCDataChannelParameters(label="again"))
    await turned(lambda: server.state == "closed")
    assert pair.reasons == []
    await part(pair, association)


@pytest.mark.parametrize(
    ("owner", "name", "parameters", "is_async"),
    [
        (RTCDtlsTransport, "_setup_srtp", ["self"], False),
        (RTCDtlsTransport, "_set_role", ["self", "role"], False),
        (RTCDtlsTransport, "_set_state", ["self", "state"], False),
        (RTCDtlsTransport, "start", ["self", "remoteParameters"], True),
        (RTCDtlsTransport, "stop", ["self"], True),
        (RTCSctpTransport, "start", ["self", "remoteCaps", "remotePort"], True),
        (RTCSctpTransport, "stop", ["self"], True),
        (RTCSctpTransport, "_init", ["self"], True),
        (RTCSctpTransport, "_handle_data", ["self", "data"], True),
        (RTCSctpTransport, "_get_inbound_stream", ["self", "stream_id"], False),
        (RTCSctpTransport, "_receive_data_chunk", ["self", "chunk"], True),
        (RTCSctpTransport, "_receive", ["self", "stream_id", "pp_id", "data"], True),
        (SRTPProtectionProfile, "get_key_and_salt", ["self", "src", "idx"], False),
    ],
)
def test_aiortc_still_has_the_method(
    owner: type, name: str, parameters: list[str], is_async: bool
) -> None:
    method = getattr(owner, name, None)
    assert method is not None, f"aiortc moved {owner.__name__}.{name}: adapt sfu/dtls.py"
    assert list(inspect.signature(method).parameters) == parameters, (
        f"aiortc changed the parameters of {owner.__name__}.{name}: adapt sfu/dtls.py"
    )
    assert inspect.iscoroutinefunction(method) is is_async


async def test_aiortc_still_has_the_attributes() -> None:
    transport = RTCDtlsTransport(cast(RTCIceTransport, ClientLink(no_loss)), [CERTIFICATE])
    association = RTCSctpTransport(transport)
    for owner, names in (
        (transport, ("_ssl", "_state", "_task", "_srtp_profiles", "_data_receiver")),
        (
            association,
            (
                "_inbound_streams_max",
                "_advertised_rwnd",
                "_sack_misordered",
                "_data_channel_queue",
            ),
        ),
    ):
        for name in names:
            assert hasattr(owner, name), f"aiortc moved {name}: adapt sfu/dtls.py"
    assert {"CONNECTED", "FAILED"} <= set(State.__members__)


def test_aiortc_still_asks_its_ice_transport_the_same() -> None:
    source = inspect.getsource(RTCDtlsTransport)
    for call in ("self.transport._recv()", "self.transport._send(data)"):
        assert call in source, f"aiortc moved {call}: adapt DatagramLink in sfu/dtls.py"
