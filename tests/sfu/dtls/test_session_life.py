"""What reaches OpenSSL once the handshake has ended, and what a session makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import pytest
from OpenSSL import SSL

from sfu.stats import DropReason
from tests.support.dtls_pair import FACTORY, Pair, turned
from tests.support.line import HOME, Line

PLAIN_ALERT = bytes.fromhex("15fefd000000000000000900020228")  # fatal, epoch 0
PLAIN_CLOSE = bytes.fromhex("15fefd000000000000000a00020100")
FALSE_CLOSE = bytes.fromhex("15fefd000100000000000a00020100")  # epoch 1, not sealed
SCTP_HEARTBEAT = b"\x13\x88\x13\x88" + bytes(8) + b"\x04\x00\x00\x0c\x00\x01\x00\x08" + bytes(4)


@contextmanager
def counted_drops() -> Iterator[None]:
    """The factory of all pairs counts from nothing."""
    FACTORY.drops.clear()
    yield
    FACTORY.drops.clear()


def sealed(pair: Pair, *contents: bytes) -> bytes:
    """One datagram with a record of application data for each content, by the client's OpenSSL."""
    ssl = pair.client._ssl
    assert ssl is not None
    for content in contents:
        ssl.send(content)
    return ssl.bio_read(65_536)


async def taken(pair: Pair, *datagrams: bytes) -> None:
    """The session has read them all."""
    for datagram in datagrams:
        pair.session.receive(datagram)
        await turned(lambda: not pair.session._link._queue)
    await turned(lambda: not pair.session._link._admitted.is_set())


async def test_application_data_goes_nowhere_and_draws_no_answer() -> None:
    pair = Pair()
    await pair.connect()
    sent = pair.sent
    with counted_drops():
        for _ in range(10):
            await taken(pair, sealed(pair, SCTP_HEARTBEAT))
        assert FACTORY.drops == {DropReason.DTLS_DATA: 10}
    assert pair.sent == sent
    await pair.client.stop()
    await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_closed"]


async def test_a_datagram_of_many_records_is_read_to_its_end() -> None:
    """What is left would pile up in OpenSSL's buffer, datagram by datagram."""
    pair = Pair()
    await pair.connect()
    with counted_drops():
        for _ in range(5):
            await taken(pair, sealed(pair, *[b"x"] * 35))
        assert FACTORY.drops == {DropReason.DTLS_DATA: 5 * 35}
    ssl = pair.session._dtls._ssl
    assert ssl is not None
    with pytest.raises(SSL.WantReadError):
        ssl.recv(100)
    await pair.finish()


async def test_what_is_not_authentic_is_not_answered_and_ends_nothing() -> None:
    pair = Pair()
    await pair.connect()
    record = sealed(pair, b"once")
    forged = [PLAIN_ALERT, PLAIN_CLOSE, FALSE_CLOSE, record, record, record[:-1], b"\x16" * 1_400]
    forged += pair.link.sent  # the whole handshake
    sent = pair.sent
    with counted_drops():
        await taken(pair, *forged)
        assert FACTORY.drops == {DropReason.DTLS_DATA: 1}
        await taken(pair, sealed(pair, b"more"))
        assert FACTORY.drops == {DropReason.DTLS_DATA: 2}
    assert (pair.sent, pair.reasons) == (sent, [])
    await pair.finish()


class Failing:
    """An SSL connection that fails at whatever it reads; `ended` by the peer, or by itself."""

    def __init__(self, ended: bool) -> None:
        self.written = 0
        self._ended = ended

    def bio_write(self, datagram: bytes) -> int:
        self.written += 1
        return len(datagram)

    def recv(self, size: int) -> bytes:
        raise SSL.Error

    def bio_read(self, size: int) -> bytes:
        raise SSL.WantReadError

    def get_shutdown(self) -> int:
        return SSL.RECEIVED_SHUTDOWN if self._ended else 0

    def shutdown(self) -> bool:
        raise SSL.Error


@pytest.mark.parametrize("ended", [True, False])
async def test_a_fatal_alert_of_the_peer_ends_it_and_a_fault_of_openssl_only_silences_it(
    ended: bool,
) -> None:
    pair = Pair()
    await pair.connect()
    failing = Failing(ended)
    pair.session._dtls._ssl = cast(SSL.Connection, failing)
    for _ in range(3):
        await taken(pair, b"\x15" * 30)
        if ended:
            await pair.until(lambda: pair.reasons)
    assert pair.reasons == ["dtls_closed"] * ended
    assert failing.written == 1
    await pair.finish()


async def test_a_flood_reaches_openssl_no_more_often_than_the_budget_allows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """10,000 datagrams in 10 s: heartbeats, garbage, ClientHellos that come again."""
    pair = Pair()
    await pair.connect()
    line, reached = Line().connected(), 0
    real = SSL.Connection.bio_write

    def bio_write(self: SSL.Connection, data: bytes) -> int:
        nonlocal reached
        reached += 1
        return real(self, data)

    monkeypatch.setattr(SSL.Connection, "bio_write", bio_write)
    line.transport._dtls = pair.session
    kinds = [sealed(pair, SCTP_HEARTBEAT), b"\x16" * 1_200, pair.link.sent[0], PLAIN_CLOSE]
    for number in range(10_000):
        line.transport.receive_dtls(kinds[number % 4], HOME, number / 1_000)
        if number % 100 == 0:
            await turned(lambda: not pair.session._link._queue)
            line.rtp(number // 100, number / 1_000)
    assert reached <= 20 + 5 * 10
    assert line.transport.drops[DropReason.DTLS_OVER_BUDGET] >= 10_000 - 70
    assert line.state == "connected"
    assert line.transport.packets_received == 100
    await pair.finish()
