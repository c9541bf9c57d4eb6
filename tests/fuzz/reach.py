"""Which inputs are worth keeping: those that take a way through the sources no other has taken.

Slower than atheris' own merging, but each input is judged in a world of its own, so that the same
inputs are chosen each time.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from tests.fuzz import corpus
from tests.fuzz.harness import Target

ROOT = Path(__file__).parent.parent.parent
SOURCES = tuple(f"{ROOT / folder}/" for folder in ("common", "sfu", "signalling"))

Step = tuple[str, int, int]  # file, from line, to line


class Ways:
    """Collects the steps from line to line while it is entered."""

    def __init__(self) -> None:
        self.steps: set[Step] = set()

    def __enter__(self) -> Self:
        sys.settrace(self._enter_frame)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        sys.settrace(None)

    def _enter_frame(self, frame: FrameType, event: str, arg: object) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(SOURCES):
            return None
        last = 0

        def follow(frame: FrameType, event: str, arg: object) -> Any:
            nonlocal last
            if event == "line":
                self.steps.add((file, last, frame.f_lineno))
                last = frame.f_lineno
            return follow

        return follow


def steps_of(target: Target, data: bytes) -> set[Step]:
    """The way of one input; making and ending its world does not count."""
    target.run(b"")
    with Ways() as ways:
        target.run(data)
    target.renew()
    return ways.steps


def choose(target: Target, kept: Iterable[bytes], candidates: Iterable[bytes]) -> list[bytes]:
    """The candidates that add something, the smallest first, within a corpus' bounds."""
    known: set[Step] = set()
    count = size = 0
    for data in kept:
        known |= steps_of(target, data)
        count, size = count + 1, size + len(data)
    chosen: list[bytes] = []
    for data in sorted(set(candidates), key=lambda data: (len(data), data)):
        if count + len(chosen) >= corpus.MOST_FILES or size + len(data) > corpus.MOST_BYTES:
            continue
        steps = steps_of(target, data)
        if steps - known:
            known |= steps
            size += len(data)
            chosen.append(data)
    return chosen
