"""`liveclass emulator` as a process of its own."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from billing.gateway.client import GatewayAddress, RazorpayGateway
from billing.gateway.emulator.faults import Faults, parse_faults
from billing.gateway.keys import sandbox_keys
from tests.billing.gateway.sandbox_server import at_once

COMMAND = Path(sys.executable).parent / "liveclass"


async def started(folder: Path, *options: str) -> asyncio.subprocess.Process:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LIVECLASS_", "RAZORPAY_"))}
    return await asyncio.create_subprocess_exec(
        *(str(COMMAND), "emulator", *options),
        cwd=folder,
        env=clean | {"PYTHONUNBUFFERED": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@asynccontextmanager
async def emulator(folder: Path, *options: str) -> AsyncIterator[RazorpayGateway]:
    """The command until it is interrupted; the real SDK's client asks it."""
    process = await started(folder, "--port", "0", *options)
    assert process.stdout is not None
    assert process.stderr is not None
    line = (await process.stdout.readline()).decode().strip()
    assert line.startswith("RAZORPAY_BASE_URL="), (await process.stderr.read()).decode()
    url = line.partition("=")[2]
    gateway = RazorpayGateway(
        sandbox_keys(folder / "var"), GatewayAddress(lambda: url, "", True), pause=at_once
    )
    try:
        yield gateway
    finally:
        await gateway.close()
        process.terminate()
        said, complaints = await process.communicate()
        assert (process.returncode, complaints.decode()) == (0, "")
        secrets = json.loads((folder / "var" / "sandbox-keys.json").read_text())
        assert secrets["key_secret"] not in said.decode()


@pytest.mark.interop
async def test_it_serves_and_remembers(tmp_path: Path) -> None:
    async with emulator(tmp_path) as gateway:
        order = await gateway.create_order(149_900, "INR", "o-1", {})
    async with emulator(tmp_path, "--faults", "answers=fail,times=1") as gateway:
        assert await gateway.find_order("o-1") == order


@pytest.mark.interop
async def test_a_wrong_fault_is_told_in_one_line(tmp_path: Path) -> None:
    process = await started(tmp_path, "--faults", "dealy=2")
    _, complaints = await process.communicate()
    assert process.returncode == 2
    assert complaints.decode() == "liveclass: --faults: dealy: Extra inputs are not permitted\n"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", Faults()),
        ("delay=2, webhooks=twice", Faults(delay=2, webhooks="twice")),
        ("amount=-100,", Faults(amount=-100)),
        ("answers=cut,only=writes,times=3", Faults(answers="cut", only="writes", times=3)),
    ],
)
def test_faults_are_read(text: str, faults: Faults) -> None:
    assert parse_faults(text) == faults


@pytest.mark.parametrize(
    "text", ["delay", "delay=", "delay=-1", "delay=61", "webhooks=some", "currency=inr", "=2"]
)
def test_other_faults_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=": "):
        parse_faults(text)


def test_faults_last_as_often_as_they_should() -> None:
    faults = Faults(answers="cut", times=2, delay=1)
    assert faults.after_one() == Faults(answers="cut", times=1, delay=1)
    assert faults.after_one().after_one() == Faults(delay=1)
    assert Faults(answers="cut").after_one() == Faults(answers="cut")
