"""Passwords: hashed with a salt, hashed anew with today's parameters, equal work for nobody's."""

import asyncio
from pathlib import Path

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from billing.accounts import passwords
from billing.accounts.passwords import Passwords
from billing.errors import TooManyError
from billing.service import accounts
from billing.start import make_context as make_production_shop
from billing.store.database import Database
from billing.store.tables import User
from tests.billing.support import PASSWORDS, MemoryGateway, make_context, settings, user

PASSWORD = "correct horse battery"


async def test_a_hash_is_of_one_password_and_has_a_salt() -> None:
    kept = await PASSWORDS.hash(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert kept != await PASSWORDS.hash(PASSWORD)
    assert await PASSWORDS.matches(kept, PASSWORD)
    assert not await PASSWORDS.matches(kept, PASSWORD + "x")
    assert not await PASSWORDS.matches("no hash", PASSWORD)


async def test_a_server_hashes_with_64_mib_and_three_turns(tmp_path: Path) -> None:
    """RFC 9106 section 4, the second recommended option: what tests use is theirs alone."""
    db = Database(f"sqlite:///{tmp_path}/context.db")
    context = make_production_shop(settings(tmp_path), db, MemoryGateway())
    used = extract_parameters(await context.passwords.hash(PASSWORD))
    assert (used.type, used.memory_cost, used.time_cost) == (Type.ID, 64 * 1024, 3)
    assert context.passwords.is_outdated(await PASSWORDS.hash(PASSWORD))
    await db.close()


async def test_nobody_has_a_password_but_the_same_work_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified: list[str] = []
    verify = Passwords._verify

    def counted(self: Passwords, kept: str, password: str) -> bool:
        verified.append(kept)
        return verify(self, kept, password)

    monkeypatch.setattr(Passwords, "_verify", counted)
    production = Passwords()
    assert not await production.matches(None, "the password of nobody at all")
    today = extract_parameters(await production.hash(PASSWORD))
    assert [extract_parameters(kept) for kept in verified] == [today]


async def test_who_signs_in_gets_a_hash_of_today(tmp_path: Path) -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert PASSWORDS.is_outdated(old)
    async with make_context(tmp_path) as context:
        async with context.db.writing() as session:
            session.add(user("asha", password_hash=old, epoch=4))
        await accounts.sign_in(context, "asha@example.com", PASSWORD)
        async with context.db.reading() as session:
            asha = await session.get_one(User, "u-asha")
    assert not PASSWORDS.is_outdated(asha.password_hash)
    assert asha.epoch == 4, "sessions go on"
    assert await PASSWORDS.matches(asha.password_hash, PASSWORD)


async def test_those_beyond_a_bound_are_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    answers = await asyncio.gather(
        *(PASSWORDS.matches(None, PASSWORD) for _ in range(5)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [bool] * 3 + [TooManyError] * 2
    assert await PASSWORDS.matches(None, PASSWORD) is False, "there is room again"
