"""The command `liveclass`: serve, token, class-key, doctor, loadtest, and those of billing."""

import asyncio
import secrets
import signal
import sys
import time
from typing import Annotated, NoReturn

import typer
import uvloop
from aiohttp import web
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from billing.app import ADDRESS
from billing.cli import commands as billing_cli
from billing.cli import ledger as cli_ledger
from billing.cli.emulator import emulator
from billing.demo import PEOPLE
from billing.settings import BillingSettings
from billing.start import load as load_billing
from common import logs
from common.config import ConfigError, load
from common.file_limit import raise_file_limit
from common.roles import Role
from liveclass import config, doctor
from liveclass.app import AccessLogger, create_app
from liveclass.classes import HTTP_REFUSALS
from liveclass.config import Settings
from liveclass.http_guard import Guard, limits_for
from liveclass.http_server import GuardedRunner
from liveclass.shutdown import Watchdog, end_process
from loadtest.cli.app import STATUS as LOADTEST_STATUS
from loadtest.cli.app import loadtest
from signalling.auth.class_key import KeyId, derive, parse_key_id
from signalling.auth.tokens import TokenError, mint, verify
from signalling.classroom.permissions import Identity

LINK_HOURS = 24.0
CLASS_KEY_HOURS = 2.0

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Live classes on one machine.")


def _fail(message: str) -> NoReturn:
    typer.echo(f"liveclass: {message}", err=True)
    raise typer.Exit(2)


def _settings() -> Settings:
    try:
        return load(Settings)
    except ConfigError as error:
        _fail(str(error))


def join_link(base_url: str, token: str, class_id: str) -> str:
    """The address with which a person enters a class."""
    return f"{base_url}/class/{class_id}?t={token}"


def _secret(settings: Settings) -> str:
    try:
        return config.signing_secret(settings)
    except ConfigError as error:
        _fail(str(error))


def _mint(settings: Settings, identity: Identity, hours: float) -> str:
    secret = _secret(settings)
    return mint(identity, secret, now=time.time(), lifetime=hours * 3600)


@app.command()
def serve() -> None:
    """Serve classes until interrupted. Everything is set by LIVECLASS_ variables."""
    settings = _settings()
    logs.configure(settings.log_level)
    files = raise_file_limit()
    try:
        uvloop.run(_serve(settings, load_billing(), files))
    except ConfigError as error:
        _fail(str(error))
    end_process()


async def _serve(settings: Settings, billing: BillingSettings, files: int) -> None:
    application = create_app(settings, billing=billing)
    guard = Guard(limits_for(settings.max_sockets, files), application[HTTP_REFUSALS])
    runner = GuardedRunner(application, guard, access_log_class=AccessLogger)
    try:
        await _start(runner, settings)
        stopped, watchdog = asyncio.Event(), Watchdog()

        def stop() -> None:
            watchdog.start()
            stopped.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        base_url, local_url = _addresses(settings, str(runner.addresses[0][1]))
        application[ADDRESS].bound(base_url, local_url)
        _print_links(settings, base_url)
        _print_people(base_url, application[ADDRESS].demo_password)
        await stopped.wait()
    finally:
        await runner.cleanup()


async def _start(runner: web.AppRunner, settings: Settings) -> None:
    try:
        await runner.setup()
    except OSError as error:
        where = f"{config.media_host(settings)}:{settings.udp_port}"
        raise ConfigError(f"LIVECLASS_UDP_PORT: cannot use {where}: {error.strerror}") from None
    try:
        await web.TCPSite(runner, settings.http_host, settings.http_port).start()
    except OSError as error:
        where = f"{settings.http_host}:{settings.http_port}"
        raise ConfigError(f"LIVECLASS_HTTP_PORT: cannot use {where}: {error.strerror}") from None


