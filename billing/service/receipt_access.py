"""Receipts as people read them: one's own, of linked students, of classes one teaches."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select, true

from billing.context import Context
from billing.errors import NotFoundError
from billing.receipts.document import Document
from billing.store.keyset import behind
from billing.store.tables import Class, Guardian, Order, Receipt


async def read(context: Context, user_id: str, role: str, number: str) -> Document:
    """What a receipt says; raises NotFoundError when there is none, or not for this person."""
    query = select(Receipt).where(Receipt.number == number, _may_read(user_id, role))
    async with context.db.reading() as session:
        receipt = await session.scalar(query)
    if receipt is None:
        raise NotFoundError("no_receipt", "There is no such receipt for your account.")
    return Document.model_validate(receipt.data)


async def of_person(context: Context, user_id: str, limit: int, cursor: str) -> Sequence[Receipt]:
    """One's own and those of linked students, the newest first, from behind the cursor."""
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
