"""The tools of fuzzing: failures can be seen again, changes repeat, what is kept adds something."""

import random
from pathlib import Path

import pytest

from tests.fuzz import corpus, reach
from tests.fuzz.__main__ import read_inputs
from tests.fuzz.harness import INPUTS_PER_WORLD, FuzzFailure, Harness
from tests.fuzz.mutate import MAX_BYTES, MAX_TEXT, inputs, mutate
from tests.fuzz.pieces import MOST, join, split


class Fragile:
    """Breaks at b"bad", and at b"second" when b"first" came before it in the same world."""

    TEXT = False

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.worlds = 1

    def run(self, data: bytes) -> None:
        self.seen.append(data)
        assert data != b"bad"
        assert data != b"second" or b"first" not in self.seen

    def renew(self) -> None:
        self.worlds += 1
        self.seen.clear()


def test_a_failure_names_the_one_input_that_is_enough(tmp_path: Path) -> None:
    harness = Harness("fragile", Fragile(), tmp_path)
    harness.feed(b"good")
    with pytest.raises(FuzzFailure, match="after 1 inputs, the last one\n626164\nagain: make fuzz"):
        harness.feed(b"bad")
    assert read_inputs(tmp_path / "fragile-failure.hex") == [b"bad"]


def test_a_failure_that_needs_a_history_has_it() -> None:
    harness = Harness("fragile", Fragile())
    harness.feed(b"first")
    with pytest.raises(FuzzFailure, match=f"--hex {b'first'.hex()} {b'second'.hex()}"):
        harness.feed(b"second")
    harness.feed(b"second")  # in a new world


def test_a_world_ends_after_some_inputs() -> None:
    target = Fragile()
    harness = Harness("fragile", target)
    for _ in range(2 * INPUTS_PER_WORLD + 1):
        harness.feed(b"good")
    assert target.worlds == 3
    assert harness.fed == 2 * INPUTS_PER_WORLD + 1


@pytest.mark.parametrize("text", [False, True])
def test_changes_repeat_and_stay_within_their_size(text: bool) -> None:
    seeds = [b"v=0\r\na=mid:1\r\n", b"m=audio 9 X 111\r\n" * 900, b""]
    first, again = (list(inputs(seeds, 300, 7, text=text)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 150
    assert max(map(len, first)) <= (MAX_TEXT if text else MAX_BYTES)
    assert mutate(b"", random.Random(1), [b""], text=text) is not None


def test_any_bytes_are_some_pieces() -> None:
    pieces = [(7, b"abc"), (0xFF, b"")]
    assert split(join(pieces)) == pieces
    assert split(b"\x01\xff\xffshort") == [(1, b"short")]
    assert len(split(bytes(300))) == MOST
    assert split(b"\x05") == [(5, b"")]


def test_what_adds_nothing_is_not_kept() -> None:
    target = corpus.load_target("srtp")
    [(_, known), *_] = corpus.load("srtp").items()
    assert reach.choose(target, [known], [known]) == []
    assert reach.choose(target, [], [known, known]) == [known]
