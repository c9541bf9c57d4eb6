"""Enrolling without paying: in a free class, or for a trial."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import classes, schedule
from billing.catalogue.classes import ClassState
from billing.context import Context
from billing.errors import ConflictError, NotFoundError
from billing.service import enrolments
from billing.service.notices import tell
from billing.store.retry import transact
from billing.store.tables import Class, Enrolment


async def enrol(context: Context, user_id: str, class_id: str, *, trial: bool = False) -> Enrolment:
    """The enrolment, the same again when there is one; raises ConflictError or NotFoundError."""
    return await transact(
        context.db, lambda session: _enrol(session, context, user_id, class_id, trial)
    )


async def _enrol(
    session: AsyncSession, context: Context, user_id: str, class_id: str, trial: bool
) -> Enrolment:
    now = context.now()
    class_ = await enrolments.lock_class(session, class_id)
    if class_.state == ClassState.DRAFT:
        raise NotFoundError("not_found", "There is no such class.")
    last = await enrolments.newest(session, user_id, class_id)
    if last is not None and last.ended_at is None:
        if last.expires_at is None or last.expires_at > now:
            return last
        last.ended_at, last.ended_reason = now, "expired"
        await session.flush()
    plan = schedule.parse(class_.schedule)
    if not classes.is_on_sale(class_.state, plan, now):
        raise ConflictError("class_gone", "One cannot enrol in this class any more.")
    await _check_terms(session, class_, user_id, trial)
    if await enrolments.left(session, class_, now) == 0:
        raise ConflictError("class_full", "All seats of this class are taken.")
    is_live = class_.state == ClassState.LIVE
    until = (
        classes.trial_until(class_.trial_minutes, is_live, now)
        if trial
        else classes.access_until(plan, class_.access_days, now)
    )
    made = Enrolment(
        id=context.new_id("e"),
        user_id=user_id,
        class_id=class_id,
        kind="trial" if trial else "free",
        created_at=now,
        expires_at=until,
    )
    session.add(made)
    tell(session, context, user_id, "enrolled", _words(class_, trial), class_id)
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


def _words(class_: Class, trial: bool) -> str:
    if trial:
        return f"Your free trial of {class_.title} is ready: {class_.trial_minutes} minutes."
    return f"You are enrolled in {class_.title}."
