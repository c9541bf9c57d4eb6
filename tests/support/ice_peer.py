"""A full ICE agent's messages for the lite one of a transport; they are made by aioice.

Pure: no I/O, no clock.
"""

import itertools
from collections import Counter
from random import Random

from aioice import stun

from sfu.ice import agent as ice
from sfu.ice.agent import IceAgent, IceCredentials
from sfu.wire.address import Address

OURS = IceCredentials("localufr", "p" * 24)
RENEWED = IceCredentials("renewedu", "q" * 24)
PEER = IceCredentials("peer", "r" * 24)
PEER_AGAIN = IceCredentials("peeragain", "s" * 24)
WIFI: Address = ("192.0.2.7", 40000)
MOBILE: Address = ("198.51.100.9", 50000)

TRANSACTIONS = itertools.count(1)


def request(
    credentials: IceCredentials = OURS,
    *,
    peer: IceCredentials = PEER,
    nominate: bool = False,
    username: str | None = None,
    pwd: str | None = None,
    role: str = "ICE-CONTROLLING",
    fingerprint: bool = True,
) -> bytes:
    """A check as a full ICE agent sends it."""
    attributes: dict[str, object] = {
        "USERNAME": f"{credentials.ufrag}:{peer.ufrag}" if username is None else username,
        role: 7,
        "PRIORITY": 1,
    }
    if nominate:
        attributes["USE-CANDIDATE"] = None
    number = next(TRANSACTIONS).to_bytes(12, "big")
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, number, attributes)
    message.add_message_integrity((pwd or credentials.pwd).encode())
    if not fingerprint:
        del message.attributes["FINGERPRINT"]
    return bytes(message)


def ask(agent: IceAgent, data: bytes, address: Address = WIFI, now: float = 0.0) -> stun.Message:
    """What the peer reads from the answer."""
    answer = agent.handle_request(ice.parse_binding_request(data), address, now)
    assert len(answer) <= len(data)
    return stun.parse_message(answer)


def fresh(now: float = 0.0) -> IceAgent:
    return IceAgent(OURS, PEER, Random(1).randbytes, Counter(), now)


def connected(now: float = 0.0) -> IceAgent:
    """Nominated on WIFI, where the handshake went, too."""
    agent = fresh(now)
    ask(agent, request(nominate=True), now=now)
    shake_hands(agent, WIFI)
    return agent


def shake_hands(agent: IceAgent, *addresses: Address) -> None:
    """A handshake whose flights went to these, one after the other."""
    for address in addresses:
        agent.dtls_from = address
        assert agent.flight_address() == address
    agent.dtls_connected()


def checked(agent: IceAgent, now: float = 0.0) -> tuple[Address, stun.Message]:
    """The check that goes out now."""
    sent = agent.check.handle_timers(now)
    assert sent is not None
    return sent[0], stun.parse_message(sent[1])


def reply(check: stun.Message, pwd: str = PEER.pwd) -> bytes:
    """The peer's answer to a check."""
    message = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, check.transaction_id)
    message.attributes["XOR-MAPPED-ADDRESS"] = ("192.0.2.1", 1)
    message.add_message_integrity(pwd.encode())
    return bytes(message)


def move(agent: IceAgent, data: bytes, address: Address = MOBILE, now: float = 0.0) -> None:
    """A nomination from a new address, where the peer answers."""
    ask(agent, data, address, now)
    asked, check = checked(agent, now)
    assert asked == address
    agent.handle_answer(reply(check), address, now)
