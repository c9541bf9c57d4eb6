"""Small changes to inputs, seeded: the same seed and corpus give the same inputs on any machine.

Pure: no I/O, no clock; chance comes in as a `random.Random`.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence

MAX_BYTES = 4_096
MAX_TEXT = 65_536
MAX_REPEATS = 200
RECENT = 64  # inputs of the corpus' own that go on being changed

# Where sizes, counters and signs turn over.
INTERESTING = (
    *(0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 129, 254, 255, 256, 257),
    *(1_023, 1_024, 4_095, 4_096, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF, 0x10000),
    *(0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF),
)
_NUMBER = re.compile(rb"\d+")
_WORD = re.compile(rb"[^\s:;,=\"\[\]{}]+")
_VALUES = (b"null", b"true", b"0", b"-1", b"1e999", b'""', b"[]", b"{}", b"[[[[]]]]", b'"\\ud800"')

Change = Callable[[bytes, random.Random, Sequence[bytes]], bytes]


def inputs(seeds: Sequence[bytes], count: int, seed: int, *, text: bool) -> Iterator[bytes]:
    """`count` changed inputs; what was changed once may be changed again."""
    rng = random.Random(seed)
    grown: list[bytes] = []
    for _ in range(count):
        source = rng.choice(grown) if grown and rng.random() < 0.3 else rng.choice(seeds)
        changed = mutate(source, rng, seeds, text=text)
        grown = [*grown[1 - RECENT :], changed]
        yield changed


def mutate(data: bytes, rng: random.Random, others: Sequence[bytes], *, text: bool) -> bytes:
    """One to five changes; `others` are what pieces are taken from."""
    changes = TEXT_CHANGES if text else CHANGES
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 5))):
        data = rng.choice(changes)(data, rng, others)
    return data[: MAX_TEXT if text else MAX_BYTES]


def _place(data: bytes, rng: random.Random) -> int:
    """Headers are at the beginning, so half of the changes are made there."""
    return rng.randrange(min(len(data), 32) if rng.random() < 0.5 else len(data)) if data else 0


def _range(data: bytes, rng: random.Random) -> tuple[int, int]:
    start = _place(data, rng)
    return start, min(len(data), start + rng.choice((1, 2, 4, 8, 16, rng.randrange(1, 200))))


def flip(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = _place(data, rng)
    return (
        data[:at]
        + bytes(byte ^ 1 << rng.randrange(8) for byte in data[at : at + 1])
        + data[at + 1 :]
    )


def overwrite(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, rng)
    return data[:start] + rng.randbytes(end - start) + data[end:]


def number(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    width, order = rng.choice((1, 2, 2, 4, 8)), rng.choice(("big", "big", "little"))
    value = rng.choice(INTERESTING) & (1 << 8 * width) - 1
    at = _place(data, rng)
    return (
        data[:at]
        + value.to_bytes(width, "little" if order == "little" else "big")
        + data[at + width :]
    )


def truncate(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def remove(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, rng)
    return data[:start] + data[end:]


def repeat(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    start, end = _range(data, rng)
    return data[:end] + data[start:end] * rng.choice((1, 2, 3, 20, MAX_REPEATS)) + data[end:]


def insert(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    at = _place(data, rng)
    return data[:at] + rng.randbytes(rng.choice((1, 2, 4, 16))) + data[at:]


def exchange(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
    """Two ranges change places."""
    first, second = sorted((_range(data, rng), _range(data, rng)))
    if first[1] > second[0]:
        return data[first[0] :] + data[: first[0]]
    between = data[first[1] : second[0]]
    return (
        data[: first[0]] + data[slice(*second)] + between + data[slice(*first)] + data[second[1] :]
    )


def splice(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def _lines(change: Callable[[list[bytes], random.Random, list[bytes]], None]) -> Change:
    """A change of a text's lines, which keep their ends."""

    def changed(data: bytes, rng: random.Random, others: Sequence[bytes]) -> bytes:
        lines = data.splitlines(keepends=True) or [b"\n"]
        change(lines, rng, rng.choice(others).splitlines(keepends=True) or [b"\n"])
        return b"".join(lines)

    return changed


def swap_lines(lines: list[bytes], rng: random.Random, _: list[bytes]) -> None:
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]


def repeat_line(lines: list[bytes], rng: random.Random, _: list[bytes]) -> None:
    at = rng.randrange(len(lines))
    lines[at:at] = [lines[at]] * rng.choice((1, 1, 2, 8, MAX_REPEATS))


def delete_lines(lines: list[bytes], rng: random.Random, _: list[bytes]) -> None:
    at = rng.randrange(len(lines))
    del lines[at : at + rng.choice((1, 1, 1, 2, 5, 20))]


def move_lines(lines: list[bytes], rng: random.Random, _: list[bytes]) -> None:
    at, size = rng.randrange(len(lines)), rng.choice((1, 1, 2, 10))
    moved = lines[at : at + size]
    del lines[at : at + size]
    to = rng.randrange(len(lines) + 1)
    lines[to:to] = moved


def foreign_lines(lines: list[bytes], rng: random.Random, other: list[bytes]) -> None:
    at, start = rng.randrange(len(lines) + 1), rng.randrange(len(other))
    lines[at:at] = other[start : start + rng.choice((1, 1, 3, 12))]


def _spot(pattern: re.Pattern[bytes], fill: Callable[[bytes, random.Random], bytes]) -> Change:
    """Replaces one match of the pattern in one line."""

    def changed(data: bytes, rng: random.Random, _: Sequence[bytes]) -> bytes:
        start = rng.randrange(len(data) + 1)
        match = pattern.search(data, start) or pattern.search(data)
        if match is None:
            return data
        return data[: match.start()] + fill(data, rng) + data[match.end() :]

    return changed


def _any_number(_: bytes, rng: random.Random) -> bytes:
    return str(rng.choice(INTERESTING)).encode() * rng.choice((1, 1, 1, 1, 30))


def _other_word(data: bytes, rng: random.Random) -> bytes:
    words: list[bytes] = _WORD.findall(data, rng.randrange(len(data) + 1))
    return rng.choice(words or [b""]) * rng.choice((1, 1, 1, 2, 40))


def _any_value(_: bytes, rng: random.Random) -> bytes:
    return rng.choice(_VALUES)


CHANGES: tuple[Change, ...] = (
    *(flip, flip, overwrite, number, number, truncate),
    *(remove, repeat, insert, exchange, splice),
)
TEXT_CHANGES: tuple[Change, ...] = (
    *map(_lines, (swap_lines, repeat_line, delete_lines, delete_lines, move_lines, foreign_lines)),
    _spot(_NUMBER, _any_number),
    _spot(_WORD, _other_word),
    _spot(_WORD, _any_value),
    *(flip, remove, splice),
)
