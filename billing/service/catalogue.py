"""The catalogue as people see it: classes with their seats, and the asker's own part in each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import classes, schedule
from billing.catalogue.classes import ClassState
from billing.catalogue.entry_table import EntryRefusal, entry_refusal
from billing.context import Context
from billing.errors import NotFoundError
from billing.service import enrolments
from billing.service.rights import Asker, facts_of, role_in
from billing.store.queries import behind, containing
from billing.store.tables import Assistant, Class, Enrolment, Guardian, Order, User
from common.roles import Role

MAX_WORDS = 8


@dataclass(frozen=True, slots=True)
class OwnView:
    """The asker's own part in a class; `opens_at` and `expires_at` in ms."""

    enrolled: bool
    kind: str | None
    expires_at: int | None
    order_state: str | None
    opens_at: int | None
    refusal: EntryRefusal | None
    is_teacher: bool


@dataclass(frozen=True, slots=True)
class ListedClass:
    """A class as it is shown; `student`: the child through whom a parent sees it."""

    class_: Class
    teacher: User
    seats_left: int | None
    lesson: schedule.Lesson | None
    mine: OwnView | None
    assistants: list[User] | None = None
    student: User | None = None


@dataclass(frozen=True, slots=True)
class ClassFilter:
    """A choice of classes."""

    search: str = ""
    state: str | None = None
    mine: bool = False


@dataclass(slots=True)
class _OwnRows:
    """A person's enrolments, orders and help in some classes, by class."""

    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    orders: dict[str, str] = field(default_factory=dict)
    assisting: set[str] = field(default_factory=set)


async def search(
    context: Context, asker: Asker | None, wanted: ClassFilter, limit: int, cursor: str
) -> list[ListedClass]:
    """The classes, the newest first, behind the cursor."""
    query = select(Class).join(User, User.id == Class.teacher_id).where(_visible(asker, wanted))
    for word in wanted.search.split()[:MAX_WORDS]:
        columns = (Class.title, Class.description, User.name)
        query = query.where(or_(*(containing(column, word) for column in columns)))
    if cursor:
        query = query.where(behind(cursor, Class.created_at, Class.id))
    query = query.order_by(Class.created_at.desc(), Class.id.desc()).limit(limit)
    async with context.db.reading() as session:
        found = list(await session.scalars(query))
        return await _show(session, context, asker, found)


def is_offered(shown: ListedClass, now: int) -> bool:
    """Whether strangers are shown the class in the catalogue."""
    return classes.is_on_sale(shown.class_.state, schedule.parse(shown.class_.schedule), now)


def _visible(asker: Asker | None, wanted: ClassFilter) -> ColumnElement[bool]:
    """Drafts are for their teachers and for admins."""
    whole = Class.state.in_(classes.ON_SALE) if not wanted.mine else Class.id == Class.id
    if wanted.state is not None:
        whole = Class.state == wanted.state
    if asker is None:
        return and_(whole, Class.state != ClassState.DRAFT)
    if asker.role == "admin":
        return whole
    if wanted.mine:
        return and_(whole, _taught_by(asker.id))
    return and_(whole, or_(Class.state != ClassState.DRAFT, Class.teacher_id == asker.id))


def _taught_by(user_id: str) -> ColumnElement[bool]:
    helps = select(Assistant.class_id).where(Assistant.user_id == user_id)
    return or_(Class.teacher_id == user_id, Class.id.in_(helps))


async def one(context: Context, asker: Asker | None, class_id: str) -> ListedClass:
    """A class; raises NotFoundError, for a draft also when it is not the asker's."""
    async with context.db.reading() as session:
        class_ = await session.get(Class, class_id)
        if class_ is None or not await _may_see(session, asker, class_):
            raise NotFoundError("not_found", "There is no such class.")
        return (await _show(session, context, asker, [class_]))[0]


async def _may_see(session: AsyncSession, asker: Asker | None, class_: Class) -> bool:
    if class_.state != ClassState.DRAFT:
        return True
    if asker is None:
        return False
    if asker.role == "admin" or asker.id == class_.teacher_id:
        return True
    return await session.get(Assistant, (class_.id, asker.id)) is not None


async def of_person(context: Context, asker: Asker) -> list[ListedClass]:
    """Classes the asker is or was enrolled in, teaches or helps in; a parent's: their children's,
    one for each child."""
    async with context.db.reading() as session:
        if asker.role == "parent":
            return await _of_children(session, context, asker)
        in_them = select(Enrolment.class_id).where(Enrolment.user_id == asker.id, _counts())
        query = select(Class).where(or_(Class.id.in_(in_them), _taught_by(asker.id)))
        found = list(await session.scalars(query.order_by(Class.created_at.desc())))
        return await _show(session, context, asker, found)


