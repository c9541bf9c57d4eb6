"""Commands about the ledger: export, check, events."""

import sys
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TextIO

import typer

from billing.cli.commands import with_context
from billing.context import Context
from billing.service import journal
from billing.service.journal import decimal
from billing.service.reports import Span
from billing.text.days import span

ledger = typer.Typer(no_args_is_help=True, help="The ledger: export, check, events.")


@ledger.command()
def export(
    first: Annotated[str, typer.Option("--from", help="The first day, as 2026-12-01.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day, as 2026-12-31.")] = "",
    output: Annotated[Path | None, typer.Option(help="A file; without it, the screen.")] = None,
) -> None:
    """Write the ledger as CSV: days of the seller's time zone, all of them without --from, --to."""

    def work(context: Context, to: TextIO) -> Awaitable[None]:
        begin, end = span(first, last, context.settings.seller_zone)
        return _copy(journal.lines(context, Span(begin, end)), to)

    with _target(output) as file:
        with_context(lambda context: work(context, file))


@ledger.command()
def check() -> None:
    """Say whether the ledger agrees with payments and refunds; exit code 1 when it does not."""
    found = with_context(journal.mismatches)
    for one in found:
        ledger_says, expected = decimal(one.ledger), decimal(one.expected)
        typer.echo(f"{one.payment_id}: the ledger has {ledger_says}, expected {expected}")
    if found:
        raise typer.Exit(1)
    typer.echo("The ledger agrees with all payments and refunds.")


@ledger.command()
def events(
    last: Annotated[int, typer.Option(help="So many of the newest.", min=1, max=10_000)] = 50,
    ours: Annotated[bool, typer.Option(help="--no-ours: only what fitted no order.")] = True,
) -> None:
    """List the gateway's messages and the outcome of each; the bodies stay in the database."""
    found = with_context(
        lambda context: journal.newest_events(context, last, only_strange=not ours)
    )
    for event in found:
        at = datetime.fromtimestamp(event.received_at / 1000, UTC).isoformat(timespec="seconds")
        name = event.event_id or "-"
        typer.echo(f"{event.number}  {at}  {event.source}  {event.kind}  {event.outcome}  {name}")
    if not found:
        typer.echo("There are none.")


async def _copy(lines: AsyncIterator[str], to: TextIO) -> None:
    async for text in lines:
        to.write(text)


@contextmanager
def _target(output: Path | None) -> Iterator[TextIO]:
    """The screen, or a file that is there when it is whole."""
    if output is None:
        yield sys.stdout
        return
    part = output.with_name(f"{output.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(output)
    finally:
        part.unlink(missing_ok=True)
