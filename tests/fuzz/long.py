"""`make fuzz-long`: ten million hostile datagrams, once.

python -m tests.fuzz.long [--count N] [--seed N]
"""

import argparse
import resource
import sys
import time

from tests.fuzz.barrage import Barrage
from tests.fuzz.quiet import silence

COUNT = 10_000_000
TOLD_EVERY = 5.0  # s


class Progress:
    """Says now and then how far it is, how fast, and when it will be done."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._began = self._told = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if now - self._told < TOLD_EVERY:
            return
        self._told = now
        rate = done / (now - self._began)
        left = (self._count - done) / rate
        print(f"  {done:>12,} of {self._count:,}  {rate:,.0f}/s  {left:,.0f} s left", flush=True)


def memory() -> float:
    """The most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(barrage: Barrage, before: float) -> None:
    """What was thrown, where it went, and what it left behind."""
    books = barrage.books()
    arrived = books.pop("arrived")
    for title, rows in (
        ("thrown", barrage.thrown),
        ("went to, with what the class itself sent", books),
        ("largest tables", barrage.most),
        ("guests that came back, by why they were gone", barrage.removed),
    ):
        print(f"{title}:")
        for name, count in rows.most_common():
            print(f"  {name:<28} {count:>12,}")
    print(f"arrived {arrived:,}, accounted for {books.total():,}")
    print(f"memory at most {before:.0f} MB at the start, {memory():.0f} MB at the end")


def main() -> int:
    """The command; a count that is wrong ends it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.long", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    barrage = Barrage(options.seed)
    before = memory()
    try:
        barrage.run(options.count, Progress(options.count))
    except AssertionError:
        print(f"after {barrage.thrown.total():,} datagrams, seed {options.seed}:")
        raise
    report(barrage, before)
    return 0


if __name__ == "__main__":
    with silence():
        sys.exit(main())
