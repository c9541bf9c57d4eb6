"""Billing's metrics for Prometheus."""

from pathlib import Path

from billing.context import Context
from billing.metrics import billing_metrics, count_rows
from billing.store.tables import Enrolment, Order, Payment, Refund
from tests.billing.support import DAY, NOW, make_context, new_class, user
from tests.billing.web import refused, site
from tests.support.scrapes import Samples, samples_of, sources, value


async def told(context: Context) -> Samples:
    """The samples of a scrape."""
    all_sources = sources()
    all_sources.billing = lambda: billing_metrics(context.counts)
    return await samples_of(all_sources)


async def sell(context: Context) -> None:
    """Two orders: one paid and disputed, with a refund that is due; one open."""
    async with context.db.writing() as session:
        session.add_all([user("ravi"), user("asha", "teacher")])
        await session.flush()
        session.add_all([new_class("maths", "asha"), new_class("physics", "asha")])
        await session.flush()
        shared = {"user_id": "u-ravi", "list_price": 5, "amount": 5, "currency": "INR"}
        times = {"created_at": NOW, "expires_at": NOW + DAY}
        session.add(Order(id="o-1", class_id="maths", state="paid", **shared, **times))
        session.add(Order(id="o-2", class_id="physics", state="open", **shared, **times))
        await session.flush()
        money = {"amount": 5, "currency": "INR", "created_at": NOW}
        session.add(
            Payment(
                id="pay_1",
                order_id="o-1",
                state="captured",
                confirmed=True,
                dispute="open",
                **money,
            )
        )
        await session.flush()
        session.add(
            Refund(
                id="r-1", payment_id="pay_1", state="due", reason="other", next_try_at=NOW, **money
            )
        )
        session.add(
            Enrolment(id="e-1", user_id="u-ravi", class_id="maths", kind="paid", created_at=NOW)
        )


async def test_orders_payments_refunds_by_state(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context:
        await sell(context)
        await count_rows(context)
        samples = await told(context)
        assert value(samples, "billing_orders", state="paid") == 1
        assert value(samples, "billing_orders", state="open") == 1
        assert value(samples, "billing_orders", state="expired") == 0
        assert value(samples, "billing_payments", state="captured") == 1
        assert value(samples, "billing_refunds", state="due") == 1
        assert value(samples, "billing_enrolments") == 1
        assert value(samples, "billing_disputes") == 1
        async with context.db.writing() as session:
            (await session.get_one(Refund, "r-1")).state = "processed"
        await count_rows(context)
        samples = await told(context)
        assert value(samples, "billing_refunds", state="due") == 0
        assert value(samples, "billing_refunds", state="processed") == 1


async def test_refusals_by_code(tmp_path: Path) -> None:
    async with make_context(tmp_path) as context, site(context) as web:
        browser = await web.browser()
        for _ in range(2):
            await refused(await browser.get("/api/me/notices"), 401)
        context.counts["job_failed:refunds"] += 1
        samples = await told(context)
        assert value(samples, "billing_refusals_total", code="not_signed_in") == 2
        assert value(samples, "billing_job_failures_total", job="refunds") == 1
        assert value(samples, "billing_mail_failures_total") == 0
        assert value(samples, "billing_failures_total") == 0
