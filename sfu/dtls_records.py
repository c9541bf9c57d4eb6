"""The record layer of an established DTLS 1.2 association: seal, open and replay.

For the suites that browsers choose, which are AEAD. Records of epoch 1 alone, what else comes is
no longer of use (RFC 6347 4.1). Ciphers are made for each record: they are rare, and a cipher
that is kept takes 2.3 kB.
Pure: no I/O, no clock.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from hmac import digest
from struct import Struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from sfu.replay import ReplayError, with_index

VERSION = 0xFEFD  # DTLS 1.2
EPOCH = 1  # of all records after the handshake's ChangeCipherSpec; nobody renegotiates
REPLAY_WINDOW = 64  # records, RFC 6347 4.1.2.6
TAG_LENGTH = 16

_HEADER = Struct(">BHQH")  # type, version, epoch and sequence number, length
_ADDITIONAL = Struct(">QBHH")  # epoch and sequence number, type, version, length
_SEQUENCE_MASK = (1 << 48) - 1
_EXPLICIT_MASK = (1 << 64) - 1


class ContentType(IntEnum):
    """RFC 5246 6.2.1."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


@dataclass(frozen=True, slots=True)
class Suite:
    """What a cipher suite says of its records. `explicit` bytes of each nonce travel with it."""

    cipher: Callable[[bytes], AESGCM | ChaCha20Poly1305]
    key_length: int
    iv_length: int
    explicit: int


# by OpenSSL's names; both have SHA-256 for their key block (RFC 5289 3.2, RFC 7905 2)
SUITES = {
    "ECDHE-ECDSA-AES128-GCM-SHA256": Suite(AESGCM, 16, 4, 8),
    "ECDHE-ECDSA-CHACHA20-POLY1305": Suite(ChaCha20Poly1305, 32, 12, 0),
}


@dataclass(frozen=True, slots=True)
class DirectionKeys:
    """Of one direction of an association."""

    suite: Suite
    key: bytes
    iv: bytes

    def nonce(self, number: int, explicit: bytes) -> bytes:
        """RFC 5288 3: salt and explicit part; RFC 7905 2: IV XOR epoch and sequence number."""
        if explicit:
            return self.iv + explicit
        return (int.from_bytes(self.iv, "big") ^ number).to_bytes(len(self.iv), "big")


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it lies in a datagram; `number` holds the epoch and the sequence number."""

    type: int
    version: int
    number: int
    fragment: bytes

    @property
    def epoch(self) -> int:
        return self.number >> 48


def split(datagram: bytes) -> Iterator[Record]:
    """The records of a datagram, until the first that is not whole."""
    start = 0
    while start + _HEADER.size <= len(datagram):
        kind, version, number, length = _HEADER.unpack_from(datagram, start)
        start += _HEADER.size
        if start + length > len(datagram):
            return
        yield Record(kind, version, number, datagram[start : start + length])
        start += length


def derive_keys(
    suite: Suite, master_secret: bytes, client_random: bytes, server_random: bytes
) -> tuple[DirectionKeys, DirectionKeys]:
    """What the client writes with, and the server: RFC 5246 6.3, without keys for a MAC."""
    key, iv = suite.key_length, suite.iv_length
    seed = b"key expansion" + server_random + client_random
    block = _p_sha256(master_secret, seed, 2 * (key + iv))
    ivs = block[2 * key :]
    client = DirectionKeys(suite, block[:key], ivs[:iv])
    return client, DirectionKeys(suite, block[key : 2 * key], ivs[iv:])


def _p_sha256(secret: bytes, seed: bytes, length: int) -> bytes:
    """RFC 5246 5."""
    found, state = b"", seed
    while len(found) < length:
        state = digest(secret, state, "sha256")
        found += digest(secret, state + seed, "sha256")
    return found[:length]


class RecordWriter:
    """Seals what one end sends. Sequence numbers and explicit nonces go on where OpenSSL ended:
    neither is ever used twice under a key."""

    __slots__ = ("_explicit", "_keys", "_number")

    def __init__(self, keys: DirectionKeys, last: Record) -> None:
        """`last` is the last record that was sent under these keys."""
        self._keys = keys
        self._number = last.number
        self._explicit = int.from_bytes(last.fragment[: keys.suite.explicit], "big")

    def seal(self, kind: ContentType, plain: bytes) -> bytes:
        """One record, which is one datagram."""
        keys, suite = self._keys, self._keys.suite
        self._number += 1
        self._explicit = (self._explicit + 1) & _EXPLICIT_MASK
        explicit = self._explicit.to_bytes(8, "big")[: suite.explicit]
        sealed = suite.cipher(keys.key).encrypt(
            keys.nonce(self._number, explicit), plain, _additional(kind, self._number, len(plain))
        )
        length = len(explicit) + len(sealed)
        return _HEADER.pack(kind, VERSION, self._number, length) + explicit + sealed


class RecordReader:
    """Opens what the other end sends; its window moves only after authentication."""

    __slots__ = ("_highest", "_keys", "_window")

    def __init__(self, keys: DirectionKeys) -> None:
        self._keys = keys
        self._highest = 0  # the Finished that ended the handshake, or one before it
        self._window = 1  # sfu.replay

    def open(self, datagram: bytes) -> Iterator[tuple[int, bytes]]:
        """Type and content of each record that is authentic and new; the rest is passed over
        without a word (RFC 6347 4.1.2.7)."""
        for record in split(datagram):
            if record.epoch != EPOCH or record.version != VERSION:
                continue
            sequence = record.number & _SEQUENCE_MASK
            try:
                moved = with_index(self._highest, self._window, sequence, REPLAY_WINDOW)
                plain = self._unseal(record)
            except (ReplayError, InvalidTag):
                continue
            self._highest, self._window = moved
            yield record.type, plain

    def _unseal(self, record: Record) -> bytes:
        keys, suite = self._keys, self._keys.suite
        length = len(record.fragment) - suite.explicit - TAG_LENGTH
        if length < 0:
            raise InvalidTag
        explicit, sealed = record.fragment[: suite.explicit], record.fragment[suite.explicit :]
        return suite.cipher(keys.key).decrypt(
            keys.nonce(record.number, explicit),
            sealed,
            _additional(record.type, record.number, length),
        )


def _additional(kind: int, number: int, length: int) -> bytes:
    """RFC 5246 6.2.3.3, with epoch and sequence number of RFC 6347 4.1.2.1."""
    return _ADDITIONAL.pack(number, kind, VERSION, length)
