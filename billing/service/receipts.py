"""Receipts, that is invoices and credit notes: issued inside the transaction that takes or returns
the money, and read by those whom they concern."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from billing.context import Context
from billing.errors import NotFoundError
from billing.receipts import tax
from billing.receipts.document import (
    Buyer,
    Document,
    Item,
    Returned,
    Seller,
    credit_note,
    number_of,
    series_of,
    split_of,
)
from billing.settings import BillingSettings
from billing.store.queries import behind
from billing.store.tables import (
    Class,
    Guardian,
    Order,
    Payment,
    Receipt,
    ReceiptCounter,
    Refund,
    User,
)


def supply_to(settings: BillingSettings, buyer_state: str | None) -> tax.Supply:
    """The supply to a buyer of that state, by which quotes and invoices are taxed."""
    rate = round(settings.gst_percent * 1000)
    return tax.Supply(settings.seller_gstin, rate, settings.seller_state, buyer_state)


async def issue_invoice(
    session: AsyncSession, settings: BillingSettings, order: Order, payment: Payment, now: int
) -> Receipt:
    """The invoice of a paid order; the same again when it has been issued.

    Call it inside the transaction that records the payment, after the order is locked: its number
    is given back when that rolls back. `now` in ms.
    """
    issued = await _invoice_of(session, order.id)
    if issued is not None:
        return issued
    buyer = await session.get_one(User, order.user_id)
    bought = await session.get_one(Class, order.class_id)
    supply = supply_to(settings, buyer.state)
    series = series_of("invoice", now, settings.seller_zone)
    sequence = await _next(session, series)
    document = Document(
        kind="invoice",
        number=number_of(series, sequence),
        issued_at=now,
        zone=settings.seller_zone,
        seller=_seller(settings, supply),
        buyer=Buyer(name=buyer.name, email=buyer.email, state=buyer.state),
        item=_item(settings, order, bought, payment),
        split=split_of(tax.included(payment.amount, supply), supply),
        order_id=order.id,
        payment_id=payment.id,
    )
    return await _keep(session, document, series, sequence, order.user_id)


async def issue_credit_note(
    session: AsyncSession, settings: BillingSettings, refund: Refund, now: int
) -> Receipt | None:
    """The credit note of a processed refund; the same again when it has been issued.

    None when the money was never invoiced (a second payment, a full class). Call it inside the
    transaction that records the refund, after the order is locked.
    """
    found = await session.scalar(select(Receipt).where(Receipt.refund_id == refund.id))
    if found is not None:
        return found
    payment = await session.get_one(Payment, refund.payment_id)
    row = await _invoice_of(session, payment.order_id)
    if row is None or row.data["payment_id"] != payment.id:
        return None
    invoice = Document.model_validate(row.data)
    before = await _credited_before(session, row.order_id)
    series = series_of("credit_note", now, settings.seller_zone)
    sequence = await _next(session, series)
    document = credit_note(
        invoice,
        number_of(series, sequence),
        Returned(refund.id, refund.amount, before, refund.reason),
        now,
    )
    return await _keep(session, document, series, sequence, row.user_id)


async def _invoice_of(session: AsyncSession, order_id: str) -> Receipt | None:
    return await session.scalar(
        select(Receipt).where(Receipt.order_id == order_id, Receipt.kind == "invoice")
    )


async def _credited_before(session: AsyncSession, order_id: str) -> int:
    """The sum that credit notes have taken back of an order's invoice so far; paise."""
    notes = await session.scalars(
        select(Receipt).where(Receipt.order_id == order_id, Receipt.kind == "credit_note")
    )
    return sum(Document.model_validate(note.data).item.total for note in notes)


async def _next(session: AsyncSession, series: str) -> int:
    """The next number of a series. Its row stays locked to the end of the transaction, so that
    numbers are given in order and a rollback leaves no gap."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    moved = (
        insert(ReceiptCounter)
        .values(series=series, last=1)
        .on_conflict_do_update(
            index_elements=[ReceiptCounter.series], set_={"last": ReceiptCounter.last + 1}
        )
        .returning(ReceiptCounter.last)
    )
    return (await session.execute(moved)).scalar_one()


async def _keep(
    session: AsyncSession, document: Document, series: str, sequence: int, user_id: str
) -> Receipt:
    receipt = Receipt(
        id=document.number,
        number=document.number,
        series=series,
        sequence=sequence,
        kind=document.kind,
        order_id=document.order_id,
        refund_id=document.refund_id,
        user_id=user_id,
        data=document.model_dump(),
        issued_at=document.issued_at,
    )
    session.add(receipt)
    await session.flush()
    return receipt


def _seller(settings: BillingSettings, supply: tax.Supply) -> Seller:
    return Seller(
        name=settings.seller_name,
        address=settings.seller_address,
        gstin=settings.seller_gstin,
        state=supply.origin,
    )


def _item(settings: BillingSettings, order: Order, bought: Class, payment: Payment) -> Item:
    return Item(
        class_id=bought.id,
        title=bought.title,
        hsn_sac=settings.hsn_sac,
        list_price=order.list_price,
        discount=order.list_price - payment.amount,
        coupon=order.coupon_code,
        total=payment.amount,
        currency=payment.currency,
    )


# Reading them


async def read(context: Context, user_id: str, role: str, number: str) -> Document:
    """A receipt's document; raises NotFoundError when there is none, or not for this person."""
    query = select(Receipt).where(Receipt.number == number, _may_read(user_id, role))
    async with context.db.reading() as session:
        receipt = await session.scalar(query)
    if receipt is None:
        raise NotFoundError("no_receipt", "There is no such receipt for your account.")
    return Document.model_validate(receipt.data)


async def of_person(context: Context, user_id: str, limit: int, cursor: str) -> Sequence[Receipt]:
    """A person's receipts and those of linked students, the newest first, behind the cursor."""
    query = (
        select(Receipt)
        .where(or_(Receipt.user_id == user_id, _is_of_child(user_id)))
        .order_by(Receipt.issued_at.desc(), Receipt.id.desc())
        .limit(limit)
    )
    if cursor:
        query = query.where(behind(cursor, Receipt.issued_at, Receipt.id))
    async with context.db.reading() as session:
        return (await session.scalars(query)).all()


def _may_read(user_id: str, role: str) -> ColumnElement[bool]:
    if role == "admin":
        return true()
    taught = (
        select(Class.id)
        .join(Order, Order.class_id == Class.id)
        .where(Order.id == Receipt.order_id, Class.teacher_id == user_id)
        .exists()
    )
    return or_(Receipt.user_id == user_id, _is_of_child(user_id), taught)


def _is_of_child(user_id: str) -> ColumnElement[bool]:
    return (
        select(Guardian.student_id)
        .where(Guardian.parent_id == user_id, Guardian.student_id == Receipt.user_id)
        .exists()
    )
