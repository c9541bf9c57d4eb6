"""Enrolling without paying: in a free class, or for a trial."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import classes, schedule
from billing.catalogue.classes import ClassState
from billing.context import Shop
from billing.errors import ConflictError, NotFoundError
from billing.service import seats
from billing.service.notices import tell
from billing.store.retry import transact
from billing.store.tables import Class, Enrolment


async def enrol(shop: Shop, user_id: str, class_id: str, *, trial: bool = False) -> Enrolment:
    """The enrolment, the same again when there is one; raises ConflictError or NotFoundError."""
    return await transact(shop.db, lambda session: _enrol(session, shop, user_id, class_id, trial))


async def _enrol(
    session: AsyncSession, shop: Shop, user_id: str, class_id: str, trial: bool
) -> Enrolment:
    now = shop.now()
    course = await seats.lock_class(session, class_id)
    if course.state == ClassState.DRAFT:
        raise NotFoundError("not_found", "There is no such class.")
    last = await seats.newest(session, user_id, class_id)
    if last is not None and last.ended_at is None:
        if last.expires_at is None or last.expires_at > now:
            return last
        last.ended_at, last.ended_reason = now, "expired"
        await session.flush()
    plan = schedule.parse(course.schedule)
    if not classes.is_on_sale(course.state, plan, now):
        raise ConflictError("class_gone", "One cannot enrol in this class any more.")
    await _check_terms(session, course, user_id, trial)
    if await seats.left(session, course, now) == 0:
        raise ConflictError("class_full", "All seats of this class are taken.")
    is_live = course.state == ClassState.LIVE
    until = (
        classes.trial_until(course.trial_minutes, is_live, now)
        if trial
        else classes.access_until(plan, course.access_days, now)
    )
    made = Enrolment(
        id=shop.new_id("e"),
        user_id=user_id,
        class_id=class_id,
        kind="trial" if trial else "free",
        created_at=now,
        expires_at=until,
    )
    session.add(made)
    tell(session, shop, user_id, "enrolled", _words(course, trial), class_id)
    return made


async def _check_terms(session: AsyncSession, course: Class, user_id: str, trial: bool) -> None:
    """A free class is free; a trial is given where there is one, and once."""
    if not trial:
        if course.price > 0:
            raise ConflictError("not_free", "This class has a price. Pay it to enrol.")
        return
    if course.trial_minutes == 0 or course.price == 0:
        raise ConflictError("no_trial", "This class has no free trial.")
    before = select(Enrolment.id).where(
        Enrolment.user_id == user_id, Enrolment.class_id == course.id
    )
    if await session.scalar(before.limit(1)) is not None:
        raise ConflictError("trial_used", "You have been in this class already. Enrol to go on.")


def _words(course: Class, trial: bool) -> str:
    if trial:
        return f"Your free trial of {course.title} is ready: {course.trial_minutes} minutes."
    return f"You are enrolled in {course.title}."
