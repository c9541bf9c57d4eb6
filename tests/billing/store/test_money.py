"""An enrolment is active by the same rule in Python and in a query."""

from itertools import product
from pathlib import Path

from sqlalchemy import select

from billing.store.tables import Enrolment
from tests.billing.support import NOW, make_context, new_class, user


async def test_enrolments_are_active_alike_in_python_and_in_queries(tmp_path: Path) -> None:
    cases = list(product((None, NOW - 1, NOW, NOW + 1), (None, NOW - 1, NOW)))
    async with make_context(tmp_path) as context:
        async with context.db.writing() as session:
            session.add(user("rao", "teacher"))
            session.add_all(user(f"s{n}") for n in range(len(cases)))
        async with context.db.writing() as session:
            session.add(new_class("maths", "rao"))
        async with context.db.writing() as session:
            for n, (expires, ended) in enumerate(cases):
                values = {"kind": "free", "created_at": NOW, "expires_at": expires}
                session.add(
                    Enrolment(
                        id=f"e{n}", user_id=f"u-s{n}", class_id="maths", ended_at=ended, **values
                    )
                )
        async with context.db.reading() as session:
            rows = list(await session.scalars(select(Enrolment)))
            found = set(await session.scalars(select(Enrolment.id).where(Enrolment.active(NOW))))
    assert found == {row.id for row in rows if row.is_active(NOW)}
    assert len(found) == 2
