"""The command `liveclass emulator`: the stand-in for Razorpay, served on its own."""

import asyncio
import signal
from typing import Annotated

import typer
from aiohttp import web

from billing.cli.commands import billing_settings, fail
from billing.gateway.emulator.faults import Faults, parse_faults
from billing.gateway.emulator.service import Sandbox
from billing.gateway.keys import FILE as KEYS_FILE
from billing.gateway.keys import sandbox_keys
from common.config import ConfigError

HOST = "127.0.0.1"
FILE = "emulator.db"  # not the sandbox's of a server that runs in the same folder


def emulator(
    port: Annotated[
        int, typer.Option(help=f"On {HOST}; 0: any that is free.", min=0, max=65_535)
    ] = 8090,
    webhook: Annotated[
        str, typer.Option(help=f"Where events go: http://{HOST}:8080/payments/webhook")
    ] = "",
    faults: Annotated[
        str, typer.Option(help="What goes wrong: delay=2,webhooks=twice; see docs/payments.md.")
    ] = "",
) -> None:
    """Serve the stand-in for Razorpay on its own; point RAZORPAY_BASE_URL at it."""
    settings = billing_settings()
    try:
        chosen = parse_faults(faults)
    except ValueError as error:
        fail(f"--faults: {error}")
    try:
        keys = sandbox_keys(settings.var_dir)
        sandbox = Sandbox(keys, settings.var_dir / FILE)
        sandbox.hooks.target = webhook or None
        asyncio.run(_serve(sandbox, port, chosen, f"{settings.var_dir / KEYS_FILE}"))
    except ConfigError as error:
        fail(str(error))


async def _serve(sandbox: Sandbox, port: int, faults: Faults, keys_file: str) -> None:
    sandbox.emulator.faults = faults
    runner = web.AppRunner(sandbox.application(), access_log=None)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with sandbox.running():
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
            typer.echo(f"RAZORPAY_BASE_URL=http://{HOST}:{runner.addresses[0][1]}")
            typer.echo(f"RAZORPAY_KEY_ID={sandbox.emulator.keys.key_id}")
            typer.echo(f"The secrets are in {keys_file}. No real money moves.")
            await stopped.wait()
        except OSError as error:
            raise ConfigError(f"cannot use {HOST}:{port}: {error.strerror}") from None
        finally:
            await runner.cleanup()
