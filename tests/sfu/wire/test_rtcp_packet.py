import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.wire.rtcp_packet import RtcpError, frame, split


def test_frame_counts_its_body_in_words() -> None:
    assert frame(201, 1, bytes(28)) == bytes.fromhex("81c90007") + bytes(28)


def test_frame_with_padding_says_how_much() -> None:
    assert frame(205, 15, b"abcde", padding=3) == bytes.fromhex("afcd0002") + b"abcde\0\0\x03"


def test_frame_holds_as_many_words_as_its_length_field_counts() -> None:
    assert frame(201, 31, bytes(4 * 0xFFFF))[:4] == bytes.fromhex("9fc9ffff")


def test_frame_refuses_what_its_fields_cannot_hold() -> None:
    with pytest.raises(RtcpError):
        frame(201, 32, b"")
    with pytest.raises(RtcpError):
        frame(201, 0, bytes(4 * 0x10000))


def test_split_gives_each_packet_of_a_compound() -> None:
    data = frame(200, 0, bytes(24)) + frame(202, 1, b"abcd") + frame(203, 0, b"")
    assert list(split(data)) == [(200, 0, bytes(24)), (202, 1, b"abcd"), (203, 0, b"")]


@pytest.mark.parametrize(
    ("body", "rest"), [(b"abc\x01", b"abc"), (b"\0\0\0\x04", b""), (b"abcd\0\0\x03\x04", b"abcd")]
)
def test_split_takes_padding_off(body: bytes, rest: bytes) -> None:
    packet = bytearray(frame(205, 15, body))
    packet[0] |= 0x20
    assert list(split(bytes(packet) * 2)) == [(205, 15, rest)] * 2


@pytest.mark.parametrize(
    "data",
    [
        "",
        "81",
        "81c900",
        "41c90000",  # version 1
        "01c90000",
        "80c90001",  # body missing
        "80c90001 aabbcc",
        "80c90000 80",  # a second header cut off
        "80c90000 80c90001",
        "a0c90000",  # padding without a byte to say how much
        "a0c90001 aabbcc00",
        "a0c90001 aabbcc05",
    ],
)
def test_what_does_not_fit_is_an_error(data: str) -> None:
    with pytest.raises(RtcpError):
        list(split(bytes.fromhex(data)))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 255),
            st.integers(0, 31),
            st.integers(0, 6).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n)),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_round_trip(packets: list[tuple[int, int, bytes]]) -> None:
    assert list(split(b"".join(frame(*packet) for packet in packets))) == packets
