"""Tables that only grow; triggers of the database refuse anything else."""

from sqlalchemy import BigInteger, Connection, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from billing.store.columns import Base, MaybeRef, Millis, Paise, Word

JOURNAL = ("gateway_events", "ledger")

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()
"""
_Number = BigInteger().with_variant(Integer, "sqlite")


class GatewayEvent(Base):
    """A message of the gateway as it came, and what it led to."""

    __tablename__ = "gateway_events"
    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    event_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(60))
    source: Mapped[Word]
    body: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(60))
    received_at: Mapped[Millis]


class LedgerEntry(Base):
    """An event that happened to money or to an enrolment. `amount` is signed: money that came is
    positive. `key` says what happened to what: the same cannot be written twice."""

    __tablename__ = "ledger"
    number: Mapped[int] = mapped_column(_Number, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    at: Mapped[Millis] = mapped_column(index=True)
    kind: Mapped[Word]
    amount: Mapped[Paise]
    currency: Mapped[str] = mapped_column(String(3))
    user_id: Mapped[MaybeRef] = mapped_column(index=True)
    class_id: Mapped[MaybeRef] = mapped_column(index=True)
    order_id: Mapped[MaybeRef] = mapped_column(index=True)
    payment_id: Mapped[MaybeRef]
    refund_id: Mapped[MaybeRef]
    source: Mapped[Word]
    event: Mapped[int | None] = mapped_column(_Number, ForeignKey("gateway_events.number"))
    note: Mapped[str] = mapped_column(String(200), default="")


def keep_journal(connection: Connection) -> None:
    """Makes the triggers; call it once, in a migration."""
    if connection.dialect.name == "sqlite":
        for table in JOURNAL:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(_SQLITE.format(table=table, verb=verb))
        return
    connection.exec_driver_sql(_FUNCTION)
    for table in JOURNAL:
        connection.exec_driver_sql(_POSTGRES.format(table=table))
