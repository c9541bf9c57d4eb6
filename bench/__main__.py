"""`make bench`: the costs of the product beside the lean loop, in one table.

python -m bench [name …] [--subscribers N …] [--rounds N] [--json FILE] [--record]
"""

import argparse
import datetime
import os
import platform
import subprocess
from collections.abc import Callable
from pathlib import Path

from bench import (
    allocations,
    depth,
    feedback,
    forwarding,
    ingest,
    prices,
    rooms,
    table,
    timers,
)
from bench.figures import Figure

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
ROUNDS = 5

Bench = Callable[[argparse.Namespace], list[Figure]]


def _forwarding(options: argparse.Namespace) -> list[Figure]:
    only = frozenset(options.names) & {"forwarding", "paced"}
    lines = []
    for subscribers in options.subscribers:
        lines += forwarding.measure(subscribers, options.rounds, only, plain=options.plain)
    return lines


def _feedback(options: argparse.Namespace) -> list[Figure]:
    kinds = [kind for kind in feedback.KINDS if kind != "check" and "feedback" in options.names]
    return feedback.measure(options.rounds, (*kinds, *["check"][: "stun" in options.names]))


def _ingest(options: argparse.Namespace) -> list[Figure]:
    return ingest.measure(options.rounds)


def _prices(options: argparse.Namespace) -> list[Figure]:
    return prices.measure(options.rounds)


def _timers(options: argparse.Namespace) -> list[Figure]:
    return timers.measure(options.rounds)


def _rooms(options: argparse.Namespace) -> list[Figure]:
    return rooms.measure(options.rounds)


def _allocations(options: argparse.Namespace) -> list[Figure]:
    return allocations.measure()


def _depth(options: argparse.Namespace) -> list[Figure]:
    return depth.measure()


# By name; names of one function are measured together, by turns.
BENCHES: dict[str, Bench] = {
    "forwarding": _forwarding,
    "paced": _forwarding,
    "rooms": _rooms,
    "ingest": _ingest,
    "feedback": _feedback,
    "stun": _feedback,
    "prices": _prices,
    "timers": _timers,
    "allocations": _allocations,
    "depth": _depth,
}


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(BENCHES)}; all without any")
    parser.add_argument("--subscribers", type=int, nargs="+", default=forwarding.SUBSCRIBERS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument(
        "--plain",
        action="store_true",
        help="forwarding and paced: the far end takes datagrams singly, not a picture in one read",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument(
        "--record",
        action="store_true",
        help=f"put the figures and a line of history into {DOCUMENT.name}",
    )
    return parser


def main() -> None:
    """Measures what was asked for, prints the table."""
    parser = arguments()
    options = parser.parse_args()
    options.names = options.names or list(BENCHES)
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    figures: list[Figure] = []
    for bench in dict.fromkeys(BENCHES[name] for name in options.names):
        figures += bench(options)
    print(table.render(figures))
    about = (_machine(), _commit(), datetime.date.today().isoformat())
    if options.json:
        options.json.write_text(table.to_json(figures, *about))
    if options.record:
        line = table.history_line(figures, *about)
        DOCUMENT.write_text(table.recorded(DOCUMENT.read_text(), figures, line))


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def _commit() -> str:
    shown = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    )
    return shown.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