def _addresses(settings: Settings, port: str) -> tuple[str, str]:
    """The address people open, and the address that reaches the server on this machine."""
    base_url = settings.base_url
    if settings.http_port == 0 and not settings.public_url:
        base_url = f"{base_url.removesuffix(':0')}:{port}"
    anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}
    host = anywhere.get(settings.http_host, settings.http_host)
    return base_url, f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _print_people(base_url: str, password: str | None) -> None:
    """Prints the demo's accounts, where there are any."""
    if password is None:
        return
    console = Console(soft_wrap=True)
    console.print(f"Catalogue and sandbox payments: {base_url}/classes", highlight=False)
    names = ", ".join(f"{email} ({role})" for email, _, role in PEOPLE)
    console.print(f"Sign in as {names}; password {password}", highlight=False)
    console.file.flush()


def _print_links(settings: Settings, base_url: str) -> None:
    """Prints links into the demo class, for a teacher and for a student."""
    console = Console(soft_wrap=True)
    console.print(Panel.fit(f"[bold]liveclass[/bold] is ready on {base_url}", border_style="green"))
    for role, name in ((Role.TEACHER, "Asha"), (Role.STUDENT, "Ravi")):
        identity = Identity(f"demo-{role.value}", name, role, settings.demo_class)
        link = join_link(base_url, _mint(settings, identity, LINK_HOURS), settings.demo_class)
        console.print(f"[bold]{role.value.capitalize()}[/bold]", end=" ")
        console.print(link, style="cyan", highlight=False)
    console.print("More links: liveclass token --role student --name NAME --url", style="dim")
    console.file.flush()


@app.command()
def token(
    class_id: Annotated[str, typer.Option("--class", help="Class id.")] = "demo",
    role: Annotated[Role, typer.Option(help="Role in the class.")] = Role.STUDENT,
    name: Annotated[str, typer.Option(help="Name that the others see.")] = "Guest",
    user: Annotated[str, typer.Option(help="User id; a new one when not given.")] = "",
    hours: Annotated[float, typer.Option(help="Hours until it expires.", min=0.01)] = LINK_HOURS,
    url: Annotated[bool, typer.Option("--url", help="Print the whole link.")] = False,
) -> None:
    """Print a join token, or the link with it."""
    settings = _settings()
    identity = Identity(user or f"u-{secrets.token_hex(6)}", name, role, class_id)
    minted = _mint(settings, identity, hours)
    try:
        verify(minted, config.signing_secret(settings), now=time.time())
    except TokenError:
        _fail("a token needs a name of 1 to 80 characters and a class id of A-Z a-z 0-9 _ -")
    typer.echo(join_link(settings.base_url, minted, class_id) if url else minted)


@app.command(name="class-key")
def class_key(
    class_id: Annotated[str, typer.Option("--class", help="Class id.")] = "demo",
    hours: Annotated[
        float, typer.Option(help="Hours until it expires.", min=0.01, max=24 * 366)
    ] = CLASS_KEY_HOURS,
) -> None:
    """Print a key that mints join tokens for one class only, for `liveclass loadtest`.

    Whoever holds it can be anybody in that class, a teacher too, until it expires.
    """
    key_id = KeyId(class_id, int(time.time() + hours * 3600))
    if parse_key_id(str(key_id)) is None:
        _fail("a class key needs a class id of A-Z a-z 0-9 _ - (64 at most)")
    typer.echo(str(derive(_secret(_settings()), key_id)))


@app.command(name="doctor")
def examine() -> None:
    """Check what a class needs on this machine, and say what to do."""
    findings = doctor.examine(_settings())
    table = Table("", "Check", "Found", "What to do", box=None)
    for finding in findings:
        bad = "[red]✗[/red]" if finding.needed else "[yellow]![/yellow]"
        mark = bad if finding.advice else "[green]✓[/green]"
        table.add_row(mark, finding.name, finding.detail, finding.advice)
    Console().print(table)
    sys.exit(1 if any(finding.advice and finding.needed for finding in findings) else 0)


app.command(name="loadtest", epilog=LOADTEST_STATUS)(loadtest)
app.command(name="migrate")(billing_cli.migrate)
app.command(name="reconcile")(billing_cli.reconcile)
app.command(name="emulator")(emulator)
app.add_typer(billing_cli.user, name="user")
app.add_typer(cli_ledger.ledger, name="ledger")


if __name__ == "__main__":
    app()
