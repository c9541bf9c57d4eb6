"""Two admins at once on PostgreSQL, where transactions do not wait for each other by themselves."""

import asyncio
from pathlib import Path

from sqlalchemy import func, select

from billing.errors import ConflictError
from billing.service.accounts import AccountChange, change
from billing.store.tables import User
from tests.billing.support import make_context, user


async def test_two_admins_cannot_lock_everybody_out(tmp_path: Path, postgres_url: str) -> None:
    async with make_context(tmp_path, database_url=postgres_url) as context:
        async with context.db.writing() as session:
            session.add_all([user("dev", "admin"), user("eva", "admin")])
        told = await asyncio.gather(
            change(context, "u-dev", AccountChange(disabled=True)),
            change(context, "u-eva", AccountChange(role="teacher")),
            return_exceptions=True,
        )
        assert [type(one) for one in told if isinstance(one, Exception)] == [ConflictError]
        async with context.db.reading() as session:
            admins = select(func.count()).where(User.role == "admin", User.disabled_at.is_(None))
            assert await session.scalar(admins) == 1
