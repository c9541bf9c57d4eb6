"""A purchase, that is an order with its payment, refunds and enrolment: locked, and described to
the state table."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from billing.catalogue import schedule
from billing.catalogue.classes import is_on_sale
from billing.orders.facts import DisputeMoved, Fact, PaymentFact
from billing.orders.ledger import EntryKind
from billing.orders.states import (
    EnrolledThrough,
    OrderState,
    PaymentStanding,
    PaymentState,
    RefundState,
    Situation,
)
from billing.service import coupons
from billing.service.enrolments import lock_class, seats_left, unended
from billing.store.tables import Class, Coupon, Enrolment, LedgerEntry, Order, Payment, Refund

_OWED = (RefundState.DUE, RefundState.FAILED)


@dataclass(slots=True)
class Purchase:
    """The locked rows a decision rests on. `siblings`: the student's other orders of the class;
    `refunds`: all of the payment; `refund`: the one the fact is about; `charged_back`: paise of the
    payment that lost disputes took."""

    order: Order
    class_: Class
    siblings: list[Order]
    enrolment: Enrolment | None
    payment: Payment | None = None
    refunds: list[Refund] = field(default_factory=list)
    refund: Refund | None = None
    charged_back: int = 0

    @property
    def paid(self) -> Payment:
        """The payment, where there must be one."""
        assert self.payment is not None
        return self.payment

    @property
    def bought_it(self) -> bool:
        """The payment is the one that bought the order."""
        return self.payment is not None and self.order.payment_id == self.payment.id

    @property
    def owed(self) -> list[Refund]:
        """Refunds the gateway has not taken on."""
        return [refund for refund in self.refunds if refund.state in _OWED]

    @property
    def left(self) -> int:
        """Paise that are neither sent back, nor on their way, nor taken by the bank."""
        return self.kept_after(self.refunds)

    @property
    def kept(self) -> int:
        """Paise that have neither arrived back at the student nor been taken by the bank."""
        return self.kept_after(one for one in self.refunds if one.state == RefundState.PROCESSED)

    def kept_after(self, refunds: Iterable[Refund]) -> int:
        """Paise of the payment without what the bank took and these refunds."""
        return self.paid.amount - self.charged_back - sum_of(refunds)


def sum_of(refunds: Iterable[Refund]) -> int:
    """Their paise."""
    return sum(refund.amount for refund in refunds)


def payments_left() -> ColumnElement[int]:
    """`Purchase.left` of each payment, for queries."""
    back = select(func.coalesce(func.sum(Refund.amount), 0)).where(Refund.payment_id == Payment.id)
    return Payment.amount - back.scalar_subquery() - _charged_back(Payment.order_id, Payment.id)


Id = str | InstrumentedAttribute[str]


def _charged_back(order_id: Id, payment_id: Id) -> ScalarSelect[int]:
    """Paise of a payment that lost disputes took: the ledger alone knows them."""
    entry = LedgerEntry
    query = select(func.coalesce(func.sum(-entry.amount), 0)).where(
        entry.order_id == order_id,
        entry.payment_id == payment_id,
        entry.kind == EntryKind.CHARGED_BACK,
    )
    return query.scalar_subquery()


# Locking


async def lock_orders(session: AsyncSession, user_id: str, class_id: str) -> list[Order]:
    """All of a student's orders of a class. The class is locked after them: all transactions keep
    to this order, so that none waits for another in a circle."""
    query = select(Order).where(Order.user_id == user_id, Order.class_id == class_id)
    locked = query.order_by(Order.id).with_for_update().execution_options(populate_existing=True)
    return list(await session.scalars(locked))


async def lock_purchase(session: AsyncSession, order_id: str, payment_id: str) -> Purchase:
    """Locks, then reads. The order exists; the payment may still be unknown."""
    known = await session.get_one(Order, order_id)
    orders = await lock_orders(session, known.user_id, known.class_id)
    class_ = await lock_class(session, known.class_id)
    purchase = Purchase(
        order=next(order for order in orders if order.id == order_id),
        class_=class_,
        siblings=[order for order in orders if order.id != order_id],
        enrolment=await unended(session, known.user_id, known.class_id),
    )
    purchase.payment = await session.get(Payment, payment_id, populate_existing=True)
    query = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.created_at)
    fresh = query.execution_options(populate_existing=True)
    purchase.refunds = list(await session.scalars(fresh))
    lost = await session.scalar(select(_charged_back(order_id, payment_id)))
    purchase.charged_back = int(lost or 0)
    return purchase


# For the state table


async def situation(session: AsyncSession, purchase: Purchase, fact: Fact, now: int) -> Situation:
    """The purchase as a fact meets it."""
    class_, refund = purchase.class_, purchase.refund
    # A trial's seat is the student's own.
    has_seat = purchase.enrolment is not None and purchase.enrolment.is_active(now)
    return Situation(
        kind=fact.kind,
        order=OrderState(purchase.order.state),
        payment=_standing(purchase.payment),
        confirmed=getattr(fact, "confirmed", True),
        right_amount=_is_right(purchase.order, fact),
        enrolled=_enrolled(purchase, now),
        seat=has_seat or await seats_left(session, class_, now) != 0,
        on_sale=is_on_sale(class_.state, schedule.parse(class_.schedule), now),
        offer=await _offer_stands(session, purchase, now),
        refunding=bool(purchase.refunds),
        asked=getattr(fact, "asked", False),
        refund=RefundState(refund.state) if refund else None,
        same=refund is None or refund.gateway_refund_id in (None, getattr(fact, "refund_id", None)),
        dispute=purchase.payment.dispute if purchase.payment else None,
        whole=_is_whole(purchase, fact),
    )


def _is_whole(purchase: Purchase, fact: Fact) -> bool:
    """Refunds that the gateway has not taken on give way to what the bank took."""
    if purchase.payment is None or not isinstance(fact, DisputeMoved):
        return True
    return fact.amount >= purchase.left + sum_of(purchase.owed)


def _standing(payment: Payment | None) -> PaymentStanding:
    if payment is None:
        return PaymentStanding.UNKNOWN
    if payment.state == PaymentState.CAPTURED and not payment.confirmed:
        return PaymentStanding.PROMISED
    return PaymentStanding(payment.state)


def _enrolled(purchase: Purchase, now: int) -> EnrolledThrough:
    """A trial, or an enrolment that has run out, makes room for a bought one."""
    one = purchase.enrolment
    if one is None or one.kind == "trial" or not one.is_active(now):
        return EnrolledThrough.NOTHING
    return EnrolledThrough.THIS if one.order_id == purchase.order.id else EnrolledThrough.OTHER


def _is_right(order: Order, fact: Fact) -> bool:
    if not isinstance(fact, PaymentFact):
        return True
    return fact.amount == order.amount and fact.currency == order.currency


async def _offer_stands(session: AsyncSession, purchase: Purchase, now: int) -> bool:
    """Price and coupon are still there; an open order holds its coupon's use until it runs out."""
    order, class_ = purchase.order, purchase.class_
    if order.list_price != class_.price or order.currency != class_.currency:
        return False
    if order.coupon_code is None:
        return True
    if order.state == OrderState.OPEN and order.expires_at > now:
        return True
    query = select(Coupon).where(Coupon.code == order.coupon_code).with_for_update()
    coupon = await session.scalar(query)
    if coupon is None or coupon.max_uses is None:
        return True
    return await coupons.held_by_others(session, coupon.code, order.user_id, now) < coupon.max_uses
