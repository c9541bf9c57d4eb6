"""Classes as their teachers make and change them."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import schedule
from billing.catalogue.classes import OVER, ClassState, Step, after, moved_access
from billing.catalogue.schedule import Single, Weekly
from billing.context import Context
from billing.errors import BillingError, ConflictError, NotAllowedError, NotFoundError
from billing.service import enrolments, images
from billing.service.accounts import normal_email
from billing.service.notices import tell
from billing.service.rights import Asker
from billing.store.tables import Assistant, Class, Enrolment, User

TEACHERS = ("teacher", "admin")
MAX_SLUG = 48
MAX_ASSISTANTS = 20


@dataclass(frozen=True, slots=True)
class NewClass:
    """The values of a new class; price in paise."""

    title: str
    description: str
    price: int
    currency: str
    seats: int | None
    schedule: Single | Weekly
    trial_minutes: int
    access_days: int | None


def slug(title: str) -> str:
    """A title as part of an address."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:MAX_SLUG].strip("-") or "class"


async def create(context: Context, asker: Asker, new: NewClass) -> str:
    """Makes a draft; returns its id."""
    now = context.now()
    _check_ahead(new.schedule, now)
    class_id = f"{slug(new.title)}-{context.new_id('c')[-6:]}"
    class_ = Class(
        id=class_id,
        title=new.title,
        description=new.description,
        teacher_id=asker.id,
        price=new.price,
        currency=new.currency,
        seats=new.seats,
        state=ClassState.DRAFT,
        schedule=schedule.dump(new.schedule),
        trial_minutes=new.trial_minutes,
        access_days=new.access_days,
        created_at=now,
        updated_at=now,
    )
    async with context.db.writing() as session:
        session.add(class_)
    return class_id


def _check_ahead(plan: Single | Weekly, now: int) -> None:
    if schedule.next_lesson(plan, now) is None:
        field = "schedule.start" if isinstance(plan, Single) else "schedule.until"
        raise BillingError("invalid", "All of these lessons are past already.", field)


async def owned(session: AsyncSession, asker: Asker, class_id: str) -> Class:
    """The class, locked, for its teacher or an admin; raises NotFoundError, NotAllowedError."""
    class_ = await enrolments.lock_class(session, class_id)
    if asker.role != "admin" and class_.teacher_id != asker.id:
        if class_.state == ClassState.DRAFT:
            raise NotFoundError("not_found", "There is no such class.")
        raise NotAllowedError("forbidden", "This is not your class.")
    return class_


async def change(context: Context, asker: Asker, class_id: str, what: dict[str, Any]) -> None:
    """Changes columns of a class that is not over; a changed schedule is told to all who are
    enrolled, and moves their access.

    Raises ConflictError: over, or fewer seats than people.
    """
    now = context.now()
    async with context.db.writing() as session:
        class_ = await owned(session, asker, class_id)
        if class_.state in OVER:
            raise ConflictError(f"class_{class_.state}", "This class is over; it stays as it is.")
        if "schedule" in what:
            _check_ahead(schedule.parse(what["schedule"]), now)
        if what.get("seats") is not None:
            taken = (await enrolments.taken(session, [class_id], now)).get(class_id, 0)
            if what["seats"] < taken:
                raise ConflictError("seats_taken", f"{taken} people are enrolled already.", "seats")
        moved = "schedule" in what and what["schedule"] != class_.schedule
        if moved:
            await _move_access(session, class_, schedule.parse(what["schedule"]), now)
        for name, value in what.items():
            setattr(class_, name, value)
        class_.updated_at = now
        if moved:
            text = f"The dates of {class_.title} have changed."
            await tell_enrolled(session, context, class_, "schedule", text)


async def _move_access(
    session: AsyncSession, class_: Class, new: Single | Weekly, now: int
) -> None:
    """Days of access go with the lessons they were counted from; a trial's minutes run already."""
    old = schedule.parse(class_.schedule)
    query = select(Enrolment).where(
        Enrolment.class_id == class_.id,
        Enrolment.kind != "trial",
        Enrolment.ended_at.is_(None),
        Enrolment.expires_at > now,
    )
    for one in await session.scalars(query):
        assert one.expires_at is not None
        one.expires_at = moved_access(old, new, one.created_at, one.expires_at, now)


