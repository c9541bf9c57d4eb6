"""Every kept input, and seeded changes of them, through every surface.

A failure says the inputs in hexadecimal and the command that runs them again.
"""

from collections.abc import Iterator

import pytest

from tests.fuzz import corpus
from tests.fuzz.harness import Harness
from tests.fuzz.mutate import inputs
from tests.fuzz.quiet import silence
from tests.support.thorough import tries

MUTATIONS = tries(2_000)
SEED = 20_261_124


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with silence():
        yield


@pytest.mark.parametrize("name", corpus.NAMES)
def test_what_is_kept(name: str) -> None:
    harness = Harness(name, corpus.load_target(name))
    for data in corpus.load(name).values():
        harness.feed(data)
    harness.finish()
    assert harness.fed


@pytest.mark.sweep
@pytest.mark.parametrize("name", corpus.NAMES)
def test_what_is_kept_with_changes(name: str) -> None:
    target = corpus.load_target(name)
    harness = Harness(name, target)
    seeds = list(corpus.load(name).values())
    for data in inputs(seeds, MUTATIONS, SEED, text=target.TEXT):
        harness.feed(data)
    harness.finish()
    assert harness.fed == MUTATIONS


@pytest.mark.parametrize("name", corpus.NAMES)
def test_a_corpus_is_small_and_has_nothing_twice(name: str) -> None:
    kept = corpus.load(name)
    assert len(kept) <= corpus.MOST_FILES
    assert sum(map(len, kept.values())) <= corpus.MOST_BYTES
    assert len(set(kept.values())) == len(kept)
    assert not [file for file in kept if not file.startswith(("seed-", "found-", "crash-"))]
