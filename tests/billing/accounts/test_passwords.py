"""Passwords: hashed with a salt, hashed anew with today's parameters, equal work for nobody's."""

import asyncio
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters

from billing.accounts import passwords
from billing.errors import TooManyError
from billing.service import accounts
from billing.store.tables import User
from tests.billing.support import make_shop, user

PASSWORD = "correct horse battery"


async def test_a_hash_is_of_one_password_and_has_a_salt() -> None:
    kept = await passwords.hash_password(PASSWORD)
    assert kept.startswith("$argon2id$")
    assert kept != await passwords.hash_password(PASSWORD)
    assert await passwords.is_password(kept, PASSWORD)
    assert not await passwords.is_password(kept, PASSWORD + "x")
    assert not await passwords.is_password("no hash", PASSWORD)


async def test_nobody_has_a_password_but_the_same_work_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified: list[str] = []
    verify = passwords._verify

    def counted(kept: str, password: str) -> bool:
        verified.append(kept)
        return verify(kept, password)

    monkeypatch.setattr(passwords, "_verify", counted)
    assert not await passwords.is_password(None, "the password of nobody at all")
    today = extract_parameters(await passwords.hash_password(PASSWORD))
    assert [extract_parameters(kept) for kept in verified] == [today]


async def test_who_signs_in_gets_a_hash_of_today(tmp_path: Path) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert passwords.is_outdated(old)
    async with make_shop(tmp_path) as shop:
        async with shop.db.writing() as session:
            session.add(user("asha", password_hash=old, epoch=4))
        await accounts.sign_in(shop, "asha@example.com", PASSWORD)
        async with shop.db.reading() as session:
            asha = await session.get_one(User, "u-asha")
    assert not passwords.is_outdated(asha.password_hash)
    assert asha.epoch == 4, "sessions go on"
    assert await passwords.is_password(asha.password_hash, PASSWORD)


async def test_those_beyond_a_bound_are_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(passwords, "MAX_WAITING", 3)
    answers = await asyncio.gather(
        *(passwords.is_password(None, PASSWORD) for _ in range(5)), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [bool] * 3 + [TooManyError] * 2
    assert await passwords.is_password(None, PASSWORD) is False, "there is room again"
