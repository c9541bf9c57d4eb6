"""The commands about accounts and the database, as people run them."""

import asyncio
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from billing.accounts.passwords import Passwords
from billing.demo import FILE, PEOPLE, seed
from billing.service.accounts import NewUser, create_user, find_by_email
from billing.store.database import Database
from billing.store.tables import Class, User
from liveclass import cli
from tests.billing.support import context_on, make_context, settings

PASSWORD = "correct horse battery"


class Terminal:
    """Runs commands with a database of the test's own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *arguments: str, typed: str = "\n") -> Result:
        return CliRunner().invoke(cli.app, list(arguments), input=typed)

    def account(self, email: str) -> User | None:
        async def find() -> User | None:
            db = Database(f"sqlite:///{self._folder / 'liveclass.db'}")
            context = context_on(db, settings(self._folder))
            try:
                return await find_by_email(context, email)
            finally:
                await db.close()

        return asyncio.run(find())


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    monkeypatch.setenv("LIVECLASS_VAR_DIR", str(tmp_path))
    monkeypatch.delenv("LIVECLASS_DATABASE_URL", raising=False)
    return Terminal(tmp_path)


def test_migrate_says_which_database_and_no_password(
    run: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("migrate")
    assert result.exit_code == 0
    assert "liveclass.db" in result.stdout
    url = "postgresql://asha:s3cret@127.0.0.1:1/none"
    monkeypatch.setenv("LIVECLASS_DATABASE_URL", url)
    result = run("migrate")
    assert result.exit_code == 2
    assert result.stderr.startswith("liveclass: LIVECLASS_DATABASE_URL: cannot use the database: ")
    assert "s3cret" not in result.output


def test_an_account_is_made_with_the_password_that_is_typed(run: Terminal) -> None:
    arguments = ("user", "add", "Asha@Example.com", "--name", "Asha", "--role", "teacher")
    result = run(*arguments, typed=f"{PASSWORD}\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    asha = run.account("asha@example.com")
    assert asha is not None
    assert asha.role == "teacher"
    assert asyncio.run(Passwords().matches(asha.password_hash, PASSWORD))
    again = run(*arguments, typed=f"{PASSWORD}\n")
    assert again.exit_code == 2
    assert "There is an account with this address already" in again.stderr


def test_a_password_is_made_when_none_is_typed_and_can_be_set_anew(run: Terminal) -> None:
    result = run("user", "add", "asha@example.com", "--name", "Asha")
    first = result.stdout.partition("Password: ")[2].strip()
    asha = run.account("asha@example.com")
    assert asha is not None
    assert asyncio.run(Passwords().matches(asha.password_hash, first))
    result = run("user", "password", "asha@example.com")
    second = result.stdout.partition("Password: ")[2].strip()
    changed = run.account("asha@example.com")
    assert changed is not None
    assert changed.epoch == asha.epoch + 1
    assert asyncio.run(Passwords().matches(changed.password_hash, second))
    assert first != second


def test_a_role_can_be_changed_but_for_the_last_admin(run: Terminal) -> None:
    run("user", "add", "asha@example.com", "--name", "Asha")
    assert run("user", "role", "asha@example.com", "admin").exit_code == 0
    result = run("user", "role", "asha@example.com", "student")
    assert result.exit_code == 2
    assert "last admin" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("user", "add", "a@b.example", "--name", "A", "--role", "king"), "\n"),
        (("user", "add", "a@b.example", "--name", "A"), "short\n"),
        (("user", "role", "a@b.example", "king"), "\n"),
        (("user", "role", "nobody@example.com", "teacher"), "\n"),
        (("user", "password", "nobody@example.com"), "\n"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    run: Terminal, arguments: tuple[str, ...], typed: str
) -> None:
    result = run(*arguments, typed=typed)
    assert result.exit_code == 2
    assert result.stderr.startswith("liveclass: ")
    assert result.stderr.count("\n") == 1


def test_reconcile_on_an_empty_database_has_nothing_to_ask(run: Terminal) -> None:
    result = run("reconcile")
    assert result.exit_code == 0
    assert "Asked about 0 orders, 0 payments and 0 refunds" in result.stdout


async def test_the_demo_is_made_once_with_a_password_for_this_user_alone(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context:
        password = await seed(context)
        assert password
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
        assert await seed(context) == password
        async with context.db.reading() as session:
            ids = "algebra-for-class-8", "english-conversation", "how-to-learn"
            offers = [await session.get_one(Class, id) for id in ids]
        assert [offer.price > 0 for offer in offers] == [True, True, False]
        assert {offer.state for offer in offers} == {"scheduled"}
        (tmp_path / FILE).unlink()
        assert await seed(context) is None, "a new password would open nothing"


@pytest.mark.parametrize(
    "values",
    [
        {"demo": False},
        {
            "razorpay_key_id": "rzp_live_x",
            "razorpay_key_secret": "x",
            "razorpay_webhook_secret": "x",
        },
    ],
)
async def test_no_demo_where_it_is_not_wanted(tmp_path: Path, values: dict[str, object]) -> None:
    async with make_context(tmp_path, **values) as context:
        assert await seed(context) is None
        async with context.db.reading() as session:
            assert await session.get(Class, "how-to-learn") is None


async def test_the_demo_keeps_away_from_a_school_that_has_people(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context:
        await create_user(context, NewUser("head@school.example", "Head", "admin", PASSWORD))
        assert await seed(context) is None
        assert await find_by_email(context, PEOPLE[0][0]) is None
