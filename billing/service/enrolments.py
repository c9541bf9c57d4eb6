"""Seats of a class, and who sits in them: counted inside the transaction that gives one away."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing.errors import NotFoundError
from billing.store.tables import Class, Enrolment

# Of several enrolments the one that has not ended comes last, else the newest.
BEST_LAST = (Enrolment.ended_at.is_(None), Enrolment.created_at)


def is_active(now: int) -> ColumnElement[bool]:
    """Enrolments that open their class now (ms)."""
    alive = or_(Enrolment.expires_at.is_(None), Enrolment.expires_at > now)
    return Enrolment.ended_at.is_(None) & alive


async def lock_class(session: AsyncSession, class_id: str) -> Class:
    """The class, with nobody else giving its seats away until the transaction ends; raises
    NotFoundError."""
    query = select(Class).where(Class.id == class_id).with_for_update()
    found = await session.scalar(query)
    if found is None:
        raise NotFoundError("not_found", "There is no such class.")
    return found


async def taken(session: AsyncSession, class_ids: Collection[str], now: int) -> dict[str, int]:
    """How many sit in each of the classes; those with nobody are left out."""
    if not class_ids:
        return {}
    query = (
        select(Enrolment.class_id, func.count())
        .where(Enrolment.class_id.in_(class_ids), is_active(now))
        .group_by(Enrolment.class_id)
    )
    return {class_id: count for class_id, count in await session.execute(query)}


async def left(session: AsyncSession, class_: Class, now: int) -> int | None:
    """Seats that are free; None: no limit."""
    if class_.seats is None:
        return None
    count = (await taken(session, [class_.id], now)).get(class_.id, 0)
    return max(0, class_.seats - count)


async def newest(session: AsyncSession, user_id: str, class_id: str) -> Enrolment | None:
    """Somebody's enrolment in a class: the one that has not ended, else the last one."""
    query = (
        select(Enrolment)
        .where(Enrolment.user_id == user_id, Enrolment.class_id == class_id)
        .order_by(Enrolment.ended_at.is_not(None), Enrolment.created_at.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def expire(
    session: AsyncSession, now: int, class_ids: Collection[str] | None = None
) -> list[tuple[str, str]]:
    """Ends enrolments whose time is over, of some classes or of all: (user, class) of each."""
    due = Enrolment.ended_at.is_(None) & (Enrolment.expires_at <= now)
    if class_ids is not None:
        due &= Enrolment.class_id.in_(class_ids)
    ended = (
        update(Enrolment)
        .where(due)
        .values(ended_at=now, ended_reason="expired")
        .returning(Enrolment.user_id, Enrolment.class_id)
    )
    return [(user_id, class_id) for user_id, class_id in await session.execute(ended)]
