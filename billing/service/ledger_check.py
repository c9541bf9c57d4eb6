"""Whether the ledger agrees with what is known of payments and refunds."""

from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.orders.ledger import EntryKind
from billing.orders.states import PaymentState, RefundState
from billing.store.tables import LedgerEntry, Payment, Refund

_TAKEN = (PaymentState.CAPTURED, PaymentState.REFUNDED)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A payment of which the ledger tells something else; paise that came less what went back."""

    payment_id: str
    ledger: int
    expected: int


async def mismatches(context: Context) -> list[Mismatch]:
    """Empty when every payment's entries add up to what was taken less what was sent back.

    Charge-backs are the ledger's alone, and so is money of orders that are not ours.
    """
    async with context.db.reading() as session:
        ledger = await _by_ledger(session)
        expected = await _by_tables(session)
    return [
        Mismatch(payment_id, ledger.get(payment_id, 0), amount)
        for payment_id, amount in sorted(expected.items())
        if ledger.get(payment_id, 0) != amount
    ]


async def _by_ledger(session: AsyncSession) -> dict[str, int]:
    entry = LedgerEntry
    kinds = (EntryKind.CAPTURED, EntryKind.REFUNDED)
    query = (
        select(entry.payment_id, func.sum(entry.amount))
        .where(entry.kind.in_(kinds), entry.payment_id.is_not(None))
        .group_by(entry.payment_id)
    )
    return {payment_id or "": int(amount) for payment_id, amount in await session.execute(query)}


async def _by_tables(session: AsyncSession) -> dict[str, int]:
    returned = (
        select(func.coalesce(func.sum(Refund.amount), 0))
        .where(Refund.payment_id == Payment.id, Refund.state == RefundState.PROCESSED)
        .scalar_subquery()
    )
    is_taken = Payment.state.in_(_TAKEN) & Payment.confirmed
    query = select(Payment.id, case((is_taken, Payment.amount), else_=0) - returned)
    return {payment_id: int(amount) for payment_id, amount in await session.execute(query)}
