"""STUN binding requests as a browser sends them, and the reading of their answers (RFC 8489).

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from aioice import stun

SUCCESS_TYPE = b"\x01\x01"
TRANSACTION = slice(8, 20)


@dataclass(slots=True, frozen=True)
class Credentials:
    """Both sides' ICE credentials, from the peer's point of view."""

    local_ufrag: str
    local_pwd: str
    remote_ufrag: str
    remote_pwd: str


def binding_request(
    credentials: Credentials,
    transaction: bytes,
    *,
    nominate: bool = True,
    password: str | None = None,
    integrity: bool = True,
) -> bytes:
    """The request a controlling agent sends; `password` replaces the right one in hostile tests."""
    attributes: dict[str, object] = {
        "USERNAME": f"{credentials.remote_ufrag}:{credentials.local_ufrag}",
        "ICE-CONTROLLING": 0x0123456789ABCDEF,
        "PRIORITY": 0x6E7F1EFF,
    }
    if nominate:
        attributes["USE-CANDIDATE"] = None
    message = stun.Message(
        stun.Method.BINDING, stun.Class.REQUEST, transaction_id=transaction, attributes=attributes
    )
    if integrity:
        message.add_message_integrity((password or credentials.remote_pwd).encode())
    return bytes(message)


def is_success(data: bytes, transaction: bytes, credentials: Credentials) -> bool:
    """True for a success response of this transaction with the server's integrity."""
    if data[:2] != SUCCESS_TYPE or data[TRANSACTION] != transaction:
        return False
    return stun.parse_message(data).check_message_integrity(credentials.remote_pwd.encode())
