"""How many orders, payments, refunds and enrolments there are, for the metrics."""

from sqlalchemy import func, select

from billing.context import Context
from billing.orders.states import OrderState, PaymentState, RefundState
from billing.store.tables import Enrolment, Order, Payment, Refund

OPEN_DISPUTE = "open"
_TABLES = (
    ("orders", Order.state, OrderState),
    ("payments", Payment.state, PaymentState),
    ("refunds", Refund.state, RefundState),
)


async def refresh(context: Context) -> None:
    """Counts them anew in the context's counts: other processes and earlier runs count, too."""
    found: dict[str, int] = {}
    async with context.db.reading() as session:
        for name, column, states in _TABLES:
            rows = await session.execute(select(column, func.count()).group_by(column))
            found |= {f"{name}:{state}": 0 for state in states}
            found |= {f"{name}:{state}": count for state, count in rows}
        active = select(func.count()).where(Enrolment.ended_at.is_(None))
        found["enrolments"] = await session.scalar(active) or 0
        disputed = select(func.count()).where(Payment.dispute == OPEN_DISPUTE)
        found["disputes"] = await session.scalar(disputed) or 0
    for key, count in found.items():
        context.counts[key] = count
