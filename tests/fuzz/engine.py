"""One target under atheris, in a process of its own: python -m tests.fuzz.engine TARGET OPTION …

The options are libFuzzer's; the folder of findings comes first among the corpora.
"""

import random
import sys
from pathlib import Path

import atheris

from tests.fuzz import corpus
from tests.fuzz.harness import Harness
from tests.fuzz.mutate import mutate
from tests.fuzz.quiet import silence

SOURCES = ["common", "sfu", "signalling"]
OWN_CHANGES = 0.5  # share of a text's changes that go by lines and words


def main(name: str, options: list[str], failures: Path) -> None:
    """Runs until libFuzzer ends the process."""
    with atheris.instrument_imports(include=SOURCES):
        target = corpus.load_target(name)
    harness = Harness(name, target, failures)
    seeds = list(corpus.load(name).values())

    def change(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if target.TEXT and rng.random() < OWN_CHANGES:
            return mutate(data, rng, seeds, text=True)[:most]
        return bytes(atheris.Mutate(data, most))

    atheris.Setup([sys.argv[0], *options], harness.feed, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    with silence():
        main(sys.argv[1], sys.argv[3:], Path(sys.argv[2]))
