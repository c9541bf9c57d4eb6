"""Commands of billing: migrate, reconcile, user."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn, TypeVar

import typer

from billing.accounts.passwords import MAX_LENGTH, MIN_LENGTH
from billing.context import Context
from billing.errors import BillingError
from billing.gateway.opening import open_gateway
from billing.service import accounts
from billing.service.reconcile import TurnReport
from billing.service.reconcile import reconcile as ask_gateway
from billing.service.refunds import run_refunds
from billing.settings import BillingSettings
from billing.start import load, make_context, open_database
from billing.store.tables import User
from common.config import ConfigError

Result = TypeVar("Result")

user = typer.Typer(no_args_is_help=True, help="Accounts: add, password, role.")


def fail(message: str) -> NoReturn:
    """Ends the command with a sentence."""
    typer.echo(f"liveclass: {message}", err=True)
    raise typer.Exit(2)


def billing_settings() -> BillingSettings:
    """The settings; wrong ones end the command."""
    try:
        return load()
    except ConfigError as error:
        fail(str(error))


def with_context(work: Callable[[Context], Awaitable[Result]]) -> Result:
    """Runs the work with the database and the gateway open; refusals end the command."""
    settings = billing_settings()

    async def run() -> Result:
        gateway = open_gateway(settings, lambda: settings.base_url)
        try:
            async with open_database(settings) as db:
                return await work(make_context(settings, db, gateway))
        finally:
            await gateway.close()

    try:
        return asyncio.run(run())
    except (ConfigError, BillingError) as error:
        fail(str(error))


def migrate() -> None:
    """Bring the database up to date. `liveclass serve` does so by itself."""

    async def nothing_more(context: Context) -> str:
        return context.db.url.render_as_string(hide_password=True)

    typer.echo(f"The database is up to date: {with_context(nothing_more)}")


def reconcile() -> None:
    """Ask the gateway about open orders and refunds, and repair what was missed; a running server
    does so every minute."""

    async def work(context: Context) -> tuple[TurnReport, int]:
        return await ask_gateway(context), await run_refunds(context)

    report, refunds = with_context(work)
    typer.echo(f"Asked about {report.orders} orders, {report.payments} payments and ", nl=False)
    typer.echo(f"{report.refunds} refunds; {report.expired} orders ran out of time.")
    typer.echo(f"Refunds the gateway was asked for: {refunds}")
    for row, count in sorted(report.repaired.items()):
        typer.echo(f"Repaired: {row} {count}")
    if report.failures:
        fail(f"the gateway did not answer {report.failures} times; run it again later")


@user.command()
def add(
    email: Annotated[str, typer.Argument(help="The person's mail address.")],
    name: Annotated[str, typer.Option(help="As the others see it.")],
    role: Annotated[str, typer.Option(help="student, parent, teacher or admin.")] = "student",
) -> None:
    """Make an account. The password is read from the input, or made and printed."""
    if role not in accounts.ROLES:
        fail(f"the role must be one of: {', '.join(accounts.ROLES)}")
    given = _read_password()
    password = given or secrets.token_urlsafe(12)
    new = accounts.NewUser(email, name, role, password)
    made = with_context(lambda context: accounts.create_user(context, new))
    typer.echo(f"{made.id} {made.email} has the role {made.role}.")
    if not given:
        typer.echo(f"Password: {password}")


@user.command()
def password(email: Annotated[str, typer.Argument(help="The person's mail address.")]) -> None:
    """Set a new password; all sessions of the account end."""
    given = _read_password()
    new = given or secrets.token_urlsafe(12)

    async def work(context: Context) -> User:
        return await accounts.set_password(context, (await _find(context, email)).id, new)

    typer.echo(f"{with_context(work).email} has a new password.")
    if not given:
        typer.echo(f"Password: {new}")


@user.command()
def role(
    email: Annotated[str, typer.Argument(help="The person's mail address.")],
    role: Annotated[str, typer.Argument(help="student, parent, teacher or admin.")],
) -> None:
    """Change what an account may do."""
    if role not in accounts.ROLES:
        fail(f"the role must be one of: {', '.join(accounts.ROLES)}")

    async def work(context: Context) -> User:
        change = accounts.AccountChange(role=role)
        return await accounts.change(context, (await _find(context, email)).id, change)

    changed = with_context(work)
    typer.echo(f"{changed.email} has the role {changed.role}.")


async def _find(context: Context, email: str) -> User:
    found = await accounts.find_by_email(context, email)
    if found is None:
        raise BillingError("no_such_user", f"there is no account with the address {email}")
    return found


def _read_password() -> str:
    """Reads a password from a pipe or a prompt; empty: one is to be made."""
    if sys.stdin.isatty():
        given: str = typer.prompt("Password (empty: make one)", default="", hide_input=True)
    else:
        given = sys.stdin.readline().rstrip("\n")
    if given and not MIN_LENGTH <= len(given) <= MAX_LENGTH:
        fail(f"a password has {MIN_LENGTH} to {MAX_LENGTH} characters")
    return given
