"""Our DTLS 1.2 records against OpenSSL's, in both directions and both suites."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.dtls_records import (
    REPLAY_WINDOW,
    SUITES,
    ContentType,
    Record,
    RecordReader,
    RecordWriter,
    derive_keys,
    split,
)
from tests.support.dtls_handshake import CHACHA, GCM, Handshake, opened, sealed

BOTH = [GCM, CHACHA]
suites = pytest.mark.parametrize("suite", BOTH)
DATA = ContentType.APPLICATION_DATA


class Ends:
    """A finished handshake; our reader and writer beside its server."""

    def __init__(self, suite: bytes = GCM) -> None:
        self.shaken = Handshake(suite)
        ssl = self.shaken.server
        secret, client, server = ssl.master_key(), ssl.client_random(), ssl.server_random()
        assert secret
        assert client
        assert server
        reads, writes = derive_keys(SUITES[suite.decode()], secret, client, server)
        self.last = list(split(self.shaken.flight))[-1]
        self.reader = RecordReader(reads)
        self.writer = RecordWriter(writes, self.last)

    def sent(self, content: bytes) -> bytes:
        """A datagram of the client."""
        return sealed(self.shaken.client, content)

    def read(self, datagram: bytes) -> list[bytes]:
        return [plain for kind, plain in self.reader.open(datagram) if kind == DATA]

    def assert_read(self, contents: Iterable[bytes], datagrams: Iterable[bytes]) -> None:
        assert [self.read(datagram) for datagram in datagrams] == [[one] for one in contents]


@suites
@given(content=st.binary(min_size=1, max_size=1_400))
@settings(max_examples=25, deadline=None)
def test_openssl_opens_what_we_seal_and_we_what_it_seals(suite: bytes, content: bytes) -> None:
    ends = Ends(suite)
    for _ in range(3):
        assert opened(ends.shaken.client, ends.writer.seal(DATA, content)) == [content]
        assert ends.read(ends.sent(content)) == [content]


@suites
def test_numbers_and_nonces_go_on_where_openssl_ended(suite: bytes) -> None:
    ends = Ends(suite)
    explicit = SUITES[suite.decode()].explicit
    before = ends.last
    for _ in range(5):
        (record,) = split(ends.writer.seal(DATA, b"content"))
        assert record.number == before.number + 1
        nonces = [int.from_bytes(one.fragment[:explicit], "big") for one in (before, record)]
        assert nonces[1] == (nonces[0] + 1 if explicit else 0)
        before = record


def test_the_explicit_nonce_wraps() -> None:
    ends = Ends()
    keys = ends.writer._keys
    writer = RecordWriter(keys, Record(22, 0xFEFD, ends.last.number, b"\xff" * 8))
    datagram = writer.seal(DATA, b"content")
    assert next(split(datagram)).fragment[:8] == bytes(8)
    assert opened(ends.shaken.client, datagram) == [b"content"]


@suites
def test_a_change_of_any_byte_is_passed_over_and_leaves_no_trace(suite: bytes) -> None:
    ends = Ends(suite)
    datagram = ends.sent(b"content")
    for position in range(len(datagram)):
        changed = bytearray(datagram)
        changed[position] ^= 0x40
        assert list(ends.reader.open(bytes(changed))) == []
    ends.assert_read([b"content"], [datagram])


@suites
def test_a_record_that_is_cut_short_is_passed_over(suite: bytes) -> None:
    ends = Ends(suite)
    datagram = ends.sent(b"content")
    for length in range(len(datagram)):
        short = datagram[:length]
        assert list(ends.reader.open(short)) == []
        fitting = short[:11] + max(length - 13, 0).to_bytes(2, "big") + short[13:]
        assert list(ends.reader.open(fitting)) == []
    ends.assert_read([b"content"], [datagram])


def test_all_records_of_a_datagram_are_read_and_one_bad_one_hides_none() -> None:
    ends = Ends()
    first, second, third = (ends.sent(one) for one in (b"first", b"second", b"third"))
    bad = second[:-1] + bytes([second[-1] ^ 1])
    assert ends.read(first + bad + third + b"\x17\xfe") == [b"first", b"third"]


def test_each_record_of_the_window_is_read_once() -> None:
    ends = Ends()
    contents = [b"%d" % number for number in range(REPLAY_WINDOW + 2)]
    late, *rest = (ends.sent(one) for one in contents)
    ends.assert_read(contents[-1:], rest[-1:])
    ends.assert_read(contents[2:-1], rest[1:-1])
    assert [ends.read(one) for one in [late, *rest]] == [[]] * len(contents)


def test_records_of_another_epoch_are_passed_over() -> None:
    ends = Ends()
    datagram = ends.sent(b"content")
    for epoch in (0, 2, 0xFFFF):
        assert ends.read(datagram[:3] + epoch.to_bytes(2, "big") + datagram[5:]) == []
    assert ends.read(ends.shaken.flight) == []  # our own, sent back


@given(order=st.lists(st.integers(0, 99), max_size=60))
@settings(max_examples=40, deadline=None)
def test_what_is_read_agrees_with_openssl(order: list[int]) -> None:
    ends = Ends()
    datagrams = [ends.sent(b"%d" % number) for number in range(100)]
    for number in order:
        assert ends.read(datagrams[number]) == opened(ends.shaken.server, datagrams[number])


ENDS = Ends()


@given(datagram=st.binary(max_size=200))
def test_any_bytes_are_passed_over(datagram: bytes) -> None:
    assert list(ENDS.reader.open(datagram)) == []


@given(kind=st.integers(0, 255), number=st.integers(0, 2**48 - 1), fragment=st.binary(max_size=60))
def test_any_record_is_passed_over(kind: int, number: int, fragment: bytes) -> None:
    head = bytes([kind]) + b"\xfe\xfd\0\1" + number.to_bytes(6, "big")
    assert list(ENDS.reader.open(head + len(fragment).to_bytes(2, "big") + fragment)) == []
