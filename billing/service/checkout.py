"""Buying a class: the quote, the order that a student pays, and a coupon that pays all of it."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import coupons, schedule
from billing.catalogue.classes import ClassState, is_on_sale
from billing.context import Context
from billing.errors import ConflictError, NotFoundError
from billing.orders.ledger import EntryKind
from billing.orders.states import OrderState
from billing.receipts import tax
from billing.service import coupons as coupon_service
from billing.service.change import Change
from billing.service.effects import enrol_by_order
from billing.service.enrolments import lock_class, seats_left, unended
from billing.service.purchase import Purchase, lock_orders
from billing.service.receipts import supply_to
from billing.store.database import transact
from billing.store.tables import Class, Enrolment, Order, User
from billing.text.payment_notices import enrolled as enrolled_text

MINUTE = 60_000
SOURCE = "checkout"


@dataclass(frozen=True, slots=True)
class Quote:
    """The figures of a purchase; paise, tax included. `tax_rate` in thousandths of a percent."""

    list_price: int
    discount: int
    currency: str
    tax_rate: int
    tax: int
    coupon: str | None

    @property
    def amount(self) -> int:
        """The amount to be paid."""
        return self.list_price - self.discount


@dataclass(frozen=True, slots=True)
class Checkout:
    """An order that can be paid, or (no order to pay) an enrolment by a coupon for all of it."""

    order: Order
    quote: Quote
    class_: Class
    user: User


async def quote(context: Context, user_id: str, class_id: str, coupon: str | None) -> Quote:
    """The price that the student would pay now; raises NotFoundError, ConflictError."""
    async with context.db.reading() as session:
        class_ = await session.get(Class, class_id)
        user = await session.get_one(User, user_id)
        return await _quote(session, context, _offered(class_), user, coupon, lock=False)


async def order(context: Context, user_id: str, class_id: str, coupon: str | None) -> Checkout:
    """The student's open order, the same again while class, price and coupon are the same; raises
    NotFoundError, ConflictError, GatewayError."""
    checkout = await transact(
        context.db, lambda session: _open_order(session, context, user_id, class_id, coupon)
    )
    if checkout.order.state != OrderState.OPEN or checkout.order.gateway_order_id is not None:
        return checkout
    return await _make_at_gateway(context, checkout)


async def _make_at_gateway(context: Context, checkout: Checkout) -> Checkout:
    """Makes the order at the gateway and keeps the gateway's id. An earlier try may have made it,
    and the answer was lost."""
    mine = checkout.order
    there = await context.gateway.find_order(mine.id)
    if there is None or (there.amount, there.currency) != (mine.amount, mine.currency):
        notes = {"class": mine.class_id, "order": mine.id}
        there = await context.gateway.create_order(mine.amount, mine.currency, mine.id, notes)
    gateway_id = there.id

    async def keep(session: AsyncSession) -> Order:
        orders = await lock_orders(session, mine.user_id, mine.class_id)
        kept = next(one for one in orders if one.id == mine.id)
        if kept.gateway_order_id is None:
            kept.gateway_order_id = gateway_id
        return kept

    kept = await transact(context.db, keep)
    if kept.state != OrderState.OPEN:
        raise ConflictError("order_closed", "Something changed meanwhile. Try again.")
    return replace(checkout, order=kept)


async def _open_order(
    session: AsyncSession, context: Context, user_id: str, class_id: str, coupon: str | None
) -> Checkout:
    """The open order that fits, or a new one in its place.

    The student is locked first, so that two tabs make one order; but not the key, which every
    enrolment and notice refers to: a transaction that holds the class would wait for this one in a
    circle.
    """
    user = await session.get_one(User, user_id, with_for_update={"key_share": True})
    orders = await lock_orders(session, user_id, class_id)
    class_ = _offered(await lock_class(session, class_id))
    enrolment = await unended(session, user_id, class_id)
    await _check_may_buy(session, context, class_, enrolment)
    price = await _quote(session, context, class_, user, coupon, lock=True)
    for one in orders:
        if one.state == OrderState.OPEN and _fits(one, price, context.now()):
            return Checkout(one, price, class_, user)
    _close_open(orders, context.now())
    await session.flush()
    made = _new_order(context, user, class_, price)
    session.add(made)
    await session.flush()
    if price.amount == 0:
        await _enrol_at_once(session, context, Purchase(made, class_, [], enrolment))
    return Checkout(made, price, class_, user)


def _offered(class_: Class | None) -> Class:
    if class_ is None or class_.state == ClassState.DRAFT:
        raise NotFoundError("not_found", "There is no such class.")
    if class_.price == 0:
        raise ConflictError("class_is_free", "This class costs nothing. Enrol without paying.")
    return class_


async def _check_may_buy(
    session: AsyncSession, context: Context, class_: Class, enrolment: Enrolment | None
) -> None:
    now = context.now()
    if not is_on_sale(class_.state, schedule.parse(class_.schedule), now):
        raise ConflictError("class_gone", "You cannot enrol in this class any more.")
    is_in = enrolment is not None and enrolment.is_active(now)
    if is_in and enrolment is not None and enrolment.kind != "trial":
        raise ConflictError("already_enrolled", "You are in this class already.")
    if not is_in and await seats_left(session, class_, now) == 0:
        raise ConflictError("class_full", "All seats of this class are taken.")


async def _quote(
    session: AsyncSession,
    context: Context,
    class_: Class,
    user: User,
    code: str | None,
    *,
    lock: bool,
) -> Quote:
    discount, kept = 0, None
    if code:
        now = context.now()
        coupon, facts = await coupon_service.find(session, code, class_, user.id, now, lock=lock)
        coupons.check(facts, now)
        discount, kept = coupons.discount(facts.kind, facts.value, class_.price), coupon.code
    supply = supply_to(context.settings, user.state)
    parts = tax.included(class_.price - discount, supply)
    rate = sum(part.rate for part in parts.parts)
    return Quote(class_.price, discount, class_.currency, rate, parts.amount, kept)


def _fits(order: Order, price: Quote, now: int) -> bool:
    """An open order that is still what the student would get now."""
    same = (order.list_price, order.amount, order.currency, order.coupon_code)
    wanted = (price.list_price, price.amount, price.currency, price.coupon)
    return same == wanted and order.expires_at > now


def _close_open(orders: list[Order], now: int) -> None:
    for order in orders:
        if order.state == OrderState.OPEN:
            is_over = order.expires_at <= now
            order.state = OrderState.EXPIRED if is_over else OrderState.SUPERSEDED
            order.closed_at = now


def _new_order(context: Context, user: User, class_: Class, price: Quote) -> Order:
    now = context.now()
    is_paid = price.amount == 0
    return Order(
        id=context.new_id("o"),
        user_id=user.id,
        class_id=class_.id,
        list_price=price.list_price,
        amount=price.amount,
        currency=price.currency,
        coupon_code=price.coupon,
        state=OrderState.PAID if is_paid else OrderState.OPEN,
        created_at=now,
        expires_at=now + context.settings.order_minutes * MINUTE,
        closed_at=now if is_paid else None,
    )


async def _enrol_at_once(session: AsyncSession, context: Context, purchase: Purchase) -> None:
    """A coupon for all of the price: enrolled at once, the gateway is not asked."""
    change = Change(session, context, SOURCE, context.now())
    await enrol_by_order(change, purchase, "coupon")
    await session.flush()
    await change.write_entries(None)
    change.tell(purchase, "enrolled", enrolled_text(purchase.class_.title))
    assert all(entry.kind == EntryKind.ENROLLED for entry, _ in change.entries)
