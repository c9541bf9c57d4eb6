"""Tables of the catalogue: classes, their assistants, coupons."""

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from billing.store.columns import Base, Data, Key, MaybeMillis, Millis, Paise, Ref, Word


class Class(Base):
    """A class of the catalogue; its id is the id of the live class. A price of 0 is free.

    `schedule` is that of `billing.catalogue.schedule`; an enrolment opens the class for
    `access_days` (None: to its end); `trial_minutes`: 0 is no trial; `live_since` is set while the
    teacher teaches.
    """

    __tablename__ = "classes"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price"),
        CheckConstraint("seats IS NULL OR seats > 0", name="seats"),
    )
    id: Mapped[Key]
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text)
    teacher_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    price: Mapped[Paise]
    currency: Mapped[str] = mapped_column(String(3))
    seats: Mapped[int | None]
    image_url: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[Word] = mapped_column(index=True)
    schedule: Mapped[Data]
    trial_minutes: Mapped[int] = mapped_column(default=0)
    access_days: Mapped[int | None]
    live_since: Mapped[MaybeMillis]
    created_at: Mapped[Millis]
    updated_at: Mapped[Millis]


class Assistant(Base):
    """A person who helps in a class and enters it free."""

    __tablename__ = "assistants"
    class_id: Mapped[str] = mapped_column(String(64), ForeignKey("classes.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("users.id"), primary_key=True, index=True
    )
    created_at: Mapped[Millis]


class Coupon(Base):
    """A discount. `kind` percent: `value` is 1 to 100; amount: paise. No class: for all of its
    teacher's, or of everybody's when an admin made it. `max_uses` None: no limit; each person
    once in any case."""

    __tablename__ = "coupons"
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    class_id: Mapped[str | None] = mapped_column(String(64), ForeignKey("classes.id"), index=True)
    kind: Mapped[Word]
    value: Mapped[Paise]
    max_uses: Mapped[int | None]
    expires_at: Mapped[MaybeMillis]
    created_by: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[Millis]
    disabled_at: Mapped[MaybeMillis]
