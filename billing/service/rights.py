"""What people may in one class now: read with a few queries, whatever their number, and decided
in memory."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue.entry_table import Refusal, Standing, decide
from billing.context import Context
from billing.service import enrolments
from billing.service.join_tokens import Asker, facts_of, role_of, standing_of
from billing.store.tables import Assistant, Class, Enrolment, Guardian, User
from signalling.classroom.permissions import Identity, Role

_DISABLED = Refusal("account_disabled", "Your account is disabled. Write to the school.")


@dataclass(frozen=True, slots=True)
class Judged:
    """`role`: what they are in the class; `own`: their newest enrolment in it."""

    role: Role
    refusal: Refusal | None
    own: Enrolment | None

    @property
    def is_staff(self) -> bool:
        """Whether they teach, help or look after the class."""
        return standing_of(self.role) is Standing.STAFF


async def judge(
    session: AsyncSession, context: Context, class_: Class, people: Collection[Identity]
) -> dict[str, Judged]:
    """Of every bearer of a token for the class, by their id.

    Whoever has an account is what the account is; other tokens for staff and observers were
    signed by the operator for people of their own.
    """
    ids = {one.user_id for one in people}
    users = {one.id: one for one in await session.scalars(select(User).where(User.id.in_(ids)))}
    helpers = await _helpers(session, class_)
    roles = {one.user_id: _role(class_, one, users.get(one.user_id), helpers) for one in people}
    own = await _own(session, class_, ids)
    parents = {user_id for user_id, role in roles.items() if role is Role.PARENT}
    opening = {**own, **dict.fromkeys(parents), **await _of_children(session, class_, parents)}
    free = await enrolments.left(session, class_, context.now())

    def refusal(user_id: str) -> Refusal | None:
        user, standing = users.get(user_id), standing_of(roles[user_id])
        if user is not None and user.disabled_at is not None:
            return _DISABLED
        facts = facts_of(context, class_, standing, opening.get(user_id), free)
        return decide(facts, context.now())

    return {one: Judged(roles[one], refusal(one), own.get(one)) for one in ids}


def _role(class_: Class, identity: Identity, user: User | None, helpers: set[str]) -> Role:
    if user is None:
        return identity.role
    return role_of(class_, Asker(user.id, user.role), user.id in helpers)


async def _helpers(session: AsyncSession, class_: Class) -> set[str]:
    query = select(Assistant.user_id).where(Assistant.class_id == class_.id)
    return set(await session.scalars(query))


async def _own(session: AsyncSession, class_: Class, ids: set[str]) -> dict[str, Enrolment]:
    """Everybody's newest enrolment."""
    query = (
        select(Enrolment)
        .where(Enrolment.class_id == class_.id, Enrolment.user_id.in_(ids))
        .order_by(*enrolments.BEST_LAST)
    )
    return {row.user_id: row for row in await session.scalars(query)}


async def _of_children(
    session: AsyncSession, class_: Class, parents: set[str]
) -> dict[str, Enrolment]:
    """Every parent's best enrolment of a child."""
    if not parents:
        return {}
    query = (
        select(Guardian.parent_id, Enrolment)
        .join(Enrolment, Guardian.student_id == Enrolment.user_id)
        .where(Guardian.parent_id.in_(parents), Enrolment.class_id == class_.id)
        .order_by(*enrolments.BEST_LAST)
    )
    return {parent_id: row for parent_id, row in await session.execute(query)}
