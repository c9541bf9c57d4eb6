"""The rights of people in one class: read with a few queries, whatever their number, and decided
in memory."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import schedule
from billing.catalogue.classes import ClassState
from billing.catalogue.entry_table import EntryRefusal, Facts, entry_refusal, is_staff
from billing.context import Context
from billing.service.enrolments import best_last, best_of, children_of, seats_left
from billing.store.tables import Assistant, Class, Enrolment, User
from common.roles import Person, Role

_DISABLED = EntryRefusal("account_disabled", "Your account is disabled. Write to the school.")


@dataclass(frozen=True, slots=True)
class Asker:
    """A person with an account: id, and the account's role."""

    id: str
    role: str


@dataclass(frozen=True, slots=True)
class Rights:
    """A person's `role` in the class, the `refusal` if they may not enter, and `own`, their newest
    enrolment."""

    role: Role
    refusal: EntryRefusal | None
    own: Enrolment | None

    @property
    def is_staff(self) -> bool:
        """Whether they teach, help or look after the class."""
        return is_staff(self.role)


def role_in(class_: Class, asker: Asker, helps: bool) -> Role:
    """The person's role in the live class; `helps`: they are one of its assistants. STUDENT for
    everybody who is nothing else."""
    if asker.id == class_.teacher_id:
        return Role.TEACHER
    if asker.role == "admin":
        return Role.ADMIN
    if helps:
        return Role.ASSISTANT
    return Role.PARENT if asker.role == "parent" else Role.STUDENT


def facts_of(
    context: Context, class_: Class, role: Role, enrolment: Enrolment | None, left: int | None
) -> Facts:
    """The facts to decide on, for a person and their (or a child's) enrolment; `left`: seats."""
    lesson = schedule.next_lesson(schedule.parse(class_.schedule), context.now())
    before = context.settings.opens_before_minutes
    opens = None if lesson is None else schedule.opens_at(lesson, before)
    return Facts(ClassState(class_.state), role, enrolment, lesson, opens, left)


async def rights_of(
    session: AsyncSession, context: Context, class_: Class, people: Collection[Person]
) -> dict[str, Rights]:
    """The rights of every bearer of a token for the class, by their id.

    Whoever has an account is what the account is; other tokens for staff and observers were
    signed by the operator for people of their own.
    """
    ids = {one.user_id for one in people}
    users = {one.id: one for one in await session.scalars(select(User).where(User.id.in_(ids)))}
    helpers = await _helpers(session, class_)
    roles = {one.user_id: _role(class_, one, users.get(one.user_id), helpers) for one in people}
    parents = {user_id for user_id, role in roles.items() if role is Role.PARENT}
    children = await children_of(session, parents)
    rows = await best_last(session, ids.union(*children.values()), [class_.id])
    left = await seats_left(session, class_, context.now())

    def refusal(user_id: str) -> EntryRefusal | None:
        user, role = users.get(user_id), roles[user_id]
        if user is not None and user.disabled_at is not None:
            return _DISABLED
        learners = children.get(user_id, set()) if role is Role.PARENT else {user_id}
        facts = facts_of(context, class_, role, best_of(rows, learners), left)
        return entry_refusal(facts, context.now())

    return {one: Rights(roles[one], refusal(one), best_of(rows, {one})) for one in ids}


def _role(class_: Class, person: Person, user: User | None, helpers: set[str]) -> Role:
    if user is None:
        return person.role
    return role_in(class_, Asker(user.id, user.role), user.id in helpers)


async def _helpers(session: AsyncSession, class_: Class) -> set[str]:
    query = select(Assistant.user_id).where(Assistant.class_id == class_.id)
    return set(await session.scalars(query))
