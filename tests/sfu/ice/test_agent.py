"""ICE-lite: requests and answers, and who may ask; the peer's messages are made by aioice."""

import pytest
from aioice import stun
from hypothesis import example, given
from hypothesis import strategies as st

from sfu.ice import agent as ice
from sfu.ice.agent import IceAgent, IceCredentials, IceState, StunError
from sfu.wire.address import Address
from tests.support.ice_peer import OURS, WIFI, ask, fresh, request


def assert_refused(agent: IceAgent, data: bytes, reason: str) -> None:
    with pytest.raises(StunError) as caught:
        agent.handle_request(ice.parse_binding_request(data), WIFI, 0.0)
    assert caught.value.reason == reason
    assert agent.addresses() == ()
    assert agent.state is not IceState.CONNECTED


def test_credentials_are_ice_chars_of_the_injected_randomness() -> None:
    credentials = ice.new_credentials(lambda size: b"\xff\xfb" * (size // 2))
    assert credentials == IceCredentials("//v/+//7", "//v/+//7//v/+//7//v/+//7")


def test_a_request_is_read() -> None:
    parsed = ice.parse_binding_request(request(nominate=True))
    assert (parsed.local_ufrag, parsed.remote_ufrag) == ("localufr", "peer")
    assert parsed.use_candidate
    assert not ice.parse_binding_request(request()).use_candidate


@pytest.mark.parametrize("fingerprint", [True, False])
def test_the_answer_tells_the_address_and_is_signed(fingerprint: bool) -> None:
    check = request(fingerprint=fingerprint)
    answer = ask(fresh(0.0), check)
    assert answer.message_class is stun.Class.RESPONSE
    assert answer.transaction_id == check[8:20]
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == WIFI
    assert answer.check_message_integrity(OURS.pwd.encode())
    assert "FINGERPRINT" in answer.attributes


def smallest_request(username: str) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"transaction1")
    message.attributes["USERNAME"] = username
    message.add_message_integrity(OURS.pwd.encode())
    del message.attributes["FINGERPRINT"]
    return bytes(message)


def test_the_fingerprint_is_left_out_when_the_answer_would_outgrow_the_request() -> None:
    data = smallest_request("localufr:p")
    answer = ask(fresh(0.0), data)  # 60 bytes asked, 64 with a fingerprint
    assert "FINGERPRINT" not in answer.attributes
    assert answer.check_message_integrity(OURS.pwd.encode())


def test_an_answer_larger_than_its_request_is_not_given() -> None:
    agent = fresh(0.0)
    with pytest.raises(StunError, match="amplification"):
        ask(agent, smallest_request("localufr:p"), ("2001:db8::1", 9))
    assert agent.addresses() == ()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("2001:db8::1", 9, 0, 0), ("2001:db8::1", 9)),
        (("::ffff:192.0.2.7", 9, 0, 0), ("192.0.2.7", 9)),
    ],
)
def test_ipv6_addresses_are_bound_as_given_and_told_plainly(
    address: Address, expected: Address
) -> None:
    agent = fresh(0.0)
    answer = ask(agent, request(), address)
    assert answer.attributes["XOR-MAPPED-ADDRESS"] == expected
    assert agent.is_bound(address)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (request(pwd="x" * 24), "wrong_integrity"),
        (request(username="stranger:peer"), "unknown_user"),
        (request(username=":peer"), "unknown_user"),
    ],
)
def test_a_request_without_proof_is_refused(data: bytes, reason: str) -> None:
    assert_refused(fresh(0.0), data, reason)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(StunError, match="bad_address"):
        ask(fresh(0.0), request(), ("not an address", 1))


def test_a_request_without_integrity_is_refused() -> None:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, b"transaction1")
    message.attributes.update({"USERNAME": "localufr:peer", "USE-CANDIDATE": None})
    assert_refused(fresh(0.0), bytes(message), "no_integrity")


def test_a_nomination_added_after_the_integrity_is_not_heard() -> None:
    data = request(fingerprint=False)
    late = data[:2] + (len(data) - 20 + 4).to_bytes(2, "big") + data[4:] + b"\0\x25\0\0"
    agent = fresh(0.0)
    ask(agent, late)
    assert agent.selected is None


def test_every_changed_byte_is_refused() -> None:
    data = request(nominate=True, fingerprint=False)
    integrity_length = {len(data) - 22, len(data) - 21}  # says 20 and is itself not covered
    for position in set(range(len(data))) - integrity_length:
        changed = bytearray(data)
        changed[position] ^= 0x20
        with pytest.raises(StunError):
            ask(fresh(0.0), bytes(changed))


def test_a_wrong_fingerprint_is_malformed() -> None:
    data = bytearray(request())
    data[-1] ^= 1
    with pytest.raises(StunError, match="malformed"):
        ice.parse_binding_request(bytes(data))


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [({}, "no_username"), ({"USERNAME": "nocolon"}, "no_username")],
)
def test_a_user_name_is_needed(attributes: dict[str, object], reason: str) -> None:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, None, attributes)
    with pytest.raises(StunError, match=reason):
        ice.parse_binding_request(bytes(message))


@pytest.mark.parametrize("kind", [stun.Class.RESPONSE, stun.Class.ERROR, stun.Class.INDICATION])
def test_only_requests_are_read(kind: stun.Class) -> None:
    message = stun.Message(stun.Method.BINDING, kind, None, {"USERNAME": "localufr:peer"})
    with pytest.raises(StunError, match="not_a_request"):
        ice.parse_binding_request(bytes(message))


@given(data=st.binary(max_size=1500))
def test_random_bytes_raise_only_stun_errors(data: bytes) -> None:
    with pytest.raises(StunError):
        ice.parse_binding_request(data)


@given(attributes=st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=40)), max_size=8))
@example(attributes=[(0x0006, b"\xff:\xfe")])  # USERNAME that is not UTF-8
@example(attributes=[(0x0020, b"\0\1")])  # XOR-MAPPED-ADDRESS cut short
@example(attributes=[(0x0024, b"\0")])  # PRIORITY cut short
@example(attributes=[(0x0009, b"\0\0\4\1\xff")])  # ERROR-CODE with a bad reason
def test_random_attributes_raise_only_stun_errors(attributes: list[tuple[int, bytes]]) -> None:
    body = b"".join(
        kind.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value + bytes(-len(value) % 4)
        for kind, value in attributes
    )
    data = b"\0\1" + len(body).to_bytes(2, "big") + b"\x21\x12\xa4\x42" + bytes(12) + body
    with pytest.raises(StunError):
        ask(fresh(0.0), data)


@given(position=st.integers(0, 120), value=st.binary(min_size=1, max_size=6))
def test_damaged_requests_raise_only_stun_errors(position: int, value: bytes) -> None:
    data = request(fingerprint=False)
    damaged = data[:position] + value + data[position + len(value) :]
    agent = fresh(0.0)
    try:
        ask(agent, damaged)
    except StunError:
        assert agent.addresses() == ()
    else:
        assert agent.addresses() == (WIFI,)


def test_a_peer_that_wants_to_be_controlled_is_told_of_the_conflict() -> None:
    agent = fresh(0.0)
    answer = ask(agent, request(role="ICE-CONTROLLED", nominate=True))
    assert answer.message_class is stun.Class.ERROR
    assert answer.error_code == 487
    assert answer.check_message_integrity(OURS.pwd.encode())
    assert (agent.addresses(), agent.selected, agent.state) == ((), None, IceState.NEW)
