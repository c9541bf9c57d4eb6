"""The ledger's sums are always the gateway's takings less its refunds, whatever happens to money,
and the receipts are of the same amounts."""

import asyncio
import csv
import io
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from billing.context import Context
from billing.errors import BillingError, GatewayError
from billing.receipts.document import Document, number_of
from billing.service import checkout, journal, reports
from billing.service.payment_facts import settle
from billing.service.refunds import request_refund, run_refunds
from billing.service.reports import Span
from billing.service.verify import Proof, verify
from billing.store.tables import Order, Receipt
from tests.billing import seller
from tests.billing.support import MINUTE, Clock, MemoryGateway, make_context
from tests.support.thorough import tries

pytestmark = pytest.mark.sweep

PEOPLE = st.sampled_from((("asha", "maths"), ("asha", "music"), ("ben", "maths")))
AMOUNTS = st.sampled_from((None, None, None, 100, 149_901))  # None: as asked
STEPS = st.one_of(
    st.tuples(st.just("pay"), PEOPLE, AMOUNTS),
    st.tuples(st.just("promise"), PEOPLE, st.none()),
    st.tuples(st.just("refund"), PEOPLE, st.sampled_from((None, 1, 33_333, 100_000))),
    st.tuples(st.just("send"), st.none(), st.none()),
)
Step = tuple[str, tuple[str, str] | None, int | None]


class Story:
    """Steps on a context; the gateway's books are the judge."""

    def __init__(self, context: Context) -> None:
        assert isinstance(context.gateway, MemoryGateway)
        self.context = context
        self.gateway = context.gateway

    async def take(self, step: Step) -> None:
        """A step; what is refused changes nothing."""
        kind, person, amount = step
        assert isinstance(self.context.now, Clock)
        self.context.now.advance(MINUTE)
        if person is None:
            await run_refunds(self.context)
            return
        name, class_id = person
        try:
            if kind == "refund":
                await self._refund(f"u-{name}", class_id, amount)
            else:
                await self._pay(f"u-{name}", class_id, amount, confirmed=kind == "pay")
        except GatewayError:
            raise
        except BillingError:
            return

    async def _pay(
        self, user_id: str, class_id: str, amount: int | None, *, confirmed: bool
    ) -> None:
        """Pays; and once more on the same order, as from another tab, where it is refused."""
        order_id = await self._order(user_id, class_id)
        payment = self.gateway.pay(order_id, amount)
        if confirmed:
            await settle(self.context, payment, "reconcile")
            return
        self.gateway.broken = True
        try:
            proof = Proof(order_id, payment.id, self.gateway.sign(order_id, payment.id))
            await verify(self.context, user_id, proof)
        finally:
            self.gateway.broken = False

    async def _order(self, user_id: str, class_id: str) -> str:
        made: Order | None
        try:
            made = (await checkout.order(self.context, user_id, class_id, None)).order
        except BillingError:
            query = select(Order).where(Order.user_id == user_id, Order.class_id == class_id)
            async with self.context.db.reading() as session:
                made = (await session.scalars(query.order_by(Order.created_at.desc()))).first()
        assert made is not None
        assert made.gateway_order_id is not None
        return made.gateway_order_id

    async def _refund(self, user_id: str, class_id: str, amount: int | None) -> None:
        search = reports.OrderFilter(class_id=class_id)
        for found in await reports.orders(self.context, search, 100, ""):
            if found.student.id == user_id and found.payments:
                payment_id = found.payments[0].id
                await request_refund(self.context, payment_id, amount, "requested", "", "u-root")

    async def finish(self) -> None:
        """Everything is confirmed and sent back that shall be."""
        for payment in list(self.gateway.payments.values()):
            await settle(self.context, payment, "reconcile")
        await run_refunds(self.context)

    @property
    def kept(self) -> int:
        """The gateway's takings less its refunds."""
        taken = sum(payment.amount for payment in self.gateway.payments.values())
        return taken - sum(refund.amount for refund in self.gateway.refunds.values())


async def balance(context: Context) -> tuple[Decimal, Decimal]:
    """The export's last balance, and the sum of its amounts."""
    lines = "".join([text async for text in journal.lines(context, Span())])
    rows = list(csv.DictReader(io.StringIO(lines, newline="")))
    last = Decimal(rows[-1]["balance"]) if rows else Decimal(0)
    return last, sum((Decimal(row["amount"]) for row in rows), Decimal(0))


async def documents(context: Context) -> list[Document]:
    async with context.db.reading() as session:
        found = await session.scalars(select(Receipt).order_by(Receipt.series, Receipt.sequence))
        return [Document.model_validate(receipt.data) for receipt in found]


def assert_no_gap(numbers: Sequence[str]) -> None:
    for series in ("INV/25-26", "CN/25-26"):
        own = [number for number in numbers if number.startswith(series)]
        assert own == [number_of(series, n) for n in range(1, len(own) + 1)]


def assert_documents_follow_money(found: Sequence[Document], gateway: MemoryGateway) -> None:
    """An invoice is of what was taken; its notes are of what was sent back of that payment."""
    notes = [document for document in found if document.kind == "credit_note"]
    for invoice in (document for document in found if document.kind == "invoice"):
        assert invoice.item.total == gateway.payments[invoice.payment_id].amount
        returned = [one for one in gateway.refunds.values() if one.payment_id == invoice.payment_id]
        own = [note for note in notes if note.against and note.against.number == invoice.number]
        assert sum(note.item.total for note in own) == sum(one.amount for one in returned)
        if sum(note.item.total for note in own) == invoice.item.total:
            assert sum(note.split.taxable for note in own) == invoice.split.taxable


async def check(steps: list[Step], folder: Path) -> None:
    async with make_context(folder, **seller.SELLER) as context:
        await seller.furnish(context)
        story = Story(context)
        for step in steps:
            await story.take(step)
        await story.finish()
        assert await journal.mismatches(context) == []
        last, total = await balance(context)
        assert last == total == Decimal(story.kept) / 100
        _, classes = await reports.totals(context, Span())
        assert sum(one.paid - one.refunded for one in classes) == story.kept
        found = await documents(context)
        assert_no_gap([document.number for document in found])
        assert_documents_follow_money(found, story.gateway)


@given(st.lists(STEPS, max_size=10))
@settings(max_examples=tries(40), deadline=None)
def test_the_ledger_is_payments_less_refunds(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(steps, Path(folder)))


async def test_a_ledger_that_tells_something_else_is_found(tmp_path: Path) -> None:
    async with make_context(tmp_path, **seller.SELLER) as context:
        await seller.furnish(context)
        story = Story(context)
        await story.take(("pay", ("asha", "maths"), None))
        assert await journal.mismatches(context) == []
        async with context.db.writing() as session:
            await session.execute(text("UPDATE payments SET amount = amount - 1"))
        assert await journal.mismatches(context) == [
            journal.Mismatch("pay_00000000000001", 149_900, 149_899)
        ]
