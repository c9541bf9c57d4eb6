"""What follows a DTLS handshake, against OpenSSL's client; and what aiortc asks of it."""

import inspect
import re
from typing import cast

import pytest
from aiortc.rtcdtlstransport import RTCDtlsTransport
from OpenSSL import SSL

from sfu.dtls_established import MAX_REPEATS, MAX_UNREAD, EstablishedDtls, take_over
from sfu.dtls_records import (
    EPOCH,
    SUITES,
    VERSION,
    ContentType,
    Record,
    RecordWriter,
    derive_keys,
)
from tests.support.dtls_handshake import (
    CBC,
    CHACHA,
    GCM,
    Handshake,
    opened,
    sealed,
    written,
)

FINISHED = b"\x14" + bytes(23)
HANDSHAKES_OWN = {
    *("do_handshake", "set_accept_state", "set_connect_state", "DTLSv1_handle_timeout"),
    *("get_peer_certificate", "get_selected_srtp_profile", "export_keying_material"),
}


def taken(shaken: Handshake) -> EstablishedDtls:
    found = take_over(shaken.server, shaken.flight)
    assert found is not None
    return found


def client_writer(shaken: Handshake) -> RecordWriter:
    """For what OpenSSL's client writes only when it is told to wait or to fail."""
    ssl = shaken.client
    secret, client, server = ssl.master_key(), ssl.client_random(), ssl.server_random()
    assert secret
    assert client
    assert server
    keys, _ = derive_keys(SUITES[GCM.decode()], secret, client, server)
    ahead = (EPOCH << 48) + 10  # of what OpenSSL itself has written
    return RecordWriter(keys, Record(ContentType.HANDSHAKE, VERSION, ahead, bytes(8)))


def outgoing(end: EstablishedDtls) -> list[bytes]:
    return list(written(cast(SSL.Connection, end)))


@pytest.mark.parametrize("suite", [GCM, CHACHA])
def test_data_goes_both_ways(suite: bytes) -> None:
    shaken = Handshake(suite)
    server = taken(shaken)
    assert server.bio_write(sealed(shaken.client, b"hello"))
    assert server.recv(1_500) == b"hello"
    with pytest.raises(SSL.WantReadError):
        server.recv(1_500)
    assert server.send(b"welcome") == 7
    (datagram,) = outgoing(server)
    assert opened(shaken.client, datagram) == [b"welcome"]


def test_records_of_one_datagram_are_told_one_by_one_and_not_without_end() -> None:
    shaken = Handshake()
    server = taken(shaken)
    contents = [b"%d" % number for number in range(MAX_UNREAD + 3)]
    server.bio_write(b"".join(sealed(shaken.client, one) for one in contents))
    assert [server.recv(1_500) for _ in range(MAX_UNREAD)] == contents[:MAX_UNREAD]
    with pytest.raises(SSL.WantReadError):
        server.recv(1_500)


def test_the_clients_close_notify_ends_it_behind_what_came_before() -> None:
    shaken = Handshake()
    server = taken(shaken)
    last = sealed(shaken.client, b"last")
    shaken.client.shutdown()
    server.bio_write(last + b"".join(written(shaken.client)))
    assert server.recv(1_500) == b"last"
    with pytest.raises(SSL.ZeroReturnError):
        server.recv(1_500)
    assert server.shutdown()


def test_our_close_notify_ends_the_client_and_is_sent_once() -> None:
    shaken = Handshake()
    server = taken(shaken)
    assert not server.shutdown()
    assert not server.shutdown()
    (datagram,) = outgoing(server)
    shaken.client.bio_write(datagram)
    with pytest.raises(SSL.ZeroReturnError):
        shaken.client.recv(1_500)
    with pytest.raises(SSL.Error, match="closed"):
        server.send(b"more")


@pytest.mark.parametrize(
    ("alert", "ends"),
    [(b"\1\0", True), (b"\2\x28", True), (b"\1\x5a", False), (b"\2", False), (b"", False)],
)
def test_what_an_alert_means(alert: bytes, ends: bool) -> None:
    shaken = Handshake()
    server = taken(shaken)
    server.bio_write(client_writer(shaken).seal(ContentType.ALERT, alert))
    with pytest.raises(SSL.ZeroReturnError if ends else SSL.WantReadError):
        server.recv(1_500)


def test_a_lost_last_flight_is_sent_again_and_completes_the_clients_handshake() -> None:
    shaken = Handshake(deliver_last=False)
    server = taken(shaken)
    server.bio_write(client_writer(shaken).seal(ContentType.HANDSHAKE, FINISHED))
    assert outgoing(server) == [shaken.flight]
    shaken.client.bio_write(shaken.flight)
    shaken.client.do_handshake()
    server.bio_write(sealed(shaken.client, b"hello"))
    assert server.recv(1_500) == b"hello"


def test_the_last_flight_is_repeated_once_a_datagram_and_not_without_end() -> None:
    shaken = Handshake()
    server, client = taken(shaken), client_writer(shaken)
    repeated = []
    for _ in range(MAX_REPEATS + 3):
        again = [client.seal(ContentType.HANDSHAKE, FINISHED) for _ in range(3)]
        server.bio_write(b"".join(again))
        repeated.append(outgoing(server))
    assert repeated == [[shaken.flight]] * MAX_REPEATS + [[]] * 3


def test_other_messages_of_a_handshake_are_not_answered() -> None:
    shaken = Handshake()
    server, client = taken(shaken), client_writer(shaken)
    for message in (b"\x01" + bytes(40), b""):
        server.bio_write(client.seal(ContentType.HANDSHAKE, message))
    assert outgoing(server) == []


def test_openssl_goes_on_with_a_suite_that_is_not_aead() -> None:
    shaken = Handshake(CBC)
    assert take_over(shaken.server, shaken.flight) is None


def test_openssl_goes_on_without_the_whole_last_flight() -> None:
    shaken = Handshake()
    for flight in (b"", shaken.flight[:-1], shaken.flight[:14], b"\x17" + shaken.flight[1:14]):
        assert take_over(shaken.server, flight) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("get_protocol_version_name", "DTLSv1.3"),
        ("get_cipher_name", None),
        ("master_key", None),
        ("client_random", None),
        ("server_random", None),
    ],
)
def test_openssl_goes_on_when_it_does_not_tell_what_is_needed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    shaken = Handshake()
    monkeypatch.setattr(shaken.server, name, lambda: value)
    assert take_over(shaken.server, shaken.flight) is None


def test_it_has_all_that_aiortc_asks_of_an_ssl_connection() -> None:
    asked = set(re.findall(r"self\._ssl\.(\w+)", inspect.getsource(RTCDtlsTransport)))
    missing = {name for name in asked - HANDSHAKES_OWN if not hasattr(EstablishedDtls, name)}
    assert not missing, f"aiortc asks more of OpenSSL: adapt sfu/dtls_established.py: {missing}"
    assert "recv" in asked, "aiortc keeps its SSL connection elsewhere: adapt sfu/dtls.py"
