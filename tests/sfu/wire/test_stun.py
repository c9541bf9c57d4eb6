"""STUN messages, with aioice as the judge."""

from ipaddress import ip_address

import pytest
from aioice import stun as judge
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire import stun

KEY = b"a password of 24 letters"
TRANSACTION = bytes(range(12))


def request(key: bytes = KEY, **more: object) -> bytes:
    """What a browser sends, written by aioice."""
    attributes: dict[str, object] = {
        "USERNAME": "ours:theirs",
        "ICE-CONTROLLING": 1,
        "PRIORITY": 0x6E7F1EFF,
        "USE-CANDIDATE": None,
    }
    message = judge.Message(
        judge.Method.BINDING,
        judge.Class.REQUEST,
        transaction_id=TRANSACTION,
        attributes=attributes | more,
    )
    message.add_message_integrity(key)
    return bytes(message)


class TestReading:
    def test_gives_what_was_written(self) -> None:
        message = stun.parse(request())
        assert message.kind == stun.BINDING_REQUEST
        assert message.transaction == TRANSACTION
        assert message.attributes[stun.USERNAME] == b"ours:theirs"
        assert message.attributes[stun.USE_CANDIDATE] == b""
        assert message.attributes[stun.PRIORITY] == 0x6E7F1EFF.to_bytes(4, "big")

    def test_proves_the_key(self) -> None:
        data = request()
        message = stun.parse(data)
        assert stun.proves(message, data, KEY)
        assert not stun.proves(message, data, KEY + b"x")

    def test_proves_nothing_without_integrity(self) -> None:
        data = bytes(judge.Message(judge.Method.BINDING, judge.Class.REQUEST, TRANSACTION))
        assert not stun.proves(stun.parse(data), data, KEY)

    def test_of_two_attributes_the_first_counts(self) -> None:
        twice = ((stun.USERNAME, b"one"), (stun.USERNAME, b"two"))
        message = stun.parse(stun.build(stun.BINDING_REQUEST, TRANSACTION, twice, KEY))
        assert message.attributes[stun.USERNAME] == b"one"

    def test_ignores_what_follows_the_integrity(self) -> None:
        data = bytearray(stun.build(stun.BINDING_REQUEST, TRANSACTION, (), KEY, fingerprint=False))
        data += stun.attribute(stun.USE_CANDIDATE, b"")
        data[2:4] = (len(data) - stun.HEADER_LENGTH).to_bytes(2, "big")
        message = stun.parse(bytes(data))
        assert stun.USE_CANDIDATE not in message.attributes
        assert stun.proves(message, bytes(data), KEY)

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda d: d[:19], "shorter"),
            (lambda d: d[:4] + b"\x00" + d[5:], "header"),
            (lambda d: d + b"\x00\x00\x00\x00", "header"),
            (lambda d: d[:-1] + bytes([d[-1] ^ 1]), "FINGERPRINT is wrong"),
            (lambda d: d[:22] + b"\xff\xff" + d[24:], "cut off"),
        ],
    )
    def test_of_damaged_ones_says_why(self, change: object, reason: str) -> None:
        assert callable(change)
        with pytest.raises(stun.StunFormatError, match=reason):
            stun.parse(change(request()))

    def test_too_many_attributes_are_refused(self) -> None:
        many = [(stun.PRIORITY, b"")] * stun.MAX_ATTRIBUTES
        with pytest.raises(stun.StunFormatError, match="too many"):
            stun.parse(stun.build(stun.BINDING_REQUEST, TRANSACTION, many, KEY))

    def test_a_fingerprint_in_the_middle_is_refused(self) -> None:
        early = ((stun.FINGERPRINT, bytes(4)),)
        with pytest.raises(stun.StunFormatError, match="not at the end"):
            stun.parse(stun.build(stun.BINDING_REQUEST, TRANSACTION, early, KEY))

    @pytest.mark.parametrize("size", [0, 19, 21])
    def test_an_integrity_of_another_size_is_refused(self, size: int) -> None:
        odd = ((stun.MESSAGE_INTEGRITY, bytes(size)),)
        with pytest.raises(stun.StunFormatError, match="wrong size"):
            stun.parse(stun.build(stun.BINDING_REQUEST, TRANSACTION, odd, KEY))

    @given(st.binary(max_size=120))
    def test_never_raises_anything_else(self, tail: bytes) -> None:
        head = stun._HEADER.pack(1, len(tail), stun.COOKIE, TRANSACTION)
        try:
            message = stun.parse(head + tail)
        except stun.StunFormatError:
            return
        assert len(message.attributes) <= stun.MAX_ATTRIBUTES
        stun.proves(message, head + tail, KEY)


class TestWriting:
    @pytest.mark.parametrize("fingerprint", [True, False])
    @given(name=st.text(max_size=30))
    def test_is_read_by_others(self, fingerprint: bool, name: str) -> None:
        attributes = ((stun.USERNAME, name.encode()),)
        data = stun.build(
            stun.BINDING_REQUEST, TRANSACTION, attributes, KEY, fingerprint=fingerprint
        )
        message = judge.parse_message(data)
        assert message.attributes["USERNAME"] == name
        assert message.check_message_integrity(KEY)
        assert ("FINGERPRINT" in message.attributes) is fingerprint

    @pytest.mark.parametrize("host", ["192.0.2.77", "2001:db8::77"])
    def test_hides_an_address_as_others_do(self, host: str) -> None:
        value = stun.xor_address(ip_address(host).packed, 40_123, TRANSACTION)
        data = stun.build(
            stun.BINDING_SUCCESS, TRANSACTION, ((stun.XOR_MAPPED_ADDRESS, value),), KEY
        )
        assert judge.parse_message(data).attributes["XOR-MAPPED-ADDRESS"] == (host, 40_123)

    def test_tells_an_error_as_others_do(self) -> None:
        attributes = ((stun.ERROR_CODE, stun.error_code(487)),)
        data = stun.build(stun.BINDING_ERROR, TRANSACTION, attributes, KEY)
        assert judge.parse_message(data).attributes["ERROR-CODE"] == (487, "")
