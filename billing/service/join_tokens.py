"""Who may enter a class now, and the token that opens it to them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import schedule
from billing.catalogue.classes import ClassState
from billing.catalogue.entry_table import Enrolled, Facts, Refusal, Standing, decide
from billing.catalogue.schedule import DAY, MINUTE
from billing.context import Context
from billing.errors import NotAllowedError, NotFoundError
from billing.service import enrolments
from billing.store.tables import Assistant, Class, Enrolment, Guardian, User
from signalling.auth.tokens import mint
from signalling.classroom.permissions import Identity, Role

# A page that lost the network comes back with the token it has, so a token outlives a lesson that
# runs late. What it opens is asked anew at every join.
TOKEN_AFTER = 3 * 60 * MINUTE
MAX_TOKEN = DAY // 2


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody with an account: id, and the account's role."""

    id: str
    role: str


@dataclass(frozen=True, slots=True)
class Pass:
    """What lets a person into the live class."""

    token: str
    url: str


def enrolled_of(row: Enrolment | None) -> Enrolled | None:
    """An enrolment as the decision sees it."""
    return None if row is None else Enrolled(row.expires_at, row.ended_at, row.ended_reason)


def facts_of(
    context: Context,
    class_: Class,
    standing: Standing,
    row: Enrolment | None,
    seats_left: int | None,
) -> Facts:
    """What is decided on, for somebody and their (or their child's) enrolment."""
    lesson = schedule.next_lesson(schedule.parse(class_.schedule), context.now())
    before = context.settings.opens_before_minutes
    opens = None if lesson is None else schedule.opens_at(lesson, before)
    state = ClassState(class_.state)
    return Facts(state, standing, enrolled_of(row), lesson, opens, seats_left)


async def role_in(session: AsyncSession, class_: Class, asker: Asker) -> Role:
    """What the person is in the live class."""
    helps = await session.get(Assistant, (class_.id, asker.id)) is not None
    return role_of(class_, asker, helps)


def role_of(class_: Class, asker: Asker, helps: bool) -> Role:
    """What the person is in the live class, who may be one of its assistants; STUDENT for
    everybody who is nothing else."""
    if asker.id == class_.teacher_id:
        return Role.TEACHER
    if asker.role == "admin":
        return Role.ADMIN
    if helps:
        return Role.ASSISTANT
    return Role.PARENT if asker.role == "parent" else Role.STUDENT


def standing_of(role: Role) -> Standing:
    """The role as the decision sees it."""
    others = {Role.STUDENT: Standing.STUDENT, Role.PARENT: Standing.PARENT}
    return others.get(role, Standing.STAFF)


async def enrolment_for(
    session: AsyncSession, role: Role, user_id: str, class_id: str
) -> Enrolment | None:
    """The person's own enrolment; a parent's is the best of their children's."""
    if role is not Role.PARENT:
        return await enrolments.newest(session, user_id, class_id)
    query = (
        select(Enrolment)
        .join(Guardian, Guardian.student_id == Enrolment.user_id)
        .where(Guardian.parent_id == user_id, Enrolment.class_id == class_id)
        .order_by(Enrolment.ended_at.is_not(None), Enrolment.created_at.desc())
        .limit(1)
    )
    return await session.scalar(query)


async def refusal_for(
    session: AsyncSession, context: Context, class_: Class, user_id: str, role: Role
) -> Refusal | None:
    """Why the person may not enter now; None: they may."""
    now, standing = context.now(), standing_of(role)
    row, free = None, None
    if standing is not Standing.STAFF:
        row = await enrolment_for(session, role, user_id, class_.id)
        if row is None:
            free = await enrolments.left(session, class_, now)
    return decide(facts_of(context, class_, standing, row, free), now)


async def issue(context: Context, secret: str, user_id: str, class_id: str) -> Pass:
    """A join token for a signed-in person; raises what `decide` refuses, as HTTP tells it."""
    now = context.now()
    async with context.db.reading() as session:
        class_ = await session.get(Class, class_id)
        user = await session.get_one(User, user_id)
        if class_ is None:
            raise NotFoundError("not_found", "There is no such class.")
        role = await role_in(session, class_, Asker(user.id, user.role))
        refusal = await refusal_for(session, context, class_, user_id, role)
    if refusal is not None:
        kind = NotFoundError if refusal.code == "not_found" else NotAllowedError
        raise kind(refusal.code, refusal.message)
    identity = Identity(user.id, user.name, role, class_id)
    lifetime = _lifetime(class_, now)
    token = mint(identity, secret, now=now / 1000, lifetime=lifetime / 1000)
    return Pass(token, f"/class/{class_id}")


def _lifetime(class_: Class, now: int) -> int:
    """To some hours after the lesson, in ms."""
    lesson = schedule.next_lesson(schedule.parse(class_.schedule), now)
    end = now if lesson is None or lesson.start > now + DAY else lesson.end
    return min(end - now + TOKEN_AFTER, MAX_TOKEN)
