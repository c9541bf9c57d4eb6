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
from billing.context import Shop
from billing.errors import BillingError, ConflictError, NotAllowedError, NotFoundError
from billing.service import images, seats
from billing.service.accounts import normal_email
from billing.service.join_tokens import Asker
from billing.service.notices import tell
from billing.store.tables import Assistant, Class, Enrolment, User

TEACHERS = ("teacher", "admin")
MAX_SLUG = 48
MAX_ASSISTANTS = 20


@dataclass(frozen=True, slots=True)
class NewClass:
    """What a class is made of; price in paise."""

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


async def create(shop: Shop, asker: Asker, new: NewClass) -> str:
    """Makes a draft; its id."""
    now = shop.now()
    _check_ahead(new.schedule, now)
    class_id = f"{slug(new.title)}-{shop.new_id('c')[-6:]}"
    course = Class(
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
    async with shop.db.writing() as session:
        session.add(course)
    return class_id


def _check_ahead(plan: Single | Weekly, now: int) -> None:
    if schedule.next_lesson(plan, now) is None:
        field = "schedule.start" if isinstance(plan, Single) else "schedule.until"
        raise BillingError("invalid", "All of these lessons are past already.", field)


async def owned(session: AsyncSession, asker: Asker, class_id: str) -> Class:
    """The class, locked, for its teacher or an admin; raises NotFoundError, NotAllowedError."""
    course = await seats.lock_class(session, class_id)
    if asker.role != "admin" and course.teacher_id != asker.id:
        if course.state == ClassState.DRAFT:
            raise NotFoundError("not_found", "There is no such class.")
        raise NotAllowedError("forbidden", "This is not your class.")
    return course


async def change(shop: Shop, asker: Asker, class_id: str, what: dict[str, Any]) -> None:
    """Changes columns of a class that is not over; a changed schedule is told to who is enrolled,
    and moves their access.

    Raises ConflictError: over, or fewer seats than people.
    """
    now = shop.now()
    async with shop.db.writing() as session:
        course = await owned(session, asker, class_id)
        if course.state in OVER:
            raise ConflictError(f"class_{course.state}", "This class is over; it stays as it is.")
        if "schedule" in what:
            _check_ahead(schedule.parse(what["schedule"]), now)
        if what.get("seats") is not None:
            taken = (await seats.taken(session, [class_id], now)).get(class_id, 0)
            if what["seats"] < taken:
                raise ConflictError("seats_taken", f"{taken} people are in it already.", "seats")
        moved = "schedule" in what and what["schedule"] != course.schedule
        if moved:
            await _move_access(session, course, schedule.parse(what["schedule"]), now)
        for name, value in what.items():
            setattr(course, name, value)
        course.updated_at = now
        if moved:
            text = f"The dates of {course.title} have changed."
            await tell_enrolled(session, shop, course, "schedule", text)


async def _move_access(
    session: AsyncSession, course: Class, new: Single | Weekly, now: int
) -> None:
    """Days of access go with the lessons they were counted from; a trial's minutes run already."""
    old = schedule.parse(course.schedule)
    query = select(Enrolment).where(
        Enrolment.class_id == course.id,
        Enrolment.kind != "trial",
        Enrolment.ended_at.is_(None),
        Enrolment.expires_at > now,
    )
    for one in await session.scalars(query):
        assert one.expires_at is not None
        one.expires_at = moved_access(old, new, one.created_at, one.expires_at, now)


async def tell_enrolled(
    session: AsyncSession, shop: Shop, course: Class, kind: str, text: str
) -> None:
    """A notice to everybody who is in a class."""
    query = select(Enrolment.user_id).where(
        Enrolment.class_id == course.id, seats.is_active(shop.now())
    )
    for user_id in await session.scalars(query):
        tell(session, shop, user_id, kind, text, course.id)


async def publish(shop: Shop, asker: Asker, class_id: str) -> None:
    """From now on everybody sees it and can enrol."""
    now = shop.now()
    async with shop.db.writing() as session:
        course = await owned(session, asker, class_id)
        state = after(ClassState(course.state), Step.PUBLISH)
        if schedule.next_lesson(schedule.parse(course.schedule), now) is None:
            raise ConflictError("no_lessons", "All its lessons are past. Change the dates first.")
        course.state, course.updated_at = state, now


async def end(shop: Shop, asker: Asker, class_id: str) -> None:
    """No more lessons; who is in it now leaves."""
    async with shop.db.writing() as session:
        course = await owned(session, asker, class_id)
        course.state = after(ClassState(course.state), Step.END)
        course.live_since = None
        course.updated_at = shop.now()
    shop.wake("entry")


async def set_image(shop: Shop, asker: Asker, class_id: str, data: bytes) -> None:
    """Another picture; the old one's file goes."""
    async with shop.db.reading() as session:
        await owned(session, asker, class_id)
    url = await images.keep(shop, class_id, data)
    async with shop.db.writing() as session:
        course = await owned(session, asker, class_id)
        old, course.image_url = course.image_url, url
        course.updated_at = shop.now()
    if old != url:
        await images.drop(shop, old)


# Assistants


async def add_assistant(shop: Shop, asker: Asker, class_id: str, email: str) -> None:
    """Lets somebody with an account help; no error when they do already."""
    async with shop.db.writing() as session:
        course = await owned(session, asker, class_id)
        user = await _user(session, email)
        if user.id == course.teacher_id:
            raise ConflictError("is_teacher", "They teach this class.", "email")
        if await session.get(Assistant, (class_id, user.id)) is not None:
            return
        query = select(Assistant).where(Assistant.class_id == class_id)
        if len((await session.scalars(query)).all()) >= MAX_ASSISTANTS:
            raise ConflictError("too_many_assistants", f"At most {MAX_ASSISTANTS}.", "email")
        session.add(Assistant(class_id=class_id, user_id=user.id, created_at=shop.now()))
        text = f"You are an assistant of {course.title}."
        tell(session, shop, user.id, "assistant", text, class_id)


async def remove_assistant(shop: Shop, asker: Asker, class_id: str, email: str) -> None:
    """They help no more; no error when they did not."""
    async with shop.db.writing() as session:
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
    shop: Shop, asker: Asker, class_id: str, limit: int, offset: int
) -> list[tuple[User, Enrolment]]:
    """Who is enrolled, by name; for the class's teacher and admins."""
    query = (
        select(User, Enrolment)
        .join(Enrolment, Enrolment.user_id == User.id)
        .where(Enrolment.class_id == class_id, seats.is_active(shop.now()))
        .order_by(User.name, User.id)
        .offset(offset)
        .limit(limit)
    )
    async with shop.db.reading() as session:
        await owned(session, asker, class_id)
        return [(user, enrolment) for user, enrolment in await session.execute(query)]
