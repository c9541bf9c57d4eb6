"""Tables of people."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from billing.store.columns import Base, Key, MaybeMillis, Millis, Ref, Word


class User(Base):
    """A person with an account. `epoch` grows when all sessions shall end; `state` is the GST
    code of the buyer's state, as "29"."""

    __tablename__ = "users"
    id: Mapped[Key]
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    role: Mapped[Word]
    password_hash: Mapped[str] = mapped_column(String(200))
    state: Mapped[str | None] = mapped_column(String(2))
    epoch: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[Millis]
    disabled_at: Mapped[MaybeMillis]


class Guardian(Base):
    """A parent linked to a student."""

    __tablename__ = "guardians"
    parent_id: Mapped[str] = mapped_column(String(64), ForeignKey("users.id"), primary_key=True)
    student_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("users.id"), primary_key=True, index=True
    )
    created_at: Mapped[Millis]


class Notice(Base):
    """Something a person is told about their money or their class."""

    __tablename__ = "notices"
    id: Mapped[Key]
    user_id: Mapped[Ref] = mapped_column(ForeignKey("users.id"), index=True)
    class_id: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[Word]
    text: Mapped[str] = mapped_column(String(500))
    created_at: Mapped[Millis]
    read_at: Mapped[MaybeMillis]
