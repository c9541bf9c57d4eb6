"""Stamps at a payload's end."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.media.stamp import PLACE, SIZE, put_stamp, read_stamp


@given(st.binary(max_size=40), st.integers(1, 2**64 - 1))
def test_a_stamp_is_read_as_it_was_put_and_keeps_the_length(data: bytes, ns: int) -> None:
    stamped = put_stamp(data + PLACE, ns)
    assert read_stamp(stamped) == ns
    assert len(stamped) == len(data) + SIZE
    assert stamped.startswith(data)


def test_a_stamp_can_be_put_again() -> None:
    assert read_stamp(put_stamp(put_stamp(b"x" + PLACE, 1), 2)) == 2


def test_a_payload_without_a_place_stays_as_it_is() -> None:
    for payload in (b"", b"short", bytes(40), PLACE[1:]):
        assert put_stamp(payload, 5) == payload
        assert read_stamp(payload) is None


def test_an_empty_place_is_no_stamp() -> None:
    assert read_stamp(b"data" + PLACE) is None
