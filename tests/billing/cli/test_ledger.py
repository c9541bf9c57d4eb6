"""`liveclass ledger export` and `liveclass ledger check`."""

import asyncio
import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from billing.store.tables import GatewayEvent, LedgerEntry
from liveclass.cli import app
from tests.billing import seller
from tests.billing.support import NOW, make_context


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The command's folder; its database has an entry of 1,499 on 24 November 2025."""

    async def fill() -> None:
        async with make_context(tmp_path) as context, context.db.writing() as session:
            session.add_all(
                GatewayEvent(
                    event_id=f"ev-{outcome}",
                    kind="payment.captured",
                    source="webhook",
                    body='{"email": "ravi@example.com"}',
                    outcome=outcome,
                    received_at=NOW,
                )
                for outcome in ("paid", "unknown_order")
            )
            session.add(
                LedgerEntry(
                    key="captured:pay_1",
                    at=NOW,
                    kind="captured",
                    amount=149_900,
                    currency="INR",
                    source="webhook",
                    note="",
                )
            )

    asyncio.run(fill())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIVECLASS_DATABASE_URL", f"sqlite:///{tmp_path / 'test.db'}")
    return tmp_path


def command(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *arguments])


def ledger(*arguments: str) -> Result:
    return command("export", *arguments)


def amounts(text: str) -> list[str]:
    return [row["amount"] for row in csv.DictReader(text.splitlines())]


def test_it_is_written_to_the_screen(folder: Path) -> None:
    result = ledger()
    assert result.exit_code == 0, result.output
    assert amounts(result.stdout) == ["1499.00"]


def test_it_is_written_to_a_file(folder: Path) -> None:
    result = ledger("--output", str(folder / "ledger.csv"))
    assert result.exit_code == 0, result.output
    assert amounts((folder / "ledger.csv").read_text("utf-8")) == ["1499.00"]
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2025-11-24", "2025-11-24", ["1499.00"]),
        ("2025-11-25", "2025-12-31", []),
        ("2025-01-01", "2025-11-23", []),
    ],
)
def test_days_choose(folder: Path, first: str, last: str, found: list[str]) -> None:
    assert amounts(ledger("--from", first, "--to", last).stdout) == found


def test_a_wrong_day_is_said(folder: Path) -> None:
    result = ledger("--from", "yesterday", "--output", str(folder / "ledger.csv"))
    assert result.exit_code == 2
    assert "A day is written as 2026-12-01." in result.output
    assert not list(folder.glob("ledger.csv*"))


def test_a_ledger_that_agrees_is_said(folder: Path) -> None:
    result = command("check")
    assert result.exit_code == 0, result.output
    assert "agrees" in result.stdout


def test_what_does_not_agree_is_named(folder: Path) -> None:
    async def pay_what_the_ledger_does_not_know() -> None:
        async with make_context(folder) as context:
            await seller.furnish(context)
            async with context.db.writing() as session:
                await seller.pay(session, context, 1)

    asyncio.run(pay_what_the_ledger_does_not_know())
    result = command("check")
    assert result.exit_code == 1
    assert result.stdout == "pay_00000000000001: the ledger has 0.00, expected 1499.00\n"


def test_what_the_gateway_told_is_shown_without_its_body(folder: Path) -> None:
    result = command("events")
    assert result.exit_code == 0, result.output
    assert [line.split()[4:] for line in result.stdout.splitlines()] == [
        ["unknown_order", "ev-unknown_order"],
        ["paid", "ev-paid"],
    ]
    assert "ravi" not in result.stdout
    assert len(command("events", "--last", "1").stdout.splitlines()) == 1


def test_what_fitted_no_order_can_be_picked_out(folder: Path) -> None:
    strange = command("events", "--no-ours").stdout.splitlines()
    assert [line.split()[5] for line in strange] == ["ev-unknown_order"]
