"""A school for the tests of money: two students, a teacher, classes on sale."""

import gc
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.store.database import Database
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.support import context_on, new_class, settings, user
from tests.billing.template import open_migrated


def fill(session: AsyncSession, seats: int | None = 1) -> None:
    """Everybody and everything the tests need."""
    people = [user("rao", "teacher"), *(user(name) for name in ("asha", "bela", "chand"))]
    session.add_all(people)


async def school(url: str, seats: int | None = 1) -> Database:
    """A new database with everybody and everything."""
    db = await open_migrated(url)
    async with db.writing() as session:
        fill(session)
    async with db.writing() as session:
        session.add(new_class("maths", "rao", seats=seats, price=50_000))
        session.add(new_class("physics", "rao", seats=None, price=70_000))
    return db


@pytest.fixture(scope="package", autouse=True)
def _small_heap() -> Iterator[None]:
    """Hides from the collector what was there before: each end of a World collects, and would
    else go through all that other tests have imported."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    """A context with a school; its gateway is a HookingGateway."""
    chosen = settings(tmp_path)
    db = await school(chosen.database)
    yield context_on(db, chosen, gateway=HookingGateway())
    await db.close()


@pytest.fixture
def gateway(context: Context) -> HookingGateway:
    assert isinstance(context.gateway, HookingGateway)
    return context.gateway


def copy_of(template: Path, folder: Path) -> Path:
    """A fresh copy of a filled database."""
    target = folder / "copy.db"
    for suffix in ("", "-wal", "-shm"):
        Path(f"{target}{suffix}").unlink(missing_ok=True)
    shutil.copy(template, target)
    return target
