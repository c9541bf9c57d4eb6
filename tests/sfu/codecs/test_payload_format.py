import pytest

from sfu.codecs.payload_format import PayloadFormat, newest
from sfu.wire.packet import Numbers, Offsets


class TwoNumbers(PayloadFormat):
    name = "two"
    moduli = (16, 4)


@pytest.mark.parametrize(
    ("last", "first", "offsets"),
    [
        ((), (3, 1), ()),  # the first time the numbers are those of the layer
        ((9, 2), (3, 1), (7, 2)),
        ((9, None), (3, 1), (7, 0)),
        ((9, 2), (3, None), (7, 0)),
        ((2, 0), (3, 1), ()),
        ((9, 2), (), ()),
    ],
)
def test_numbers_go_on_by_one(last: Numbers, first: Numbers, offsets: Offsets) -> None:
    assert TwoNumbers().offsets(last, first) == offsets


def test_moved_numbers_wrap_at_their_moduli() -> None:
    assert TwoNumbers().moved((15, None), (2, 1)) == (1, None)
    assert TwoNumbers().moved((15, 3), ()) == (15, 3)


def test_the_newest_numbers_keep_what_a_packet_lacks() -> None:
    assert newest((), (None, 2)) == (None, 2)
    assert newest((7, 1), (None, 2)) == (7, 2)
    assert newest((7, 1), (8, 2)) == (8, 2)
