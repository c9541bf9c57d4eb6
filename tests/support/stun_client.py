"""STUN binding requests as a browser sends them, and the reading of their answers (RFC 8489).

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from aioice import stun

REQUEST_TYPE = b"\x00\x01"
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


def binding_answer(request: bytes, credentials: Credentials) -> bytes:
    """A browser's answer to the server's check; it must be one that a browser accepts."""
    asked = stun.parse_message(request)
    assert asked.message_class is stun.Class.REQUEST
    assert asked.attributes["USERNAME"] == f"{credentials.local_ufrag}:{credentials.remote_ufrag}"
    assert asked.check_message_integrity(credentials.local_pwd.encode())
    assert {"ICE-CONTROLLED", "PRIORITY"} <= set(asked.attributes)
    answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, asked.transaction_id)
    answer.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.1", 7000)
    answer.add_message_integrity(credentials.local_pwd.encode())
    return bytes(answer)
