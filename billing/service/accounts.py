"""Accounts: registration, sign-in, forgotten passwords, an admin's changes."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from billing.accounts.sessions import RESET_MINUTES, SessionKey, mint_reset, read_reset
from billing.context import Context
from billing.errors import BillingError, ConflictError, NotFoundError, SignInError
from billing.mail.letters import Letter
from billing.store.queries import containing
from billing.store.tables import User

ROLES = ("student", "parent", "teacher", "admin")


@dataclass(frozen=True, slots=True)
class NewUser:
    """The values of a new account."""

    email: str
    name: str
    role: str
    password: str


def normal_email(email: str) -> str:
    """Addresses are compared without case."""
    return email.strip().lower()


async def create_user(context: Context, new: NewUser) -> User:
    """A new account; raises ConflictError when the address has one."""
    user = await prepare(context, new)
    try:
        async with context.db.writing() as session:
            session.add(user)
    except IntegrityError:
        message = "There is an account with this address already. Sign in instead."
        raise ConflictError("email_taken", message, "email") from None
    return user


async def prepare(context: Context, new: NewUser) -> User:
    """The account, not yet in the database; hashing takes its time."""
    return User(
        id=context.new_id("u"),
        email=normal_email(new.email),
        name=new.name.strip(),
        role=new.role,
        password_hash=await context.passwords.hash(new.password),
        epoch=0,
        created_at=context.now(),
    )


async def register(context: Context, new: NewUser) -> User:
    """A new account that a person makes for themselves; an admin makes teachers and admins."""
    if context.settings.registration == "closed":
        raise BillingError("registration_closed", "Accounts are made by the school here.")
    return await create_user(context, new)


async def sign_in(context: Context, email: str, password: str) -> User:
    """The account; raises SignInError, in the same time whether the address is known or not."""
    user = await find_by_email(context, email)
    kept = user.password_hash if user is not None and user.disabled_at is None else None
    if not await context.passwords.matches(kept, password) or user is None:
        raise SignInError("wrong_password", "The address or the password is not right.")
    if context.passwords.is_outdated(user.password_hash):
        await _store_password(context, user.id, password, ends_sessions=False)
    return user


async def find_by_email(context: Context, email: str) -> User | None:
    """The account of an address."""
    async with context.db.reading() as session:
        return await session.scalar(select(User).where(User.email == normal_email(email)))


async def forgot(context: Context, key: SessionKey, email: str, base_url: str) -> None:
    """Sends a link to set a new password; says nothing about whether there is an account."""
    user = await find_by_email(context, email)
    if user is None or user.disabled_at is not None:
        return
    token = mint_reset(key, user.id, user.epoch, context.now())
    text = (
        f"Hello {user.name},\n\nset a new password here within {RESET_MINUTES} minutes:\n"
        f"{base_url}/reset?token={token}\n\nIf you did not ask for it, leave this letter alone."
    )
    await context.mail.send(Letter(user.email, "A new password for liveclass", text))


async def reset(context: Context, key: SessionKey, token: str, password: str) -> User:
    """Sets the new password, ends all sessions, uses the link up; raises BillingError."""
    claim = read_reset(key, token, context.now())
    async with context.db.reading() as session:
        user = await session.get(User, claim.sub) if claim is not None else None
    if claim is None or user is None or user.epoch != claim.epoch or user.disabled_at is not None:
        raise BillingError("bad_link", "This link is used up or too old. Ask for a new one.")
    return await _store_password(context, user.id, password, ends_sessions=True)


async def set_password(context: Context, user_id: str, password: str) -> User:
    """Sets a password for an admin or the command line; all sessions end."""
    return await _store_password(context, user_id, password, ends_sessions=True)


async def _store_password(
    context: Context, user_id: str, password: str, *, ends_sessions: bool
) -> User:
    hashed = await context.passwords.hash(password)
    async with context.db.writing() as session:
        user = await _locked(session, user_id)
        user.password_hash = hashed
        user.epoch += ends_sessions
    return user


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The changes of an account; None: the value stays."""

    name: str | None = None
    state: str | None = None
    role: str | None = None
    disabled: bool | None = None


async def change(context: Context, user_id: str, what: AccountChange) -> User:
    """Changes an account; one that is disabled or gets another role must sign in anew."""
    async with context.db.writing() as session:
        admins = await _lock_admins(session)
        user = await _locked(session, user_id)
        if what.name is not None:
            user.name = what.name.strip()
        if what.state is not None:
            user.state = what.state or None
        if what.role is not None and what.role != user.role:
            _keep_an_admin(user, admins)
            user.role, user.epoch = what.role, user.epoch + 1
        if what.disabled is not None and what.disabled != (user.disabled_at is not None):
            _keep_an_admin(user, admins)
            user.disabled_at = context.now() if what.disabled else None
            user.epoch += 1
    return user


async def _locked(session: AsyncSession, user_id: str) -> User:
    user = await session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFoundError("no_such_user", "There is no such account.")
    return user


async def _lock_admins(session: AsyncSession) -> set[str]:
    """All admins; none of them goes before the transaction has ended."""
    admins = select(User.id).where(User.role == "admin", User.disabled_at.is_(None))
    return set(await session.scalars(admins.order_by(User.id).with_for_update()))


def _keep_an_admin(user: User, admins: set[str]) -> None:
    """Refuses to take the last admin away."""
    if user.id in admins and len(admins) < 2:
        raise ConflictError("last_admin", "This is the last admin. Make another one first.")


async def search(context: Context, text: str, limit: int, after: str) -> list[User]:
    """Accounts whose name or address contains the text, by address, behind `after`."""
    query = select(User).where(User.email > after).order_by(User.email).limit(limit)
    if text:
        query = query.where(or_(containing(User.email, text), containing(User.name, text)))
    async with context.db.reading() as session:
        return list(await session.scalars(query))