def _counts() -> ColumnElement[bool]:
    """Enrolments that still count: a class that was paid back or left is a student's no more; one
    that was cancelled (whose money goes back, too), or whose time is over, still is."""
    gone = ("refunded", "disputed", "upgraded")
    cancelled = select(Class.id).where(Class.state == ClassState.CANCELLED)
    kept = and_(Enrolment.ended_reason == "refunded", Enrolment.class_id.in_(cancelled))
    return or_(Enrolment.ended_at.is_(None), Enrolment.ended_reason.not_in(gone), kept)


async def _of_children(session: AsyncSession, context: Context, asker: Asker) -> list[ListedClass]:
    query = select(User).join(Guardian, Guardian.student_id == User.id)
    children = await session.scalars(
        query.where(Guardian.parent_id == asker.id).order_by(User.name)
    )
    every: list[ListedClass] = []
    for child in children:
        in_them = select(Enrolment.class_id).where(Enrolment.user_id == child.id, _counts())
        found = list(await session.scalars(select(Class).where(Class.id.in_(in_them))))
        every += await _show(session, context, Asker(asker.id, "parent"), found, child)
    return every


# Putting together


async def _show(
    session: AsyncSession,
    context: Context,
    asker: Asker | None,
    found: Sequence[Class],
    child: User | None = None,
) -> list[ListedClass]:
    ids = [class_.id for class_ in found]
    now = context.now()
    taken = await enrolments.taken(session, ids, now)
    teachers = await _users(session, {class_.teacher_id for class_ in found})
    rows = await _own_rows(session, asker, ids, child)
    every = []
    for class_ in found:
        free = enrolments.free_seats(class_, taken.get(class_.id, 0))
        lesson = None
        if class_.state not in classes.OVER:
            lesson = schedule.next_lesson(schedule.parse(class_.schedule), now)
        every.append(
            ListedClass(
                class_,
                teachers[class_.teacher_id],
                free,
                lesson,
                None if asker is None else _mine(context, asker, class_, rows, free),
                await _assistants(session, asker, class_),
                child,
            )
        )
    return every


def _mine(
    context: Context, asker: Asker, class_: Class, rows: _OwnRows, free: int | None
) -> OwnView:
    role = role_in(class_, asker, class_.id in rows.assisting)
    row = rows.enrolments.get(class_.id)
    facts = facts_of(context, class_, role, row, free)
    now = context.now()
    active = row if row is not None and row.is_active(now) else None
    return OwnView(
        enrolled=active is not None or role is Role.ASSISTANT,
        kind=active.kind if active else None,
        expires_at=active.expires_at if active else None,
        order_state=rows.orders.get(class_.id),
        opens_at=facts.opens_at,
        refusal=entry_refusal(facts, now),
        is_teacher=role is Role.TEACHER,
    )


async def _own_rows(
    session: AsyncSession, asker: Asker | None, ids: list[str], child: User | None
) -> _OwnRows:
    rows = _OwnRows()
    if asker is None or not ids:
        return rows
    people = {asker.id}
    if child is not None:
        people = {child.id}
    elif asker.role == "parent":
        people = (await enrolments.children_of(session, people)).get(asker.id, set())
    best = await enrolments.best_last(session, people, ids)
    rows.enrolments = {row.class_id: row for row in best}
    orders = select(Order.class_id, Order.state).where(
        Order.user_id.in_(people), Order.class_id.in_(ids)
    )
    states = await session.execute(orders.order_by(Order.created_at))
    rows.orders = {class_id: state for class_id, state in states}
    helps = select(Assistant.class_id).where(
        Assistant.user_id == asker.id, Assistant.class_id.in_(ids)
    )
    rows.assisting = set(await session.scalars(helps))
    return rows


async def _users(session: AsyncSession, ids: Iterable[str]) -> dict[str, User]:
    query = select(User).where(User.id.in_(list(ids)))
    return {user.id: user for user in await session.scalars(query)}


async def _assistants(
    session: AsyncSession, asker: Asker | None, class_: Class
) -> list[User] | None:
    """The assistants, for the class's teacher and admins alone."""
    if asker is None or (asker.role != "admin" and asker.id != class_.teacher_id):
        return None
    query = select(User).join(Assistant, Assistant.user_id == User.id)
    return list(await session.scalars(query.where(Assistant.class_id == class_.id)))
