"""A transaction that changes the books: its ledger entries, its notices, the jobs it wakes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.orders.ledger import Entry, EntryKind
from billing.service import notices
from billing.service.purchase import Purchase
from billing.store.database import transact
from billing.store.tables import LedgerEntry, Order

Result = TypeVar("Result")


@dataclass(slots=True)
class Change:
    """The collected changes of a transaction; `woken`: jobs to wake once it is committed."""

    session: AsyncSession
    context: Context
    source: str
    now: int
    entries: list[tuple[Entry, Purchase]] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)

    def book(self, purchase: Purchase, kind: EntryKind, subject: str, amount: int = 0) -> None:
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

    def tell(self, purchase: Purchase, kind: str, text: str) -> None:
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


async def in_one_change(
    context: Context, source: str, work: Callable[[Change], Awaitable[Result]]
) -> Result:
    """Does the work in one transaction, anew when another one was faster; wakes jobs after it."""
    woken: set[str] = set()

    async def run(session: AsyncSession) -> Result:
        change = Change(session, context, source, context.now())
        result = await work(change)
        woken.update(change.woken)
        return result

    result = await transact(context.db, run)
    for name in sorted(woken):
        context.wake(name)
    return result
