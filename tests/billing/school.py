"""People and classes for tests of entry: put into the database, and a hub that only remembers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select, update

from billing.context import Context
from billing.store.tables import Assistant, Class, Enrolment, Guardian
from common.roles import Role
from signalling.classroom.permissions import Identity
from tests.billing.support import NOW, Clock, new_class, user

START = 1_764_160_200_000  # when `class_` begins
MINUTE = 60_000


async def fill(context: Context, **values: Any) -> None:
    """Asha teaches `maths`, helped by Tara; Ravi, Meera (his mother) and Bala have accounts, and
    Dev is an admin. `values` are the class's."""
    people = [
        *(user("asha", "teacher"), user("tara", "teacher"), user("dev", "admin")),
        *(user("ravi"), user("bala"), user("meera", "parent")),
    ]
    async with context.db.writing() as session:
        session.add_all(people)
    async with context.db.writing() as session:
        session.add(new_class("maths", "asha", **values))
        session.add(Guardian(parent_id="u-meera", student_id="u-ravi", created_at=NOW))
    async with context.db.writing() as session:
        session.add(Assistant(class_id="maths", user_id="u-tara", created_at=NOW))


async def enrolled(context: Context, name: str, **values: Any) -> str:
    """An enrolment of somebody in `maths`."""
    fields = {"kind": "paid", "created_at": context.now(), **values}
    row = Enrolment(id=context.new_id("e"), user_id=f"u-{name}", class_id="maths", **fields)
    async with context.db.writing() as session:
        session.add(row)
    return row.id


async def end(context: Context, name: str, reason: str) -> None:
    """Ends an enrolment as a refund does."""
    async with context.db.writing() as session:
        await session.execute(
            update(Enrolment)
            .where(Enrolment.user_id == f"u-{name}", Enrolment.ended_at.is_(None))
            .values(ended_at=context.now(), ended_reason=reason)
        )


async def set_class(context: Context, **values: Any) -> None:
    async with context.db.writing() as session:
        await session.execute(update(Class).where(Class.id == "maths").values(**values))


async def state_of(context: Context) -> tuple[str, int | None]:
    """The class's state, and since when it is live."""
    async with context.db.reading() as session:
        found = await session.scalar(select(Class).where(Class.id == "maths"))
    assert found is not None
    return found.state, found.live_since


async def enrolments_of(context: Context, name: str) -> list[Enrolment]:
    query = select(Enrolment).where(Enrolment.user_id == f"u-{name}")
    async with context.db.reading() as session:
        return list(await session.scalars(query.order_by(Enrolment.created_at, Enrolment.id)))


@contextmanager
def counted_queries(context: Context) -> Iterator[list[str]]:
    """Collects the queries of the block."""
    asked: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    engine = context.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def clock(context: Context) -> Clock:
    assert isinstance(context.now, Clock)
    return context.now


def identity(name: str, role: Role = Role.STUDENT, class_id: str = "maths") -> Identity:
    """Somebody's token as the hub read it."""
    return Identity(f"u-{name}", name.capitalize(), role, class_id)


class Rooms:
    """Live classes that remember what was done to them."""

    def __init__(self) -> None:
        self.taught: set[str] = set()
        self.people: dict[str, list[Identity]] = {}
        self.out: list[tuple[str, str]] = []
        self.ended: list[str] = []

    @property
    def class_ids(self) -> frozenset[str]:
        return frozenset(self.people) | self.taught

    def live_classes(self) -> frozenset[str]:
        return frozenset(self.taught)

    def present(self, class_id: str) -> tuple[Identity, ...]:
        return tuple(self.people.get(class_id, ()))

    def evict(self, class_id: str, user_id: str, reason: str) -> None:
        self.people[class_id] = [one for one in self.present(class_id) if one.user_id != user_id]
        self.out.append((user_id, reason))

    def end_class(self, class_id: str) -> None:
        self.taught.discard(class_id)
        self.ended.append(class_id)
