"""One transaction's changes: rows, notices and ledger entries that belong to one event."""

from dataclasses import dataclass, field

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue import schedule
from billing.catalogue.classes import is_on_sale
from billing.context import Shop
from billing.orders.facts import DisputeMoved, Fact, PaymentFact
from billing.orders.ledger import Entry, EntryKind
from billing.orders.states import (
    Enrolled,
    OrderState,
    PaymentState,
    RefundState,
    Situation,
    Standing,
)
from billing.service import notices, seats
from billing.store.tables import Class, Coupon, Enrolment, LedgerEntry, Order, Payment, Refund

_OWED = (RefundState.DUE, RefundState.FAILED)


@dataclass(slots=True)
class Change:
    """What a transaction collects; `woken`: jobs to wake once it is committed."""

    session: AsyncSession
    shop: Shop
    source: str
    now: int
    entries: list[tuple[Entry, "Ground"]] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)

    def book(self, ground: "Ground", kind: EntryKind, subject: str, amount: int = 0) -> None:
        """An entry about the ground's payment and refund."""
        payment, refund = ground.payment, ground.refund
        entry = Entry(
            kind,
            subject,
            amount,
            payment.currency if payment else ground.order.currency,
            payment.id if payment else None,
            refund.id if refund else None,
        )
        self.entries.append((entry, ground))

    def tell(self, ground: "Ground", kind: str, text: str) -> None:
        """A notice to the student."""
        user_id, class_id = ground.order.user_id, ground.order.class_id
        notices.tell(self.session, self.shop, user_id, kind, text, class_id)

    async def write_entries(self, event: int | None) -> None:
        """Puts the entries into the ledger, those that are not there yet."""
        keys = [entry.key for entry, _ in self.entries]
        query = select(LedgerEntry.key).where(LedgerEntry.key.in_(keys))
        written = set(await self.session.scalars(query)) if keys else set()
        for entry, ground in self.entries:
            if entry.key not in written:
                written.add(entry.key)
                self.session.add(self._row(entry, ground.order, event))

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
class Ground:
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


async def lock_ground(session: AsyncSession, order_id: str, payment_id: str | None) -> Ground:
    """Locks, then reads. The order exists."""
    known = await session.get_one(Order, order_id)
    orders = await lock_orders(session, known.user_id, known.class_id)
    found = await lock_class(session, known.class_id)
    assert found is not None
    ground = Ground(
        order=next(order for order in orders if order.id == order_id),
        found=found,
        siblings=[order for order in orders if order.id != order_id],
        enrolment=await active_enrolment(session, known.user_id, known.class_id),
    )
    if payment_id is not None:
        ground.payment = await session.get(Payment, payment_id, populate_existing=True)
        query = select(Refund).where(Refund.payment_id == payment_id).order_by(Refund.created_at)
        fresh = query.execution_options(populate_existing=True)
        ground.refunds = list(await session.scalars(fresh))
        ground.charged_back = await _charged_back(session, order_id, payment_id)
    return ground


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


async def situation(change: Change, ground: Ground, fact: Fact) -> Situation:
    """What the state table is asked with."""
    found, now = ground.found, change.now
    return Situation(
        kind=fact.kind,
        order=OrderState(ground.order.state),
        payment=_standing(ground.payment),
        confirmed=getattr(fact, "confirmed", True),
        right_amount=_is_right(ground.order, fact),
        enrolled=_enrolled(ground, now),
        seat=_holds_seat(ground, now) or await seats.left(change.session, found, now) != 0,
        on_sale=is_on_sale(found.state, schedule.parse(found.schedule), now),
        offer=await _offer_stands(change, ground),
        refunding=bool(ground.refunds),
        asked=getattr(fact, "asked", False),
        refund=RefundState(ground.refund.state) if ground.refund else None,
        same=ground.refund is None
        or ground.refund.gateway_refund_id in (None, getattr(fact, "refund_id", None)),
        dispute=ground.payment.dispute if ground.payment else None,
        whole=_is_whole(ground, fact),
    )


def _is_whole(ground: Ground, fact: Fact) -> bool:
    """Refunds that the gateway has not taken on give way to what the bank took."""
    if ground.payment is None or not isinstance(fact, DisputeMoved):
        return True
    owed = sum(refund.amount for refund in ground.owed)
    return fact.amount >= ground.left + owed


def _standing(payment: Payment | None) -> Standing:
    if payment is None:
        return Standing.UNKNOWN
    if payment.state == PaymentState.CAPTURED and not payment.confirmed:
        return Standing.PROMISED
    return Standing(payment.state)


def _enrolled(ground: Ground, now: int) -> Enrolled:
    """A trial, or an enrolment that has run out, makes room for a bought one."""
    one = ground.enrolment
    if one is None or one.kind == "trial" or not _is_open(one, now):
        return Enrolled.NO
    return Enrolled.THIS if one.order_id == ground.order.id else Enrolled.OTHER


def _holds_seat(ground: Ground, now: int) -> bool:
    """A trial's seat is the student's own."""
    return ground.enrolment is not None and _is_open(ground.enrolment, now)


def _is_open(enrolment: Enrolment, now: int) -> bool:
    return enrolment.expires_at is None or enrolment.expires_at > now


def _is_right(order: Order, fact: Fact) -> bool:
    if not isinstance(fact, PaymentFact):
        return True
    return fact.amount == order.amount and fact.currency == order.currency


async def _offer_stands(change: Change, ground: Ground) -> bool:
    """Price and coupon are still there; an open order holds its coupon's use until it runs out."""
    order, found = ground.order, ground.found
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
