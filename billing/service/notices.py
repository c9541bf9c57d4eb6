"""Notices to people about their money and their classes."""

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.store.tables import Notice

SHOWN = 50


def tell(
    session: AsyncSession,
    context: Context,
    user_id: str,
    kind: str,
    text: str,
    class_id: str | None,
) -> None:
    """Adds a notice in the caller's transaction."""
    session.add(
        Notice(
            id=context.new_id("n"),
            user_id=user_id,
            class_id=class_id,
            kind=kind,
            text=text,
            created_at=context.now(),
        )
    )


async def newest(context: Context, user_id: str) -> list[Notice]:
    """A person's notices, the newest first."""
    query = select(Notice).where(Notice.user_id == user_id)
    async with context.db.reading() as session:
        return list(await session.scalars(query.order_by(Notice.created_at.desc()).limit(SHOWN)))


async def unread(context: Context, user_id: str) -> int:
    """The number of notices that have not been read."""
    query = select(func.count()).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    async with context.db.reading() as session:
        return await session.scalar(query) or 0


async def mark_read(context: Context, user_id: str) -> None:
    """Marks all notices of a person as read."""
    async with context.db.writing() as session:
        await session.execute(
            update(Notice)
            .where(Notice.user_id == user_id, Notice.read_at.is_(None))
            .values(read_at=context.now())
        )
