"""Cancelling a class: all enrolments end, and all who paid get their money back.

The state is written first; a job then asks for the refunds, payment by payment, so no request waits
for them and none is left out by a crash.
"""

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalogue.classes import ClassState, Step
from billing.context import Context
from billing.errors import ConflictError
from billing.service.classes import close
from billing.service.notices import tell
from billing.service.purchase import payments_left
from billing.service.refunds import request_refund
from billing.service.rights import Asker
from billing.store.tables import Class, Enrolment, Order, Payment
from common.logs import get_logger

JOB = "cancellations"
AT_ONCE = 200

log = get_logger(__name__)


async def cancel(context: Context, asker: Asker, class_id: str) -> None:
    """Raises ConflictError for a class that is over."""
    async with context.db.writing() as session:
        class_ = await close(session, context, asker, class_id, Step.CANCEL)
        await _end_unpaid(session, context, class_)
    log.info("class.cancelled", room=class_id, by=asker.id)
    context.wake("entry")
    context.wake(JOB)


async def _end_unpaid(session: AsyncSession, context: Context, class_: Class) -> None:
    """Ends the enrolments that no money opened; a refund ends the others."""
    query = (
        update(Enrolment)
        .where(
            Enrolment.class_id == class_.id,
            Enrolment.ended_at.is_(None),
            Enrolment.kind != "paid",
        )
        .values(ended_at=context.now(), ended_reason="cancelled")
        .returning(Enrolment.user_id)
    )
    for user_id in list(await session.scalars(query)):
        tell(session, context, user_id, "cancelled", f"{class_.title} was cancelled.", class_.id)


async def refund_cancelled(context: Context) -> None:
    """Asks for the refunds of cancelled classes that have not been asked for."""
    while True:
        async with context.db.reading() as session:
            due = list(await session.scalars(_unreturned()))
        done = [await _refund(context, payment_id) for payment_id in due]
        if len(due) < AT_ONCE or not any(done):
            return


def _unreturned() -> Select[str]:
    """Payments of which something was taken and is not on its way back; one in dispute waits
    for the bank's decision."""
    return (
        select(Payment.id)
        .join(Order, Order.id == Payment.order_id)
        .join(Class, Class.id == Order.class_id)
        .where(
            Class.state == ClassState.CANCELLED,
            Payment.state == "captured",
            func.coalesce(Payment.dispute, "") != "open",
            payments_left() > 0,
        )
        .order_by(Payment.created_at)
        .limit(AT_ONCE)
    )


async def _refund(context: Context, payment_id: str) -> bool:
    try:
        await request_refund(context, payment_id, None, "class_cancelled", "", None)
    except ConflictError:
        return False  # a refund of it has just been asked for elsewhere
    return True
