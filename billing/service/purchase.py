"""One transaction's changes: rows, notices and ledger entries that belong to one event."""

from dataclasses import dataclass, field

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import schedule
from billing.catalogue.classes import is_on_sale
from billing.context import Context
from billing.orders.facts import DisputeMoved, Fact, PaymentFact
from billing.orders.ledger import Entry, EntryKind
from billing.orders.states import (
    EnrolledThrough,
    OrderState,
    PaymentStanding,
    PaymentState,
    RefundState,
    Situation,
)
from billing.service import enrolments, notices
from billing.store.tables import Class, Coupon, Enrolment, LedgerEntry, Order, Payment, Refund

_OWED = (RefundState.DUE, RefundState.FAILED)


@dataclass(slots=True)
class Change:
    """What a transaction collects; `woken`: jobs to wake once it is committed."""

    session: AsyncSession
    context: Context
    source: str
    now: int
    entries: list[tuple[Entry, "Purchase"]] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)

    def book(self, purchase: "Purchase", kind: EntryKind, subject: str, amount: int = 0) -> None:
        """An entry about the purchase's payment and refund."""
        payment, refund = purchase.payment, purchase.refund
        entry = Entry(
            kind,
            subject,
            amount,
            payment.currency if payment else purchase.order.currency,
            payment.id if payment else None,
            refund.id if refund else None,
        )
        self.entries.append((entry, purchase))

    def tell(self, purchase: "Purchase", kind: str, text: str) -> None:
        """A notice to the student."""
        user_id, class_id = purchase.order.user_id, purchase.order.class_id
        notices.tell(self.session, self.context, user_id, kind, text, class_id)

    async def write_entries(self, event: int | None) -> None:
        """Puts the entries into the ledger, those that are not there yet."""
        keys = [entry.key for entry, _ in self.entries]
        query = select(LedgerEntry.key).where(LedgerEntry.key.in_(keys))
        written = set(await self.session.scalars(query)) if keys else set()
        for entry, purchase in self.entries:
            if entry.key not in written:
                written.add(entry.key)
                self.session.add(self._row(entry, purchase.order, event))

    def _row(self, entry: Entry, order: Order, event: int | None) -> LedgerEntry:
        return LedgerEntry(
            key=entry.key,
            at=self.now,
            kind=entry.kind,
            amount=entry.amount,
            currency=entry.currency,
            user_id=order.user_id,
            class_id=order.class_id,
            order_id=order.id,
            payment_id=entry.payment_id,
            refund_id=entry.refund_id,
            source=self.source,
            event=event,
            note=entry.note,
        )


@dataclass(slots=True)
class Purchase:
    """The locked rows a decision rests on. `siblings`: the student's other orders of the class;
    `refunds`: all of the payment; `refund`: the one the fact is about; `charged_back`: paise of the
    payment that lost disputes took."""

    order: Order
    found: Class
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
    def buys(self) -> bool:
        """The payment is the one that bought the order."""
        return self.payment is not None and self.order.payment_id == self.payment.id

    @property
    def owed(self) -> list[Refund]:
        """Refunds the gateway has not taken on."""
        return [refund for refund in self.refunds if refund.state in _OWED]

    @property
    def left(self) -> int:
        """Paise that are neither sent back, nor on their way, nor taken by the bank."""
        back = sum(refund.amount for refund in self.refunds)
        return self.paid.amount - self.charged_back - back


async def lock_orders(session: AsyncSession, user_id: str, class_id: str) -> list[Order]:
    """All of a student's orders of a class, then the class: the order all transactions keep to, so
    that none waits for another in a circle."""
    query = select(Order).where(Order.user_id == user_id, Order.class_id == class_id)
    locked = query.order_by(Order.id).with_for_update().execution_options(populate_existing=True)
    return list(await session.scalars(locked))


async def lock_class(session: AsyncSession, class_id: str) -> Class | None:
    """The class as it is now; its seats stay as they are to the end of the transaction."""
    query = select(Class).where(Class.id == class_id).with_for_update()
    return await session.scalar(query.execution_options(populate_existing=True))


async def lock_purchase(session: AsyncSession, order_id: str, payment_id: str | None) -> Purchase:
    """Locks, then reads. The order exists."""
    known = await session.get_one(Order, order_id)
    orders = await lock_orders(session, known.user_id, known.class_id)
    found = await lock_class(session, known.class_id)
    assert found is not None
    purchase = Purchase(
        order=next(order for order in orders if order.id == order_id),
        found=found,
        siblings=[order for order in orders if order.id != order_id],
        enrolment=await active_enrolment(session, known.user_id, known.class_id),
    )
    if payment_id is not None:
        purchase.payment = await session.get(Payment, payment_id, populate_existing=True)
        query = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.created_at)
        fresh = query.execution_options(populate_existing=True)
        purchase.refunds = list(await session.scalars(fresh))
        purchase.charged_back = await _charged_back(session, order_id, payment_id)
    return purchase


