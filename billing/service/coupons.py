"""Coupons: made by teachers for their classes and by admins for any; who may use one."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue.coupons import CouponFacts, CouponKind
from billing.context import Context
from billing.errors import BillingError, ConflictError, NotAllowedError, NotFoundError
from billing.service.join_tokens import Asker
from billing.store.tables import Class, Coupon, Order, User

# Orders whose coupon counts as used. An open one may still be paid, but keeps nobody else out.
USING = ("paid",)


@dataclass(frozen=True, slots=True)
class NewCoupon:
    """What a coupon is made of; `expires_at` in ms."""

    code: str
    class_id: str | None
    kind: CouponKind
    value: int
    max_uses: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A coupon and how often it was used."""

    coupon: Coupon
    uses: int


def normal_code(code: str) -> str:
    """Codes are compared without case."""
    return code.strip().upper()


async def create(context: Context, asker: Asker, new: NewCoupon) -> Coupon:
    """A new coupon; raises NotAllowedError, NotFoundError, ConflictError."""
    now = context.now()
    if new.expires_at is not None and new.expires_at <= now:
        raise BillingError("invalid", "This day is past already.", "expiresAt")
    coupon = Coupon(
        code=normal_code(new.code),
        class_id=new.class_id,
        kind=new.kind.value,
        value=new.value,
        max_uses=new.max_uses,
        expires_at=new.expires_at,
        created_by=asker.id,
        created_at=now,
    )
    try:
        async with context.db.writing() as session:
            await _check_class(session, asker, new.class_id)
            session.add(coupon)
    except IntegrityError:
        raise ConflictError("code_taken", "There is a coupon of this name.", "code") from None
    return coupon


async def _check_class(session: AsyncSession, asker: Asker, class_id: str | None) -> None:
    if class_id is None:
        return
    class_ = await session.get(Class, class_id)
    if class_ is None:
        raise NotFoundError("not_found", "There is no such class.", "classId")
    if asker.role != "admin" and class_.teacher_id != asker.id:
        raise NotAllowedError("forbidden", "This is not your class.", "classId")


async def set_disabled(context: Context, asker: Asker, code: str, disabled: bool) -> Listed:
    """Stops a coupon, or lets it be used again; raises NotFoundError."""
    async with context.db.writing() as session:
        coupon = await session.scalar(
            select(Coupon).where(Coupon.code == normal_code(code), _is_managed_by(asker))
        )
        if coupon is None:
            raise NotFoundError("not_found", "There is no such coupon.")
        coupon.disabled_at = context.now() if disabled else None
        return Listed(coupon, await uses(session, coupon.code))


async def managed(
    context: Context, asker: Asker, class_id: str | None, limit: int, cursor: str
) -> list[Listed]:
    """The asker's coupons by code, behind the cursor; of a class: with those for all classes."""
    query = select(Coupon).where(_is_managed_by(asker), Coupon.code > cursor)
    if class_id is not None:
        query = query.where(or_(Coupon.class_id == class_id, Coupon.class_id.is_(None)))
    async with context.db.reading() as session:
        found = list(await session.scalars(query.order_by(Coupon.code).limit(limit)))
        counts = await _counts(session, [coupon.code for coupon in found])
    return [Listed(coupon, counts.get(coupon.code, 0)) for coupon in found]


def _is_managed_by(asker: Asker) -> ColumnElement[bool]:
    if asker.role == "admin":
        return Coupon.code == Coupon.code
    own = select(Class.id).where(Class.teacher_id == asker.id)
    return or_(Coupon.created_by == asker.id, Coupon.class_id.in_(own))


async def _counts(session: AsyncSession, codes: list[str]) -> dict[str, int]:
    query = (
        select(Order.coupon_code, func.count())
        .where(Order.coupon_code.in_(codes), Order.state.in_(USING))
        .group_by(Order.coupon_code)
    )
    return {code: count for code, count in await session.execute(query) if code is not None}


async def uses(session: AsyncSession, code: str, user_id: str | None = None) -> int:
    """How often a coupon was used, by all or by one person."""
    query = select(func.count()).where(Order.coupon_code == code, Order.state.in_(USING))
    if user_id is not None:
        query = query.where(Order.user_id == user_id)
    return await session.scalar(query) or 0


async def find(
    session: AsyncSession, code: str, class_: Class, user_id: str, *, lock: bool = False
) -> tuple[Coupon, CouponFacts]:
    """A coupon and what decides its use for a class and a person; raises ConflictError when there
    is none. `lock`: nobody else uses it up before the transaction ends."""
    query = select(Coupon, User.role).join(User, User.id == Coupon.created_by)
    query = query.where(Coupon.code == normal_code(code))
    if lock:
        query = query.with_for_update(of=Coupon)
    row = (await session.execute(query)).first()
    if row is None:
        message = "This coupon is not valid for this class."
        raise ConflictError("coupon_unknown", message, "coupon")
    coupon, maker = row
    for_all = coupon.class_id is None and (
        maker == "admin" or coupon.created_by == class_.teacher_id
    )
    return coupon, CouponFacts(
        kind=CouponKind(coupon.kind),
        value=coupon.value,
        is_for_class=for_all or coupon.class_id == class_.id,
        max_uses=coupon.max_uses,
        used=await uses(session, coupon.code),
        used_by_person=await uses(session, coupon.code, user_id),
        expires_at=coupon.expires_at,
        disabled_at=coupon.disabled_at,
    )