async def tell_enrolled(
    session: AsyncSession, context: Context, class_: Class, kind: str, text: str
) -> None:
    """Sends a notice to everybody who is enrolled in a class."""
    query = select(Enrolment.user_id).where(
        Enrolment.class_id == class_.id, Enrolment.active(context.now())
    )
    for user_id in await session.scalars(query):
        tell(session, context, user_id, kind, text, class_.id)


async def publish(context: Context, asker: Asker, class_id: str) -> None:
    """Publishes a class: everybody sees it and can enrol."""
    now = context.now()
    async with context.db.writing() as session:
        class_ = await owned(session, asker, class_id)
        state = after(ClassState(class_.state), Step.PUBLISH)
        if schedule.next_lesson(schedule.parse(class_.schedule), now) is None:
            raise ConflictError("no_lessons", "All its lessons are past. Change the dates first.")
        class_.state, class_.updated_at = state, now


async def end(context: Context, asker: Asker, class_id: str) -> None:
    """Ends a class: no more lessons, and the people in it leave."""
    async with context.db.writing() as session:
        await close(session, context, asker, class_id, Step.END)
    context.wake("entry")


async def close(
    session: AsyncSession, context: Context, asker: Asker, class_id: str, step: Step
) -> Class:
    """Takes the step that ends or cancels a class; raises ConflictError for one that is over."""
    class_ = await owned(session, asker, class_id)
    class_.state = after(ClassState(class_.state), step)
    class_.live_since = None
    class_.updated_at = context.now()
    return class_


async def set_image(context: Context, asker: Asker, class_id: str, data: bytes) -> None:
    """Sets the picture; the old one's file goes."""
    async with context.db.reading() as session:
        await owned(session, asker, class_id)
    url = await images.keep(context, class_id, data)
    async with context.db.writing() as session:
        class_ = await owned(session, asker, class_id)
        old, class_.image_url = class_.image_url, url
        class_.updated_at = context.now()
    if old != url:
        await images.drop(context, old)


# Assistants


async def add_assistant(context: Context, asker: Asker, class_id: str, email: str) -> None:
    """Makes a person with an account an assistant; no error when they are one already."""
    async with context.db.writing() as session:
        class_ = await owned(session, asker, class_id)
        user = await _user(session, email)
        if user.id == class_.teacher_id:
            raise ConflictError("is_teacher", "They teach this class.", "email")
        if await session.get(Assistant, (class_id, user.id)) is not None:
            return
        query = select(Assistant).where(Assistant.class_id == class_id)
        if len((await session.scalars(query)).all()) >= MAX_ASSISTANTS:
            raise ConflictError(
                "too_many_assistants", f"A class has at most {MAX_ASSISTANTS} assistants.", "email"
            )
        session.add(Assistant(class_id=class_id, user_id=user.id, created_at=context.now()))
        text = f"You are an assistant of {class_.title}."
        tell(session, context, user.id, "assistant", text, class_id)


async def remove_assistant(context: Context, asker: Asker, class_id: str, email: str) -> None:
    """Ends an assistant's help; no error when they did not help."""
    async with context.db.writing() as session:
        await owned(session, asker, class_id)
        user = await _user(session, email)
        found = await session.get(Assistant, (class_id, user.id))
        if found is not None:
            await session.delete(found)


async def _user(session: AsyncSession, email: str) -> User:
    user = await session.scalar(select(User).where(User.email == normal_email(email)))
    if user is None or user.disabled_at is not None:
        raise NotFoundError("no_account", "There is no account with this address.", "email")
    return user


# People


async def people(
    context: Context, asker: Asker, class_id: str, limit: int, offset: int
) -> list[tuple[User, Enrolment]]:
    """The enrolled students by name, for the class's teacher and admins."""
    query = (
        select(User, Enrolment)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.class_id == class_id, Enrolment.active(context.now()))
        .order_by(User.name, User.id)
        .offset(offset)
        .limit(limit)
    )
    async with context.db.reading() as session:
        await owned(session, asker, class_id)
        return [(user, enrolment) for user, enrolment in await session.execute(query)]
