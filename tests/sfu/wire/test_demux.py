import aioice.stun
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.demux import DTLS, RTCP, RTP, STUN, UNKNOWN, classify


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (0, 1, STUN),
        (3, 1, STUN),
        (4, 1, UNKNOWN),
        (19, 254, UNKNOWN),
        (20, 254, DTLS),
        (63, 254, DTLS),
        (64, 0, UNKNOWN),  # TURN channel data
        (127, 0, UNKNOWN),
        (128, 0, RTP),
        (128, 191, RTP),
        (128, 192, RTCP),
        (143, 200, RTCP),
        (191, 223, RTCP),
        (144, 224, RTP),
        (191, 255, RTP),
        (192, 200, UNKNOWN),
        (255, 255, UNKNOWN),
    ],
)
def test_first_two_bytes_decide(first: int, second: int, kind: int) -> None:
    assert classify(bytes((first, second)) + bytes(30)) == kind


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x16", b"\x80"])
def test_less_than_two_bytes_is_unknown(data: bytes) -> None:
    assert classify(data) == UNKNOWN


def test_dynamic_payload_types_with_the_marker_are_not_taken_for_rtcp() -> None:
    for payload_type in range(96, 128):
        assert classify(bytes((0x90, 0x80 | payload_type)) + bytes(10)) == RTP


def test_a_binding_request_is_stun() -> None:
    message = aioice.stun.Message(aioice.stun.Method.BINDING, aioice.stun.Class.REQUEST)
    assert classify(bytes(message)) == STUN


@given(st.binary(max_size=40))
def test_any_bytes_have_a_kind(data: bytes) -> None:
    assert classify(data) in (STUN, DTLS, RTP, RTCP, UNKNOWN)
