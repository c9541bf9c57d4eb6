"""The token that opens a live class to a person who is signed in."""

from dataclasses import dataclass
from typing import Protocol

from billing.catalogue import schedule
from billing.catalogue.schedule import DAY, MINUTE
from billing.context import Context
from billing.errors import NotAllowedError, NotFoundError
from billing.service.rights import rights_of
from billing.store.tables import Class, User
from common.roles import Role

# A page that lost the network comes back with the token it has, so a token outlives a lesson that
# runs late. The gate decides anew at every join.
TOKEN_AFTER = 3 * 60 * MINUTE
MAX_TOKEN = DAY // 2


class Mint(Protocol):
    """Signs a join token that says what the person is in the class, valid from `now` for
    `lifetime`, in seconds."""

    def __call__(
        self, user_id: str, name: str, role: Role, class_id: str, *, now: float, lifetime: float
    ) -> str: ...


@dataclass(frozen=True, slots=True)
class _Asking:
    """A signed-in person who asks for a token; their role follows from the account."""

    user_id: str
    name: str
    class_id: str
    role: Role = Role.STUDENT


@dataclass(frozen=True, slots=True)
class JoinToken:
    """A join token and the address that it opens."""

    token: str
    url: str


async def issue(context: Context, mint: Mint, user_id: str, class_id: str) -> JoinToken:
    """A join token for a signed-in person; raises what the entry table refuses."""
    now = context.now()
    async with context.db.reading() as session:
        class_ = await session.get(Class, class_id)
        user = await session.get_one(User, user_id)
        if class_ is None:
            raise NotFoundError("not_found", "There is no such class.")
        asking = _Asking(user.id, user.name, class_id)
        rights = (await rights_of(session, context, class_, [asking]))[user.id]
    refusal = rights.refusal
    if refusal is not None:
        kind = NotFoundError if refusal.code == "not_found" else NotAllowedError
        raise kind(refusal.code, refusal.message)
    lifetime = _lifetime(class_, now)
    token = mint(
        user.id, user.name, rights.role, class_id, now=now / 1000, lifetime=lifetime / 1000
    )
    return JoinToken(token, f"/class/{class_id}")


def _lifetime(class_: Class, now: int) -> int:
    """The lifetime of a token, to some hours after the lesson; ms."""
    lesson = schedule.next_lesson(schedule.parse(class_.schedule), now)
    end = now if lesson is None or lesson.start > now + DAY else lesson.end
    return min(end - now + TOKEN_AFTER, MAX_TOKEN)
