"""Enrolments and the seats they take: counted inside the transaction that gives a seat away."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import classes, schedule
from billing.catalogue.classes import ClassState
from billing.context import Context
from billing.errors import ConflictError, NotFoundError
from billing.service.notices import tell
from billing.store.database import transact
from billing.store.tables import Class, Enrolment, Guardian

# Reading them


async def lock_class(session: AsyncSession, class_id: str) -> Class:
    """The class as it is now; its seats stay as they are to the end of the transaction. Raises
    NotFoundError."""
    query = select(Class).where(Class.id == class_id).with_for_update()
    found = await session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFoundError("not_found", "There is no such class.")
    return found


async def unended(session: AsyncSession, user_id: str, class_id: str) -> Enrolment | None:
    """The one that has not been ended; it may have run out."""
    query = select(Enrolment).where(
        Enrolment.user_id == user_id, Enrolment.class_id == class_id, Enrolment.ended_at.is_(None)
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def best_last(
    session: AsyncSession, people: Collection[str], class_ids: Collection[str]
) -> list[Enrolment]:
    """All enrolments of these people in these classes: those that have not ended come last, and of
    the others the newest."""
    query = select(Enrolment).where(
        Enrolment.user_id.in_(people), Enrolment.class_id.in_(class_ids)
    )
    ordered = query.order_by(Enrolment.ended_at.is_(None), Enrolment.created_at)
    return list(await session.scalars(ordered))


async def children_of(session: AsyncSession, parents: Collection[str]) -> dict[str, set[str]]:
    """The students linked to each parent; parents without any are left out."""
    found: dict[str, set[str]] = {}
    if parents:
        query = select(Guardian.parent_id, Guardian.student_id)
        for parent, child in await session.execute(query.where(Guardian.parent_id.in_(parents))):
            found.setdefault(parent, set()).add(child)
    return found


# Seats


async def taken(session: AsyncSession, class_ids: Collection[str], now: int) -> dict[str, int]:
    """The number of seats taken in each class; classes without any are left out."""
    if not class_ids:
        return {}
    query = (
        select(Enrolment.class_id, func.count())
        .where(Enrolment.class_id.in_(class_ids), Enrolment.active(now))
        .group_by(Enrolment.class_id)
    )
    return {class_id: count for class_id, count in await session.execute(query)}


def free_seats(class_: Class, taken: int) -> int | None:
    """Seats that are left when so many are taken; None: no limit."""
    return None if class_.seats is None else max(0, class_.seats - taken)


async def seats_left(session: AsyncSession, class_: Class, now: int) -> int | None:
    """Seats that are free; None: no limit."""
    if class_.seats is None:
        return None
    return free_seats(class_, (await taken(session, [class_.id], now)).get(class_.id, 0))


# NewEnrolment and ending


@dataclass(frozen=True, slots=True)
class NewEnrolment:
    """An enrolment to be made: `kind` as in the table, `order_id` of what was bought."""

    user_id: str
    class_: Class
    kind: str
    order_id: str | None = None


async def begin(
    session: AsyncSession, context: Context, new: NewEnrolment, old: Enrolment | None
) -> Enrolment:
    """Makes an enrolment. It takes the place of an old one, a trial or one that ran out: a student
    has one in a class."""
    now, class_ = context.now(), new.class_
    if old is not None:
        bought = old.kind == "trial" and new.order_id is not None
        old.ended_at, old.ended_reason = now, "upgraded" if bought else "expired"
        await session.flush()
    if new.kind == "trial":
        is_live = class_.state == ClassState.LIVE
        until = classes.trial_until(class_.trial_minutes, is_live, now)
    else:
        until = classes.access_until(schedule.parse(class_.schedule), class_.access_days, now)
    made = Enrolment(
        id=context.new_id("e"),
        user_id=new.user_id,
        class_id=class_.id,
        order_id=new.order_id,
        kind=new.kind,
        created_at=now,
        expires_at=until,
    )
    session.add(made)
    return made


async def expire(
    session: AsyncSession, now: int, class_ids: Collection[str] | None = None
) -> list[tuple[str, str]]:
    """Ends enrolments whose time is over, of some classes or of all: (user, class) of each."""
    due = Enrolment.run_out(now)
    if class_ids is not None:
        due &= Enrolment.class_id.in_(class_ids)
    ended = (
        update(Enrolment)
        .where(due)
        .values(ended_at=now, ended_reason="expired")
        .returning(Enrolment.user_id, Enrolment.class_id)
    )
    return [(user_id, class_id) for user_id, class_id in await session.execute(ended)]


# Without paying: a free class, or a trial


async def enrol_without_paying(
    context: Context, user_id: str, class_id: str, *, trial: bool = False
) -> Enrolment:
    """The enrolment, the same again when there is one; raises ConflictError or NotFoundError."""
    return await transact(
        context.db, lambda session: _enrol(session, context, user_id, class_id, trial)
    )


async def _enrol(
    session: AsyncSession, context: Context, user_id: str, class_id: str, trial: bool
) -> Enrolment:
    now = context.now()
    class_ = await lock_class(session, class_id)
    if class_.state == ClassState.DRAFT:
        raise NotFoundError("not_found", "There is no such class.")
    old = await unended(session, user_id, class_id)
    if old is not None and old.is_active(now):
        return old
    if not classes.is_on_sale(class_.state, schedule.parse(class_.schedule), now):
        raise ConflictError("class_gone", "You cannot enrol in this class any more.")
    await _check_terms(session, class_, user_id, trial)
    if await seats_left(session, class_, now) == 0:
        raise ConflictError("class_full", "All seats of this class are taken.")
    new = NewEnrolment(user_id, class_, "trial" if trial else "free")
    made = await begin(session, context, new, old)
    text = f"You are enrolled in {class_.title}."
    if trial:
        text = f"Your free trial of {class_.title} is ready: {class_.trial_minutes} minutes."
    tell(session, context, user_id, "enrolled", text, class_id)
    return made


async def _check_terms(session: AsyncSession, class_: Class, user_id: str, trial: bool) -> None:
    """A free class is free; a trial is given where there is one, and once."""
    if not trial:
        if class_.price > 0:
            raise ConflictError("not_free", "This class has a price. Pay it to enrol.")
        return
    if class_.trial_minutes == 0 or class_.price == 0:
        raise ConflictError("no_trial", "This class has no free trial.")
    before = select(Enrolment.id).where(
        Enrolment.user_id == user_id, Enrolment.class_id == class_.id
    )
    if await session.scalar(before.limit(1)) is not None:
        raise ConflictError("trial_used", "You have been in this class already. Enrol to go on.")


def best_of(rows: Iterable[Enrolment], people: Collection[str]) -> Enrolment | None:
    """The best one of these people, of rows that `best_last` has ordered."""
    return next(reversed([row for row in rows if row.user_id in people]), None)
