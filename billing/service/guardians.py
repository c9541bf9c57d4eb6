"""Parents and their students: linked by a code that the student gives to the parent."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select

from billing.context import Context
from billing.errors import BillingError, ConflictError
from billing.store.tables import Guardian, User

CODE_MINUTES = 30
MAX_CODES = 10_000
MAX_STUDENTS = 20
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
CODE_LENGTH = 8


@dataclass(slots=True)
class LinkCodes:
    """The valid codes with their students; a restart forgets them."""

    _codes: OrderedDict[str, tuple[str, int]] = field(default_factory=OrderedDict)

    def make(self, student_id: str, now: int) -> tuple[str, int]:
        """A new code and when it expires; the student's older ones are void."""
        for code, (owner, expires) in list(self._codes.items()):
            if owner == student_id or expires <= now:
                del self._codes[code]
        code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
        expires = now + CODE_MINUTES * 60_000
        self._codes[code] = (student_id, expires)
        if len(self._codes) > MAX_CODES:
            self._codes.popitem(last=False)
        return code, expires

    def use(self, code: str, now: int) -> str:
        """Uses a code up and returns its student; raises BillingError."""
        student_id, expires = self._codes.pop(code.strip().upper(), ("", 0))
        if expires <= now:
            message = "This code is not valid. Ask your child for a new one."
            raise BillingError("bad_code", message, "code")
        return student_id


async def link(context: Context, codes: LinkCodes, parent_id: str, code: str) -> User:
    """Links the parent to the student whose code it is."""
    student_id = codes.use(code, context.now())
    async with context.db.writing() as session:
        count = select(func.count()).where(Guardian.parent_id == parent_id)
        if (await session.scalar(count) or 0) >= MAX_STUDENTS:
            raise ConflictError("too_many_students", f"At most {MAX_STUDENTS} can be linked.")
        student = await session.get_one(User, student_id)
        if await session.get(Guardian, (parent_id, student_id)) is None:
            session.add(
                Guardian(parent_id=parent_id, student_id=student_id, created_at=context.now())
            )
    return student


async def students_of(context: Context, parent_id: str) -> list[User]:
    """The parent's students, by name."""
    query = select(User).join(Guardian, Guardian.student_id == User.id)
    async with context.db.reading() as session:
        return list(
            await session.scalars(query.where(Guardian.parent_id == parent_id).order_by(User.name))
        )


async def unlink(context: Context, parent_id: str, student_id: str) -> None:
    """Ends the link; no error when there is none."""
    async with context.db.writing() as session:
        await session.execute(
            delete(Guardian).where(
                Guardian.parent_id == parent_id, Guardian.student_id == student_id
            )
        )
