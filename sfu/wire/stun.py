"""STUN messages as ICE uses them (RFC 8489): read, proved and written.

aioice has all of STUN; consent checks (RFC 7675) come 400 times a second from 1,000
subscribers, and this little of it costs a third. Pure: no I/O, no clock.
"""

from binascii import crc32
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest, digest
from struct import Struct

HEADER_LENGTH = 20
COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_SUCCESS, BINDING_ERROR = 0x0001, 0x0101, 0x0111
USERNAME, MESSAGE_INTEGRITY, ERROR_CODE = 0x0006, 0x0008, 0x0009
XOR_MAPPED_ADDRESS, PRIORITY, USE_CANDIDATE = 0x0020, 0x0024, 0x0025
FINGERPRINT, ICE_CONTROLLED, ICE_CONTROLLING = 0x8028, 0x8029, 0x802A

MAX_ATTRIBUTES = 32  # of one message; ICE uses seven

_HEADER = Struct(">HHI12s")
_ATTRIBUTE = Struct(">HH")
_WORD = Struct(">I")
_FINGERPRINT_XOR = 0x5354554E
_INTEGRITY_SIZE, _FINGERPRINT_SIZE = 24, 8  # bytes with their own headers


class StunFormatError(ValueError):
    """The bytes are not a STUN message."""


@dataclass(slots=True)
class StunMessage:
    """A message taken apart. Of an attribute that is there twice the first counts (14)."""

    kind: int
    transaction: bytes
    attributes: dict[int, bytes]
    integrity_at: int
    """The offset of MESSAGE-INTEGRITY, 0 when there is none."""


def parse(data: bytes) -> StunMessage:
    """Raises StunFormatError. Integrity is looked at by `proves`."""
    if len(data) < HEADER_LENGTH:
        raise StunFormatError("shorter than a header")
    kind, length, cookie, transaction = _HEADER.unpack_from(data)
    if cookie != COOKIE or length & 3 or length != len(data) - HEADER_LENGTH:
        raise StunFormatError("header does not fit")
    message = StunMessage(kind, transaction, {}, 0)
    _read_attributes(data, message)
    return message


def _read_attributes(data: bytes, message: StunMessage) -> None:
    attributes, position, end = message.attributes, HEADER_LENGTH, len(data)
    for _ in range(MAX_ATTRIBUTES):
        if position == end:
            return
        name, size = _ATTRIBUTE.unpack_from(data, position)
        start = position + 4
        if start + size > end:
            raise StunFormatError("attribute is cut off")
        if name == FINGERPRINT:
            _check_fingerprint(data, position, size)
        # RFC 8489 14.5: what follows MESSAGE-INTEGRITY is ignored, but for FINGERPRINT.
        elif not message.integrity_at:
            if name == MESSAGE_INTEGRITY:
                if size != _INTEGRITY_SIZE - 4:
                    raise StunFormatError("MESSAGE-INTEGRITY has the wrong size")
                message.integrity_at = position
            attributes.setdefault(name, data[start : start + size])
        position = start + (size + 3 & ~3)
    if position != end:
        raise StunFormatError("too many attributes")


def _check_fingerprint(data: bytes, position: int, size: int) -> None:
    """RFC 8489 14.7: the last attribute, over all that comes before it."""
    if size != 4 or position + _FINGERPRINT_SIZE != len(data):
        raise StunFormatError("FINGERPRINT is not at the end")
    (found,) = _WORD.unpack_from(data, position + 4)
    if found != crc32(data[:position]) ^ _FINGERPRINT_XOR:
        raise StunFormatError("FINGERPRINT is wrong")


def proves(message: StunMessage, data: bytes, key: bytes) -> bool:
    """True when the sender knows the key (RFC 8489 14.5); compares in constant time."""
    at = message.integrity_at
    if not at:
        return False
    # the length as it was when the sender had written no more than this attribute
    covered = b"".join((data[:2], (at + 4).to_bytes(2, "big"), data[4:at]))
    return compare_digest(digest(key, covered, "sha1"), data[at + 4 : at + _INTEGRITY_SIZE])


def build(
    kind: int,
    transaction: bytes,
    attributes: Sequence[tuple[int, bytes]],
    key: bytes,
    *,
    fingerprint: bool = True,
) -> bytes:
    """A message with MESSAGE-INTEGRITY under the key and, if wanted, FINGERPRINT."""
    body = b"".join([attribute(name, value) for name, value in attributes])
    length = len(body) + _INTEGRITY_SIZE
    covered = _HEADER.pack(kind, length, COOKIE, transaction) + body
    proof = attribute(MESSAGE_INTEGRITY, digest(key, covered, "sha1"))
    if not fingerprint:
        return covered + proof
    head = _HEADER.pack(kind, length + _FINGERPRINT_SIZE, COOKIE, transaction)
    whole = head + body + proof
    return whole + attribute(FINGERPRINT, _WORD.pack(crc32(whole) ^ _FINGERPRINT_XOR))


def build_within(
    limit: int, kind: int, transaction: bytes, attributes: Sequence[tuple[int, bytes]], key: bytes
) -> bytes | None:
    """A message of at most `limit` bytes, with FINGERPRINT when that fits, else None."""
    for fingerprint in (True, False):
        message = build(kind, transaction, attributes, key, fingerprint=fingerprint)
        if len(message) <= limit:
            return message
    return None


def attribute(name: int, value: bytes) -> bytes:
    """One attribute, padded to whole words (RFC 8489 14)."""
    return _ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) & 3)


def xor_address(host: bytes, port: int, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (RFC 8489 14.2) of an address in network order."""
    mask = _WORD.pack(COOKIE) + transaction
    family = 1 if len(host) == 4 else 2
    mixed = int.from_bytes(host, "big") ^ int.from_bytes(mask[: len(host)], "big")
    head = bytes((0, family)) + (port ^ COOKIE >> 16).to_bytes(2, "big")
    return head + mixed.to_bytes(len(host), "big")


def error_code(code: int) -> bytes:
    """The value of ERROR-CODE without a reason (RFC 8489 14.8)."""
    return bytes((0, 0, code // 100, code % 100))
