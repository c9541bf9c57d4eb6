"""Class keys: the holder of one mints join tokens for that one class until it expires.

A key is an HMAC (RFC 2104) of its own id under the server's secret, so the server keeps none of
them, and the id names class and expiry: changing either asks for another key. The id holds colons
and no dot, so it is never what a token's signature is made over with the same secret.
Pure: no I/O, no clock. Times are seconds since 1970.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

PREFIX = "class:"
_KEY_ID = re.compile(r"class:([A-Za-z0-9_-]{1,64}):([0-9]{1,12})")
_TEXT = re.compile(r"(class:[A-Za-z0-9_-]{1,64}:[0-9]{1,12}):([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class KeyId:
    """The id of a class key, as a token's `kid` names the key that signed it."""

    class_id: str
    expires: int

    def __str__(self) -> str:
        return f"{PREFIX}{self.class_id}:{self.expires}"


@dataclass(frozen=True, slots=True)
class ClassKey:
    """A key of 32 bytes, and its id."""

    id: KeyId
    key: bytes

    def __str__(self) -> str:
        """The form in which it is printed and handed over: class:<id>:<expiry>:<key>."""
        return f"{self.id}:{base64.urlsafe_b64encode(self.key).decode().rstrip('=')}"

    def __repr__(self) -> str:
        return f"ClassKey({self.id})"  # the key itself never reaches a log


def parse_key_id(text: str) -> KeyId | None:
    """The id in a token's header; None for any other text or spelling."""
    match = _KEY_ID.fullmatch(text)
    if match is None:
        return None
    found = KeyId(match[1], int(match[2]))
    return found if str(found) == text else None


def derive(secret: str, key_id: KeyId) -> ClassKey:
    """The key of that id under the server's secret."""
    mac = hmac.new(secret.encode(), str(key_id).encode(), hashlib.sha256)
    return ClassKey(key_id, mac.digest())


def parse_class_key(text: str) -> ClassKey:
    """The key that was printed so; raises ValueError, which does not repeat the text."""
    match = _TEXT.fullmatch(text.strip())
    key_id = parse_key_id(match[1]) if match else None
    if match is None or key_id is None:
        raise ValueError("not a class key; `liveclass class-key` on the server prints one")
    return ClassKey(key_id, base64.urlsafe_b64decode(match[2] + "="))
