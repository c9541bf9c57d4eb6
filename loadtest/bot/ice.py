"""The controlling end of ICE towards a lite server: checks, nominates, and asks for consent.

RFC 8445 (one pair, nominated with its first check), RFC 8489 (STUN), RFC 7675 (consent). The
messages are made and read here: a fleet of 1,000 asks 400 times a second.
Pure: no I/O, no clock.
"""

from binascii import crc32
from collections.abc import Callable
from hmac import compare_digest, digest
from struct import Struct

from sfu.ice import IceCredentials, IceState

CONSENT_EVERY = 2.5  # s, as Chromium on a pair that is stable
UNANSWERED_AFTER = 0.5  # s; then it asks sooner
CHECKS_AFTER = (0.05, 0.1, 0.2, 0.4, 0.8)  # s between the first checks; later ones as the last
FAILED_AFTER = 10.0  # s without any answer at the beginning
LOST_AFTER = 30.0  # s without consent, RFC 7675 5.1

_COOKIE = 0x2112A442
_HEADER = Struct(">HHI12s")
_ATTRIBUTE = Struct(">HH")
_REQUEST, _SUCCESS = 0x0001, 0x0101
_USERNAME, _INTEGRITY, _PRIORITY, _USE_CANDIDATE = 0x0006, 0x0008, 0x0024, 0x0025
_FINGERPRINT, _CONTROLLING = 0x8028, 0x802A
_FINGERPRINT_XOR = 0x5354554E
_HOST_PRIORITY = (126 << 24) + (65535 << 8) + 255  # RFC 8445 5.1.2.1
_INTEGRITY_SIZE, _FINGERPRINT_SIZE = 24, 8  # bytes with their headers
_REMEMBERED = 16  # requests whose answers still count


def _attribute(kind: int, value: bytes) -> bytes:
    return _ATTRIBUTE.pack(kind, len(value)) + value + bytes(-len(value) & 3)


class IceAgent:
    """One path to the server. `state`: NEW until the first answer, FAILED for good."""

    def __init__(
        self,
        local: IceCredentials,
        remote: IceCredentials,
        random: Callable[[int], bytes],
        now: float,
    ) -> None:
        self.state = IceState.NEW
        self.round_trip: float | None = None  # s, of the last request that was answered
        self._random = random
        self._key = remote.pwd.encode()
        self._attributes = b"".join(
            (
                _attribute(_USERNAME, f"{remote.ufrag}:{local.ufrag}".encode()),
                _attribute(_CONTROLLING, random(8)),
                _attribute(_USE_CANDIDATE, b""),
                _attribute(_PRIORITY, _HOST_PRIORITY.to_bytes(4, "big")),
            )
        )
        self._asked: dict[bytes, float] = {}  # transactions, the oldest first
        self._tries = 0
        self._next = now
        self._give_up = now + FAILED_AFTER

    def next_deadline(self) -> float:
        """When handle_timers has something to send, or to say."""
        return min(self._next, self._give_up)

    def handle_timers(self, now: float) -> bytes | None:
        """The request to send now, if any; afterwards `state` may be FAILED."""
        if self.state is IceState.FAILED or now >= self._give_up:
            self.state = IceState.FAILED
            return None
        if now < self._next:
            return None
        self._next = now + self._pause()
        self._tries += 1
        return self._request(now)

    def _pause(self) -> float:
        if self.state is IceState.CONNECTED:
            return UNANSWERED_AFTER
        return CHECKS_AFTER[min(self._tries, len(CHECKS_AFTER) - 1)]

    def _request(self, now: float) -> bytes:
        transaction = self._random(12)
        self._asked[transaction] = now
        if len(self._asked) > _REMEMBERED:
            del self._asked[next(iter(self._asked))]
        size = len(self._attributes) + _INTEGRITY_SIZE
        message = _HEADER.pack(_REQUEST, size, _COOKIE, transaction) + self._attributes
        message += _attribute(_INTEGRITY, digest(self._key, message, "sha1"))
        size += _FINGERPRINT_SIZE
        message = _HEADER.pack(_REQUEST, size, _COOKIE, transaction) + message[_HEADER.size :]
        checksum = crc32(message) ^ _FINGERPRINT_XOR
        return message + _attribute(_FINGERPRINT, checksum.to_bytes(4, "big"))

    def receive(self, data: bytes, now: float) -> bool:
        """True for a success response to one of our requests with the server's integrity."""
        if len(data) < _HEADER.size:
            return False
        kind, length, cookie, transaction = _HEADER.unpack_from(data)
        if kind != _SUCCESS or cookie != _COOKIE or length != len(data) - _HEADER.size:
            return False
        asked = self._asked.get(transaction)
        if asked is None or self.state is IceState.FAILED or not _is_authentic(data, self._key):
            return False
        self._asked.clear()
        self.state = IceState.CONNECTED
        self.round_trip = now - asked
        self._next = asked + CONSENT_EVERY
        self._give_up = now + LOST_AFTER
        return True


def _is_authentic(data: bytes, key: bytes) -> bool:
    """RFC 8489 14.5: the HMAC of what is before it, its own size counted in the length."""
    position = _HEADER.size
    while position + _ATTRIBUTE.size <= len(data):
        kind, length = _ATTRIBUTE.unpack_from(data, position)
        if kind == _INTEGRITY:
            size = position + _INTEGRITY_SIZE - _HEADER.size
            signed = data[:2] + size.to_bytes(2, "big") + data[4:position]
            value = data[position + _ATTRIBUTE.size : position + _INTEGRITY_SIZE]
            return compare_digest(digest(key, signed, "sha1"), value)
        position += _ATTRIBUTE.size + length + (-length & 3)
    return False
