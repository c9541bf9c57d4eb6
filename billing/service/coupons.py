"""Coupons: teachers make them for their classes, admins for any; how often each was used."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue.coupons import CouponFacts, CouponKind
from billing.context import Context
from billing.errors import BillingError, ConflictError, NotAllowedError, NotFoundError
from billing.orders.states import OrderState
from billing.service.rights import Asker
from billing.store.tables import Class, Coupon, Order, User


@dataclass(frozen=True, slots=True)
class NewCoupon:
    """The values of a new coupon; `expires_at` in ms."""

    code: str
    class_id: str | None
    kind: CouponKind
    value: int
    max_uses: int | None
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class CountedCoupon:
    """A coupon and the number of its uses."""

    coupon: Coupon
    uses: int


def normal_code(code: str) -> str:
    """Codes are compared without case."""
    return code.strip().upper()


async def create(context: Context, asker: Asker, new: NewCoupon) -> Coupon:
    """A new coupon; raises NotAllowedError, NotFoundError, ConflictError."""
    now = context.now()
    if new.expires_at is not None and new.expires_at <= now:
        raise BillingError("invalid", "This day has passed already.", "expiresAt")
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


async def set_disabled(context: Context, asker: Asker, code: str, disabled: bool) -> CountedCoupon:
    """Stops a coupon, or lets it be used again; raises NotFoundError."""
    async with context.db.writing() as session:
        coupon = await session.scalar(
            select(Coupon).where(Coupon.code == normal_code(code), _is_managed_by(asker))
        )
        if coupon is None:
            raise NotFoundError("not_found", "There is no such coupon.")
        coupon.disabled_at = context.now() if disabled else None
        return CountedCoupon(coupon, (await uses(session, [coupon.code])).get(coupon.code, 0))


async def managed(
    context: Context, asker: Asker, class_id: str | None, limit: int, cursor: str
) -> list[CountedCoupon]:
    """The asker's coupons by code, behind the cursor; of a class: with those for all classes."""
    query = select(Coupon).where(_is_managed_by(asker), Coupon.code > cursor)
    if class_id is not None:
        query = query.where(or_(Coupon.class_id == class_id, Coupon.class_id.is_(None)))
    async with context.db.reading() as session:
        found = list(await session.scalars(query.order_by(Coupon.code).limit(limit)))
        counts = await uses(session, [coupon.code for coupon in found])
    return [CountedCoupon(coupon, counts.get(coupon.code, 0)) for coupon in found]


def _is_managed_by(asker: Asker) -> ColumnElement[bool]:
    if asker.role == "admin":
        return Coupon.code == Coupon.code
    own = select(Class.id).where(Class.teacher_id == asker.id)
    return or_(Coupon.created_by == asker.id, Coupon.class_id.in_(own))


# Uses: orders whose coupon counts. An open one may still be paid, but does not count for others.


async def _uses(session: AsyncSession, *which: ColumnElement[bool]) -> dict[str, int]:
    """The number of these orders by their coupon."""
    query = select(Order.coupon_code, func.count()).where(*which).group_by(Order.coupon_code)
    return {code: count for code, count in await session.execute(query) if code is not None}


async def uses(session: AsyncSession, codes: Collection[str]) -> dict[str, int]:
    """The uses of each coupon; coupons without any are left out."""
    return await _uses(session, Order.coupon_code.in_(codes), Order.state == OrderState.PAID)


async def held_by_others(session: AsyncSession, code: str, user_id: str, now: int) -> int:
    """Uses of a coupon by all but one person: paid orders, and open ones that have not run out;
    exact while the coupon is locked."""
    is_open = and_(Order.state == OrderState.OPEN, Order.expires_at > now)
    holding = or_(Order.state == OrderState.PAID, is_open)
    found = await _uses(session, Order.coupon_code == code, Order.user_id != user_id, holding)
    return found.get(code, 0)


async def find(
    session: AsyncSession, code: str, class_: Class, user_id: str, now: int, *, lock: bool = False
) -> tuple[Coupon, CouponFacts]:
    """A coupon and what decides its use for a class and a person; raises ConflictError when there
    is none. `lock`: no other transaction uses it up before this one ends."""
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
    paid = (Order.coupon_code == coupon.code, Order.state == OrderState.PAID)
    own = (await _uses(session, *paid, Order.user_id == user_id)).get(coupon.code, 0)
    return coupon, CouponFacts(
        kind=CouponKind(coupon.kind),
        value=coupon.value,
        is_for_class=for_all or coupon.class_id == class_.id,
        max_uses=coupon.max_uses,
        used=own + await held_by_others(session, coupon.code, user_id, now),
        used_by_person=own,
        expires_at=coupon.expires_at,
        disabled_at=coupon.disabled_at,
    )
