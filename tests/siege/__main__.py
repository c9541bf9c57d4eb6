"""`make siege`: every attack of the table against a running server, beside real participants.

python -m tests.siege [--rows 1,6a] [--server CHECKOUT] [--json FILE] [--markdown FILE] ...
"""

import argparse
import asyncio
import contextlib
import datetime
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from loadtest.run import machine
from tests.siege import table
from tests.siege.attack import Attack
from tests.siege.figures import is_fine
from tests.siege.records import Finding, Kind
from tests.siege.registry import ATTACKS
from tests.siege.siege import Siege

ROOT = Path(__file__).parent.parent.parent
SECONDS = 8.0
STUDENTS = 30
WIDTH = 150  # of a table that goes to a file


def arguments(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.siege", description=__doc__)
    parser.add_argument("--rows", default="", help="of the table, as in 1,6 or 6a; all if left out")
    parser.add_argument("--server", type=Path, default=ROOT, help="checkout to attack")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each attack")
    parser.add_argument("--students", type=int, default=STUDENTS)
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--markdown", type=Path, help="file for the tables")
    parser.add_argument("--note", default="", help="what a reader must know of this run")
    return parser.parse_args(words)


def chosen(rows: str) -> list[Attack]:
    """In the table's order; raises SystemExit for a row that is none."""
    wanted = [row for row in rows.split(",") if row]
    unknown = [row for row in wanted if not any(attack.is_row(row) for attack in ATTACKS)]
    if unknown:
        raise SystemExit(f"no such row: {', '.join(unknown)}")
    return [attack for attack in ATTACKS if not wanted or any(map(attack.is_row, wanted))]


def cores() -> tuple[int, int]:
    """The server's, and everybody else's."""
    found = machine.cores()
    return found[0], found[-1]


async def besiege(options: argparse.Namespace, console: Console, findings: list[Finding]) -> None:
    """Adds finding after finding: what was interrupted is still told."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):  # nothing stays behind
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    own = cores()
    os.sched_setaffinity(0, {own[1]})
    checkout = options.server.resolve()
    siege = Siege(checkout, own, options.students, options.seconds, console.print)
    try:
        for attack in chosen(options.rows):
            finding = await siege.run(attack)
            findings.append(finding)
            console.print(f"      {table.verdict(finding)}", highlight=False)
    finally:
        await siege.close()


def about(options: argparse.Namespace) -> dict[str, Any]:
    """What the figures are of."""
    return {
        "server": machine.version(options.server.resolve()),
        "machine": machine.describe(),
        "date": datetime.date.today().isoformat(),
        "seconds": options.seconds,
        "students": options.students,
        "note": options.note,
    }


def sentence(known: dict[str, Any]) -> str:
    said = (
        f"Server {known['server']}, {known['date']}, {known['students']} students, attacks of "
        f"{known['seconds']:.0f} s; {known['machine']}."
    )
    return f"{said} {known['note']}".rstrip()


def show(findings: Sequence[Finding], console: Console) -> None:
    for kind, head, cells in (
        (Kind.LOAD, table.LOAD_HEAD, table.load_cells),
        (Kind.CHECK, table.CHECK_HEAD, table.check_cells),
    ):
        rows = table.of_kind(findings, kind)
        if not rows:
            continue
        grid = Table(*head)
        for finding in rows:
            grid.add_row(*cells(finding), style="red" if finding.missed else "")
        console.print(grid)


def main() -> int:
    options = arguments()
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    findings: list[Finding] = []
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(besiege(options, console, findings))
    show(findings, console)
    known = about(options)
    if options.json:
        text = json.dumps(table.document(findings, known), indent=1)
        options.json.write_text(f"{text}\n", "utf-8")
    if options.markdown:
        options.markdown.write_text(table.markdown(findings, sentence(known)), "utf-8")
    is_whole = len(findings) == len(chosen(options.rows))
    return 0 if is_whole and is_fine(findings) else 1


if __name__ == "__main__":
    sys.exit(main())
