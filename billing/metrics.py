"""Billing's metrics for Prometheus: rows counted by a job, and events since the start."""

from collections.abc import Iterator, Mapping

from sqlalchemy import func, select

from billing.context import Context
from billing.orders.states import OrderState, PaymentState, RefundState
from billing.store.tables import Enrolment, Order, Payment, Refund
from common.metrics import Family, by_label, single

_BY_LABEL = (
    ("orders", "Orders by state now", "gauge", "state", "orders:"),
    ("payments", "Payments by state now", "gauge", "state", "payments:"),
    ("refunds", "Refunds by state now", "gauge", "state", "refunds:"),
    ("refusals", "Refused requests by error code", "counter", "code", "refused:"),
    ("facts", "What was told of money, by the row that decided", "counter", "row", "fact:"),
    ("job_failures", "Turns of jobs that failed", "counter", "job", "job_failed:"),
)
_SINGLE = (
    ("enrolments", "Enrolments that have not ended", "gauge", "enrolments"),
    ("disputes", "Payments with an open dispute", "gauge", "disputes"),
    ("webhooks", "Webhooks with a valid signature", "counter", "webhook_received"),
    ("webhooks_forged", "Webhooks with a wrong signature", "counter", "webhook_forged"),
    ("proofs_forged", "Proofs of payment with a wrong signature", "counter", "verify_forged"),
    ("refund_failures", "Refunds the gateway could not be asked", "counter", "refund_try_failed"),
    ("mail_failures", "Letters that were not taken", "counter", "mail_failed"),
    ("failures", "Requests that ended in a fault of the server", "counter", "request_failed"),
)


def billing_metrics(counts: Mapping[str, int]) -> Iterator[Family]:
    """Billing's counts as families: gauges of the rows there are, counters since the start."""
    for name, text, kind, label, prefix in _BY_LABEL:
        values = {
            key.removeprefix(prefix): value
            for key, value in counts.items()
            if key.startswith(prefix)
        }
        yield by_label(f"liveclass_billing_{name}", text, kind, label, values)
    for name, text, kind, key in _SINGLE:
        yield single(f"liveclass_billing_{name}", text, kind, counts.get(key, 0))


_TABLES = (
    ("orders", Order.state, OrderState),
    ("payments", Payment.state, PaymentState),
    ("refunds", Refund.state, RefundState),
)


async def count_rows(context: Context) -> None:
    """Counts orders, payments, refunds and enrolments anew, those of other processes and earlier
    runs, too."""
    found: dict[str, int] = {}
    async with context.db.reading() as session:
        for name, column, states in _TABLES:
            rows = await session.execute(select(column, func.count()).group_by(column))
            found |= {f"{name}:{state}": 0 for state in states}
            found |= {f"{name}:{state}": count for state, count in rows}
        active = select(func.count()).where(Enrolment.ended_at.is_(None))
        found["enrolments"] = await session.scalar(active) or 0
        disputed = select(func.count()).where(Payment.dispute == "open")
        found["disputes"] = await session.scalar(disputed) or 0
    for key, count in found.items():
        context.counts[key] = count
