"""The live classes and the catalogue: the gate's answers, and what follows when rights end.

One job looks twice a second, and at once when it is woken: a class becomes what the catalogue says
of it, and people who have lost the right to be in it are evicted.
"""

from typing import Protocol

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import schedule
from billing.catalogue.classes import OVER, ClassState, Step, after, may_step, trial_until
from billing.context import Context
from billing.service.enrolments import expire, lock_class
from billing.service.rights import Rights, rights_of
from billing.store.tables import Assistant, Class, Enrolment, Guardian, User
from common.errors import LiveclassError
from common.logs import get_logger
from common.roles import STAFF, Admission, Person, Role

LOOK_EVERY = 0.5  # s
MARGIN = 10_000  # ms: a transaction of another process may be written so late

# The reason that an evicted person is told, by the refusal's code; other refusals evict no one.
_REASONS = {
    "refunded": "refunded",
    "disputed": "disputed",
    "enrolment_expired": "expired",
    "class_cancelled": "cancelled",
    "not_enrolled": "not_enrolled",
    "class_full": "not_enrolled",
}

# The people in each class.
Here = dict[str, tuple[Person, ...]]

log = get_logger(__name__)


class LiveClasses(Protocol):
    """The live classes as this job needs them; the hub is one."""

    def live_classes(self) -> frozenset[str]: ...
    def present(self, class_id: str) -> tuple[Person, ...]: ...
    def evict(self, class_id: str, user_id: str, reason: str) -> None: ...
    def end_class(self, class_id: str) -> None: ...

    @property
    def class_ids(self) -> frozenset[str]: ...


class BillingGate:
    """Asks billing about classes of the catalogue; it does not answer for others."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def admit(self, identity: Person) -> Admission | None:
        """The class's title and what the person is in it; raises LiveclassError with the
        refusal's code and sentence."""
        async with self._context.db.reading() as session:
            class_ = await session.get(Class, identity.class_id)
            if class_ is None:
                return None
            people = await rights_of(session, self._context, class_, [identity])
        rights = people[identity.user_id]
        refusal = rights.refusal
        if refusal is not None:
            self._context.counts[f"entry_refused:{refusal.code}"] += 1
            raise LiveclassError(refusal.code, refusal.message)
        return Admission(class_.title, rights.role)


class LiveWatch:
    """The job's memory from turn to turn."""

    def __init__(self, live: LiveClasses) -> None:
        self._live = live
        self._taught: frozenset[str] = frozenset()
        self._looked_at: int | None = None

    async def turn(self, context: Context) -> None:
        """Makes catalogue and live classes agree."""
        await self._follow_states(context)
        await self._evict_people(context)

    # States

    async def _follow_states(self, context: Context) -> None:
        """Ends classes that were ended in the catalogue; notes there which are taught now."""
        taught = self._live.live_classes()
        async with context.db.reading() as session:
            query = select(Class.id, Class.state).where(
                or_(Class.state == ClassState.LIVE, Class.id.in_(taught))
            )
            states = {
                class_id: ClassState(state) for class_id, state in await session.execute(query)
            }
        kept = set(taught)
        for class_id, state in states.items():
            if class_id in taught and class_id in self._taught and state in OVER:
                # Ended or cancelled while it was taught.
                everybody = {one.user_id for one in self._live.present(class_id)}
                await self._check(context, class_id, everybody)
                self._live.end_class(class_id)
                kept.discard(class_id)
            elif class_id in taught and state is not ClassState.LIVE:
                await _step(context, class_id, Step.START)
            elif class_id not in taught:
                seen = class_id in self._taught
                await _step(context, class_id, Step.STOP if seen else Step.BREAK_OFF)
        self._taught = frozenset(kept)

    # People

    async def _evict_people(self, context: Context) -> None:
        """Evicts people whose rights have ended since the last turn."""
        now = context.now()
        class_ids = self._live.class_ids
        if class_ids:
            since = (now if self._looked_at is None else self._looked_at) - MARGIN
            await _expire(context, class_ids)
            here = {class_id: self._live.present(class_id) for class_id in class_ids}
            for class_id, users in (await _suspects(context, here, since)).items():
                await self._check(context, class_id, users)
        self._looked_at = now

    async def _check(self, context: Context, class_id: str, users: set[str]) -> None:
        """Evicts those of the users, and of their parents, who are there and may not be any
        more."""
        here = self._live.present(class_id)
        if not any(one.user_id in users for one in here) and not _parents_in(here):
            return
        async with context.db.reading() as session:
            parents = select(Guardian.parent_id).where(Guardian.student_id.in_(users))
            concerned = users | set(await session.scalars(parents))
            class_ = await session.get_one(Class, class_id)
            people = [one for one in here if one.user_id in concerned]
            rights = await rights_of(session, context, class_, people)
        for person in people:
            reason = _reason(person, rights[person.user_id])
            if reason is not None:
                self._live.evict(class_id, person.user_id, reason)


