"""An input as a few pieces, each a byte that says what to do with it, two of length, and bytes.

Any bytes are some pieces, so that changing an input at random gives another input.
Pure: no I/O, no clock.
"""

from collections.abc import Iterable
from typing import NamedTuple

MOST = 8


class Piece(NamedTuple):
    """`control` is the target's own."""

    control: int
    body: bytes


def split(data: bytes) -> list[Piece]:
    """At most MOST pieces; the last one may be shorter than its length says."""
    pieces: list[Piece] = []
    position = 0
    while position < len(data) and len(pieces) < MOST:
        size = int.from_bytes(data[position + 1 : position + 3], "big")
        start = position + 3
        pieces.append(Piece(data[position], data[start : start + size]))
        position = start + size
    return pieces


def join(pieces: Iterable[tuple[int, bytes]]) -> bytes:
    """The input that `split` reads as these."""
    return b"".join(
        bytes([control]) + len(body).to_bytes(2, "big") + body for control, body in pieces
    )