async def _charged_back(session: AsyncSession, order_id: str, payment_id: str) -> int:
    entry = LedgerEntry
    query = select(func.coalesce(func.sum(entry.amount), 0)).where(
        entry.order_id == order_id,
        entry.payment_id == payment_id,
        entry.kind == EntryKind.CHARGED_BACK,
    )
    return -int(await session.scalar(query) or 0)


async def active_enrolment(session: AsyncSession, user_id: str, class_id: str) -> Enrolment | None:
    """The one that has not been ended; it may have run out."""
    query = select(Enrolment).where(
        Enrolment.user_id == user_id, Enrolment.class_id == class_id, Enrolment.ended_at.is_(None)
    )
    return await session.scalar(query.execution_options(populate_existing=True))


async def situation(change: Change, purchase: Purchase, fact: Fact) -> Situation:
    """What the state table is asked with."""
    found, now = purchase.found, change.now
    return Situation(
        kind=fact.kind,
        order=OrderState(purchase.order.state),
        payment=_standing(purchase.payment),
        confirmed=getattr(fact, "confirmed", True),
        right_amount=_is_right(purchase.order, fact),
        enrolled=_enrolled(purchase, now),
        seat=_holds_seat(purchase, now) or await enrolments.left(change.session, found, now) != 0,
        on_sale=is_on_sale(found.state, schedule.parse(found.schedule), now),
        offer=await _offer_stands(change, purchase),
        refunding=bool(purchase.refunds),
        asked=getattr(fact, "asked", False),
        refund=RefundState(purchase.refund.state) if purchase.refund else None,
        same=purchase.refund is None
        or purchase.refund.gateway_refund_id in (None, getattr(fact, "refund_id", None)),
        dispute=purchase.payment.dispute if purchase.payment else None,
        whole=_is_whole(purchase, fact),
    )


def _is_whole(purchase: Purchase, fact: Fact) -> bool:
    """Refunds that the gateway has not taken on give way to what the bank took."""
    if purchase.payment is None or not isinstance(fact, DisputeMoved):
        return True
    owed = sum(refund.amount for refund in purchase.owed)
    return fact.amount >= purchase.left + owed


def _standing(payment: Payment | None) -> PaymentStanding:
    if payment is None:
        return PaymentStanding.UNKNOWN
    if payment.state == PaymentState.CAPTURED and not payment.confirmed:
        return PaymentStanding.PROMISED
    return PaymentStanding(payment.state)


def _enrolled(purchase: Purchase, now: int) -> EnrolledThrough:
    """A trial, or an enrolment that has run out, makes room for a bought one."""
    one = purchase.enrolment
    if one is None or one.kind == "trial" or not _is_open(one, now):
        return EnrolledThrough.NOTHING
    return EnrolledThrough.THIS if one.order_id == purchase.order.id else EnrolledThrough.OTHER


def _holds_seat(purchase: Purchase, now: int) -> bool:
    """A trial's seat is the student's own."""
    return purchase.enrolment is not None and _is_open(purchase.enrolment, now)


def _is_open(enrolment: Enrolment, now: int) -> bool:
    return enrolment.expires_at is None or enrolment.expires_at > now


def _is_right(order: Order, fact: Fact) -> bool:
    if not isinstance(fact, PaymentFact):
        return True
    return fact.amount == order.amount and fact.currency == order.currency


async def _offer_stands(change: Change, purchase: Purchase) -> bool:
    """Price and coupon are still there; an open order holds its coupon's use until it runs out."""
    order, found = purchase.order, purchase.found
    if order.list_price != found.price or order.currency != found.currency:
        return False
    if order.coupon_code is None:
        return True
    if order.state == OrderState.OPEN and order.expires_at > change.now:
        return True
    query = select(Coupon).where(Coupon.code == order.coupon_code).with_for_update()
    coupon = await change.session.scalar(query)
    if coupon is None or coupon.max_uses is None:
        return True
    held = await coupon_holds(change.session, coupon.code, order.user_id, change.now)
    return held < coupon.max_uses


async def coupon_holds(session: AsyncSession, code: str, besides: str, now: int) -> int:
    """Uses of a coupon by others than one person: paid orders, and open ones that have not run
    out; exact while the coupon is locked."""
    holding = or_(
        Order.state == OrderState.PAID,
        and_(Order.state == OrderState.OPEN, Order.expires_at > now),
    )
    query = select(func.count()).where(Order.coupon_code == code, Order.user_id != besides, holding)
    return await session.scalar(query) or 0
