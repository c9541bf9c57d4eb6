"""STUN of strangers, of participants and of a guest who knows a password.

A piece's control byte: bits 0-1 from where, 2 mallory's user name goes first, 3 signed with her
password, 4 a FINGERPRINT, 5 the body is the whole datagram, 6 some time passes first, 7 nominating.
Invariants: what is not authentic is not answered and binds nothing; an answer is not larger than
its request. Pure: no I/O, no clock.
"""

import hmac

from aioice import stun as oracle

from sfu.ice.agent import StunError, parse_binding_request
from sfu.wire import stun
from tests.fuzz.pieces import Piece, split
from tests.fuzz.world import Guests, Kept
from tests.support.rig import Address

TEXT = False
NAMED, SIGNED, PRINTED, WHOLE, LATER, NOMINATING = 0x04, 0x08, 0x10, 0x20, 0x40, 0x80
OWN_CHECKS = 8  # requests of ours that one authentic request may cause
STRANGER: Address = ("2001:db8::66", 6_666)  # its answers are longer
INTEGRITY = b"\x00\x08\x00\x14"

_world: Kept[Guests] = Kept(Guests)


def run(data: bytes) -> None:
    """The datagrams that the pieces make, each from where it says."""
    world = _world.get()
    for piece in split(data):
        if piece.control & LATER:
            world.room.run(0.05)
        datagram = _datagram(world, piece)
        _parse(datagram)
        _throw(world, datagram, _where(world, piece.control & 3))


def renew() -> None:
    """The class goes on, wherever mallory's media go now."""
    if (world := _world.take()) is not None:
        world.room.run(0.3)
        assert not world.faults, world.faults
        world.assert_only_she_suffers()


def _where(world: Guests, number: int) -> Address:
    peers = (world.student, world.teacher, world.mallory)
    return STRANGER if number == 3 else peers[number].connection.path.address


def _datagram(world: Guests, piece: Piece) -> bytes:
    control, body = piece
    if control & WHOLE:
        return body
    credentials = world.mallory.connection.credentials
    transaction = world.rig.worker.arrivals.datagrams.to_bytes(12, "big")  # each time another
    name = f"{credentials.remote_ufrag}:{credentials.local_ufrag}".encode()
    attributes = stun.attribute(stun.USERNAME, name) if control & NAMED else b""
    attributes += stun.attribute(stun.USE_CANDIDATE, b"") if control & NOMINATING else b""
    attributes += body + bytes(-len(body) % 4)
    if control & SIGNED:
        attributes += _integrity(attributes, transaction, credentials.remote_pwd)
    length = len(attributes) + (8 if control & PRINTED else 0)
    message = _header(length, transaction) + attributes
    if control & PRINTED:
        value = (oracle.message_fingerprint(message)).to_bytes(4, "big")
        message += stun.attribute(stun.FINGERPRINT, value)
    return message


def _header(length: int, transaction: bytes) -> bytes:
    return b"\x00\x01" + (length & 0xFFFF).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + transaction


def _integrity(attributes: bytes, transaction: bytes, password: str) -> bytes:
    covered = _header(len(attributes) + 24, transaction) + attributes
    return INTEGRITY + hmac.digest(password.encode(), covered, "sha1")


def _is_authentic(data: bytes, passwords: list[str]) -> bool:
    """By trying every place where MESSAGE-INTEGRITY could stand: the SFU's parser may be wrong."""
    for at in range(20, len(data) - 23, 4):
        if data[at : at + 4] == INTEGRITY:
            covered = data[:2] + (at + 4).to_bytes(2, "big") + data[4:at]
            found = [hmac.digest(p.encode(), covered, "sha1") for p in passwords]
            if data[at + 4 : at + 24] in found:
                return True
    return False


def _parse(data: bytes) -> None:
    try:
        request = parse_binding_request(data)
    except StunError:
        return
    message = request.message
    assert data[:2] == b"\x00\x01"
    assert int.from_bytes(data[2:4], "big") == len(data) - 20
    assert len(message.attributes) <= stun.MAX_ATTRIBUTES
    assert sum(map(len, message.attributes.values())) <= len(data) - 20
    assert message.integrity_at < len(data)


def _throw(world: Guests, data: bytes, where: Address) -> None:
    sent: list[tuple[Address, bytes]] = []
    bound = dict(world.rig.worker.by_address)
    world.rig.taps.append(lambda to, datagram, now: sent.append((to, datagram)))
    world.rig.inject(where, data)
    world.rig.taps.pop()
    if world.faults:
        raise world.faults[0]
    passwords = [peer.connection.credentials.remote_pwd for peer in world.room.peers.values()]
    if not _is_authentic(data, passwords):
        assert not sent, "something was sent for a request that is not authentic"
        assert dict(world.rig.worker.by_address) == bound, "it changed the table of addresses"
        return
    answers = [datagram for to, datagram in sent if datagram[:2] != b"\x00\x01"]
    assert all(to == where for to, _ in sent), "somebody else was sent something"
    assert len(answers) <= 1
    assert len(sent) - len(answers) <= OWN_CHECKS
    for answer in answers:
        assert len(answer) <= len(data)
        assert answer[8:20] == data[8:20]
        oracle.parse_message(answer)
