import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.h264 import is_keyframe

SPS, PPS, IDR, SLICE, SEI = (bytes((kind,)) for kind in (0x67, 0x68, 0x65, 0x41, 0x06))


def stap_a(*units: bytes) -> bytes:
    return b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in units)


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (IDR + b"\x88\x84", True),
        (SPS + b"\x42\xe0\x1f", True),
        (PPS + b"\xce", False),
        (SLICE + b"\x9a", False),
        (IDR, True),
        (stap_a(SPS + b"\x42", PPS + b"\xce"), True),
        (stap_a(SEI + b"\x05", IDR + b"\x88"), True),
        (stap_a(PPS + b"\xce", SLICE + b"\x9a"), False),
        (stap_a(SLICE + bytes(300), IDR + b"\x88"), True),
        (b"\x7c\x85\x88", True),  # FU-A, start, IDR
        (b"\x7c\x05\x88", False),  # FU-A, middle, IDR
        (b"\x7c\x45\x88", False),  # FU-A, end, IDR
        (b"\x7c\x87\x42", True),  # FU-A, start, SPS
        (b"\x7c\x81\x9a", False),  # FU-A, start, slice
    ],
)
def test_key_frame_is_an_idr_slice_or_a_parameter_set(payload: bytes, key: bool) -> None:
    assert is_keyframe(payload) is key


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x7c",
        b"\x78",
        b"\x78\x00",
        b"\x78\x00\x01",
        b"\x78\x00\x00\x65",
        b"\x78\x00\x09\x67\x42",
        stap_a(SLICE + b"\x9a") + b"\x00\x05\x65",
    ],
)
def test_cut_off_payload_is_no_key_frame(payload: bytes) -> None:
    assert is_keyframe(payload) is False


@given(st.binary(max_size=60) | st.binary(max_size=40).map(lambda rest: b"\x78" + rest))
def test_any_bytes_get_an_answer(payload: bytes) -> None:
    assert is_keyframe(payload) in (True, False)
