"""Tables of orders, payments, refunds, enrolments and receipts."""

from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from billing.store.columns import Base, Data, Key, MaybeMillis, MaybeRef, Millis, Paise, Ref, Word


class Order(Base):
    """One student's purchase of one class; `list_price` less the coupon is `amount`.

    `state` is one of `billing.orders.states.OrderState`; `payment_id`: the payment that bought it.
    There is one open order for a student and class.
    """

    __tablename__ = "orders"
    __table_args__ = (
        Index(
            "uq_orders_open",
            "user_id",
            "class_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )
    id: Mapped[Key]
    gateway_order_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    class_id: Mapped[Ref] = mapped_column(ForeignKey("classes.id"), index=True)
    list_price: Mapped[Paise]
    amount: Mapped[Paise]
    currency: Mapped[str] = mapped_column(String(3))
    coupon_code: Mapped[str | None] = mapped_column(
        String(40), ForeignKey("coupons.code"), index=True
    )
    state: Mapped[Word] = mapped_column(index=True)
    payment_id: Mapped[MaybeRef]
    created_at: Mapped[Millis] = mapped_column(index=True)
    expires_at: Mapped[Millis]
    closed_at: Mapped[MaybeMillis]
    checked_at: Mapped[MaybeMillis]


class Payment(Base):
    """A payment for an order; its id is the gateway's. `state` is one of
    `billing.orders.states.PaymentState`; `confirmed`: the gateway itself told amount and currency;
    `checked_at`: reconciling last asked about it or its refunds."""

    __tablename__ = "payments"
    id: Mapped[Key]
    order_id: Mapped[Ref] = mapped_column(ForeignKey("orders.id"), index=True)
    amount: Mapped[Paise]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[Word] = mapped_column(index=True)
    confirmed: Mapped[bool]
    dispute: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[Millis]
    checked_at: Mapped[MaybeMillis]


class Refund(Base):
    """Money on its way back; written before the gateway is asked, so that a crash loses none.

    `state` is one of `billing.orders.states.RefundState`.
    """

    __tablename__ = "refunds"
    id: Mapped[Key]
    payment_id: Mapped[Ref] = mapped_column(ForeignKey("payments.id"), index=True)
    gateway_refund_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    amount: Mapped[Paise]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[Word] = mapped_column(index=True)
    reason: Mapped[Word]
    note: Mapped[str] = mapped_column(String(200), default="")
    requested_by: Mapped[MaybeRef]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[Millis]
    created_at: Mapped[Millis]
    processed_at: Mapped[MaybeMillis]


class Enrolment(Base):
    """A student's access to a class. A student has one active enrolment in a class.

    `kind`: paid, free, coupon, trial; `ended_reason`: refunded, cancelled, expired, disputed,
    upgraded.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        Index(
            "uq_enrolments_active",
            "user_id",
            "class_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )
    id: Mapped[Key]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    class_id: Mapped[Ref] = mapped_column(ForeignKey("classes.id"), index=True)
    order_id: Mapped[str | None] = mapped_column(String(64), ForeignKey("orders.id"), unique=True)
    kind: Mapped[Word]
    created_at: Mapped[Millis]
    expires_at: Mapped[MaybeMillis]
    ended_at: Mapped[MaybeMillis] = mapped_column(index=True)
    ended_reason: Mapped[str | None] = mapped_column(String(40))

    def is_active(self, now: int) -> bool:
        """Whether it opens its class now (ms)."""
        return self.ended_at is None and (self.expires_at is None or self.expires_at > now)

    @classmethod
    def active(cls, now: int) -> ColumnElement[bool]:
        """The same as a condition of a query."""
        return cls.ended_at.is_(None) & or_(cls.expires_at.is_(None), cls.expires_at > now)

    @classmethod
    def run_out(cls, now: int) -> ColumnElement[bool]:
        """A condition for enrolments whose time is over, but that have not been ended."""
        return cls.ended_at.is_(None) & (cls.expires_at <= now)


class ReceiptCounter(Base):
    """The last number of a series; moved in the transaction that issues it: no gaps."""

    __tablename__ = "receipt_counters"
    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int]


class Receipt(Base):
    """An invoice or a credit note as it was issued; `data` is all that is printed."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("series", "sequence"),)
    id: Mapped[Key]
    number: Mapped[str] = mapped_column(String(40), unique=True)
    series: Mapped[str] = mapped_column(String(40))
    sequence: Mapped[int]
    kind: Mapped[Word]
    order_id: Mapped[Ref] = mapped_column(ForeignKey("orders.id"), index=True)
    refund_id: Mapped[str | None] = mapped_column(String(64), ForeignKey("refunds.id"), unique=True)
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    data: Mapped[Data]
    issued_at: Mapped[Millis]
