"""DTLS sessions against aiortc's own client over an in-memory pair; no sockets, no sleeps."""

import asyncio
import inspect
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from aiortc import RTCIceTransport
from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_256_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)

from sfu.dtls import admission_queue
from sfu.dtls import session as dtls
from sfu.dtls.admission_queue import AdmissionQueue
from sfu.dtls.api import DtlsFactory, DtlsHooks, DtlsSession
from sfu.dtls.session import AiortcDtls, AiortcSession, DatagramLink
from sfu.srtp.keys import SrtpKeys, SrtpProfile
from sfu.stats import DropReason
from tests.support.dtls_pair import (
    CERTIFICATE,
    FACTORY,
    WAIT,
    ClientLink,
    Pair,
    first,
    no_loss,
    second,
    turned,
)


@contextmanager
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(dtls, "HANDSHAKE_TIMEOUT", 0.01)
        yield


async def ended(session: AiortcSession) -> None:
    """Wait until the session's task is gone."""
    if session._task is not None:
        async with asyncio.timeout(WAIT):
            await asyncio.gather(session._task, return_exceptions=True)


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


class Wire:
    """Hooks of one of two ends of ours: its datagrams go straight to the other."""

    def __init__(self) -> None:
        self.keys: SrtpKeys | None = None
        self.reasons: list[str] = []
        self.far: AiortcSession | None = None

    def send(self, data: bytes) -> None:
        if self.far is not None:
            self.far.receive(data)

    def connected(self, keys: SrtpKeys) -> None:
        self.keys = keys

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)


async def test_a_client_of_ours_has_the_keys_the_other_way_round() -> None:
    begins = AiortcDtls(role="client")
    here, there = Wire(), Wire()
    client, server = begins.session(here), FACTORY.session(there)
    here.far, there.far = server, client
    server.start(begins.fingerprints)
    client.start(FACTORY.fingerprints)
    await turned(lambda: here.keys and there.keys)
    assert here.keys is not None
    assert there.keys is not None
    assert (here.keys.local, here.keys.remote) == (there.keys.remote, there.keys.local)
    assert here.keys.profile is SrtpProfile.AEAD_AES_128_GCM
    client.close()
    await turned(lambda: there.reasons)
    assert (here.reasons, there.reasons) == ([], ["dtls_closed"])


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


async def test_a_lost_flight_of_either_side_is_sent_again() -> None:
    pairs = [
        Pair(client_loss=first),  # ClientHello
        Pair(server_loss=first),  # ServerHello and certificate
        Pair(client_loss=second),  # the client's certificate and Finished
        Pair(server_loss=second),  # the server's Finished
    ]
    await asyncio.gather(*(pair.connect() for pair in pairs))  # each waits a second for its timer
    for pair in pairs:
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


async def test_the_queue_is_bounded_and_counts_what_it_refuses() -> None:
    factory = AiortcDtls()
    session = factory.session(cast(DtlsHooks, None))
    for _ in range(3 * dtls.QUEUE_LENGTH):
        session.receive(b"\x16" * 100)
    assert len(session._link._queue) == dtls.QUEUE_LENGTH
    assert factory.drops == {DropReason.DTLS_QUEUE_FULL: 2 * dtls.QUEUE_LENGTH}


async def test_what_a_full_admission_queue_refuses_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission_queue, "MAX_WAITING", 1)
    factory = AiortcDtls()
    waits, refused = (factory.session(cast(DtlsHooks, None)) for _ in range(2))
    for session in (waits, refused, refused):
        session.receive(b"\x16" * 100)
    assert factory.drops == {DropReason.DTLS_CROWDED: 2}
    waits.close()
    refused.receive(b"\x16" * 100)
    assert len(refused._link._queue) == 1


async def test_sessions_take_turns_datagram_by_datagram() -> None:
    gate, taken = AdmissionQueue(), list[bytes]()
    drops = Counter[DropReason]()
    busy, other = (DatagramLink(cast(DtlsHooks, None), gate, drops) for _ in range(2))
    tasks = [asyncio.create_task(take_all(link, taken)) for link in (busy, other)]
    for number in range(20):
        busy.put(bytes([20, number]))
    for number in range(2):
        other.put(bytes([21, number]))
    await turned(lambda: len(taken) == 22)
    assert taken[:4] == [b"\x14\x00", b"\x15\x00", b"\x14\x01", b"\x15\x01"]
    assert taken[4:] == [bytes([20, number]) for number in range(2, 20)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_storm_of_one_session_takes_one_datagram_a_turn() -> None:
    link = DatagramLink(cast(DtlsHooks, None), AdmissionQueue(), Counter())
    for number in range(10):
        link.put(bytes([20, number]))
    task, left = asyncio.create_task(take_all(link, [])), list[int]()
    while link._queue:
        before = len(link._queue)
        await asyncio.sleep(0)
        left.append(before - len(link._queue))
    assert max(left) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def take_all(link: DatagramLink, taken: list[bytes]) -> None:
    """Stands for a session that never waits for anything else."""
    while True:
        taken.append(await link._recv())


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


@pytest.mark.parametrize(
    ("owner", "name", "parameters", "is_async"),
    [
        (RTCDtlsTransport, "_setup_srtp", ["self"], False),
        (RTCDtlsTransport, "_set_role", ["self", "role"], False),
        (RTCDtlsTransport, "_set_state", ["self", "state"], False),
        (RTCDtlsTransport, "start", ["self", "remoteParameters"], True),
        (RTCDtlsTransport, "stop", ["self"], True),
        (RTCDtlsTransport, "_recv_next", ["self"], True),
        (SRTPProtectionProfile, "get_key_and_salt", ["self", "src", "idx"], False),
    ],
)
def test_aiortc_still_has_the_method(
    owner: type, name: str, parameters: list[str], is_async: bool
) -> None:
    method = getattr(owner, name, None)
    assert method is not None, f"aiortc moved {owner.__name__}.{name}: adapt sfu/dtls/session.py"
    assert list(inspect.signature(method).parameters) == parameters, (
        f"aiortc changed the parameters of {owner.__name__}.{name}: adapt sfu/dtls/session.py"
    )
    assert inspect.iscoroutinefunction(method) is is_async


def test_aiortc_still_has_the_attributes() -> None:
    transport = RTCDtlsTransport(cast(RTCIceTransport, ClientLink(no_loss)), [CERTIFICATE])
    for name in ("_ssl", "_state", "_task", "_srtp_profiles"):
        assert hasattr(transport, name), f"aiortc moved {name}: adapt sfu/dtls/session.py"
    assert {"CONNECTED", "FAILED"} <= set(State.__members__)


def test_aiortc_still_asks_its_ice_transport_the_same() -> None:
    source = inspect.getsource(RTCDtlsTransport)
    for call in ("self.transport._recv()", "self.transport._send(data)", "self._recv_next()"):
        assert call in source, f"aiortc moved {call}: adapt DatagramLink in sfu/dtls/session.py"