def _parents_in(here: tuple[Person, ...]) -> bool:
    return any(one.role is Role.PARENT for one in here)


def _reason(person: Person, rights: Rights) -> str | None:
    """The reason for which a person is evicted, if any: a refund says more than a cancelled class,
    and a student who paid for a cancelled class gets one. A person who is staff no more may come
    back as what they are."""
    refusal, last = rights.refusal, rights.own
    if refusal is None:
        return "not_enrolled" if person.role in STAFF and not rights.is_staff else None
    if refusal.code == "account_disabled":
        return "disabled"
    if last is not None and last.ended_reason in ("refunded", "disputed"):
        return last.ended_reason
    if last is not None and last.kind == "paid" and refusal.code == "class_cancelled":
        return "refunded"
    return _REASONS.get(refusal.code)


async def _expire(context: Context, class_ids: frozenset[str]) -> None:
    """Ends enrolments in these classes whose time is over; asks first, as hardly ever one is
    due."""
    now = context.now()
    due = select(Enrolment.id).where(Enrolment.class_id.in_(class_ids), Enrolment.run_out(now))
    async with context.db.reading() as session:
        if await session.scalar(due.limit(1)) is None:
            return
    async with context.db.writing() as session:
        await expire(session, now, class_ids)


async def expire_all(context: Context) -> None:
    """Ends enrolments whose time is over, in all classes."""
    async with context.db.writing() as session:
        ended = await expire(session, context.now())
    if ended:
        context.wake("entry")


async def _suspects(context: Context, here: Here, since: int) -> dict[str, set[str]]:
    """The people who may have lost the right to be in these classes, by class."""
    found: dict[str, set[str]] = {}
    everybody = {one.user_id for people in here.values() for one in people}
    ended = select(Enrolment.class_id, Enrolment.user_id).where(
        Enrolment.ended_at >= since, Enrolment.class_id.in_(here)
    )
    gone = select(Class.id).where(Class.id.in_(here), Class.state == ClassState.CANCELLED)
    disabled = select(User.id).where(User.id.in_(everybody), User.disabled_at.is_not(None))
    async with context.db.reading() as session:
        for class_id, user_id in await session.execute(ended):
            found.setdefault(class_id, set()).add(user_id)
        cancelled = set(await session.scalars(gone))
        suspects = set(await session.scalars(disabled)) | await _no_staff(session, here)
    for class_id, people in here.items():
        concerned = {one.user_id for one in people}
        concerned &= concerned if class_id in cancelled else suspects
        if concerned:
            found.setdefault(class_id, set()).update(concerned)
    return found


async def _no_staff(session: AsyncSession, here: Here) -> set[str]:
    """The people who are here as assistant or admin and have an account that is neither."""
    helping = {
        (class_id, one.user_id)
        for class_id, people in here.items()
        for one in people
        if one.role in (Role.ASSISTANT, Role.ADMIN)
    }
    if not helping:
        return set()
    ids = {user_id for _, user_id in helping}
    accounts = select(User.id).where(User.id.in_(ids), User.role != "admin")
    known = set(await session.scalars(accounts))
    query = select(Assistant.class_id, Assistant.user_id).where(Assistant.class_id.in_(here))
    may_help = {(class_id, user_id) for class_id, user_id in await session.execute(query)}
    return {user_id for _, user_id in helping - may_help} & known


async def _step(context: Context, class_id: str, step: Step) -> None:
    """A class begins to be taught, or is taught no more."""
    now = context.now()
    async with context.db.writing() as session:
        class_ = await lock_class(session, class_id)
        plan = schedule.parse(class_.schedule)
        if step is Step.STOP and not schedule.has_later_lesson(plan, now):
            step = Step.FINISH
        state = ClassState(class_.state)
        if not may_step(state, step):
            return
        class_.state = after(state, step)
        class_.live_since = now if step is Step.START else None
        if step is Step.START:
            await _begin_trials(session, class_, now)
        class_.updated_at = now
    log.info("class.state", room=class_id, state=class_.state)


async def _begin_trials(session: AsyncSession, class_: Class, now: int) -> None:
    """The minutes of trials taken before count from now."""
    await session.execute(
        update(Enrolment)
        .where(
            Enrolment.class_id == class_.id,
            Enrolment.kind == "trial",
            Enrolment.ended_at.is_(None),
            Enrolment.expires_at.is_(None),
        )
        .values(expires_at=trial_until(class_.trial_minutes, True, now))
    )
