"""A seller with a paid order, as tests of receipts need it."""

from sqlalchemy.ext.asyncio import AsyncSession

from billing.accounts.sessions import mint_session
from billing.context import Context
from billing.routes.keys import SESSION_KEY
from billing.routes.session import COOKIE
from billing.service.receipts import issue_credit_note, issue_invoice
from billing.store.tables import Guardian, Order, Payment, Receipt, Refund
from tests.billing.receipts.samples import GSTIN
from tests.billing.support import NOW, new_class, user
from tests.billing.web import Client, Site

SELLER = {"seller_name": "Bright Lessons", "seller_gstin": GSTIN, "seller_state": "29"}


async def furnish(context: Context) -> None:
    """Two teachers with a class each, two students, a parent of the first, an admin."""
    async with context.db.writing() as session:
        session.add_all([user("tara", "teacher"), user("tom", "teacher"), user("root", "admin")])
        session.add_all([user("asha", state="27"), user("ben"), user("mum", "parent")])
        await session.flush()
        session.add_all([new_class("maths", "tara"), new_class("music", "tom")])
        session.add(Guardian(parent_id="u-mum", student_id="u-asha", created_at=NOW))


def order(number: int, student: str = "asha", class_id: str = "maths", **values: object) -> Order:
    fields: dict[str, object] = {
        "id": f"o-{number:016x}",
        "gateway_order_id": f"order_{number:014}",
        "user_id": f"u-{student}",
        "class_id": class_id,
        "list_price": 149_900,
        "amount": 149_900,
        "currency": "INR",
        "state": "paid",
        "created_at": NOW + number,
        "expires_at": NOW + 1_800_000,
        **values,
    }
    return Order(**fields)


def payment(number: int, of: Order, **values: object) -> Payment:
    fields: dict[str, object] = {
        "id": f"pay_{number:014}",
        "order_id": of.id,
        "amount": of.amount,
        "currency": of.currency,
        "state": "captured",
        "confirmed": True,
        "created_at": of.created_at,
        **values,
    }
    return Payment(**fields)


def refund(number: int, of: Payment, amount: int, **values: object) -> Refund:
    fields: dict[str, object] = {
        "id": f"r-{number:016x}",
        "payment_id": of.id,
        "amount": amount,
        "currency": of.currency,
        "state": "processed",
        "reason": "requested",
        "next_try_at": NOW,
        "created_at": NOW,
        "processed_at": NOW,
        **values,
    }
    return Refund(**fields)


async def pay(session: AsyncSession, context: Context, number: int, **values: object) -> Receipt:
    """A paid order with its invoice."""
    bought = order(number, **values)  # type: ignore[arg-type]
    session.add(bought)
    await session.flush()
    paid = payment(number, bought)
    session.add(paid)
    await session.flush()
    return await issue_invoice(session, context.settings, bought, paid, context.now())


async def give_back(
    session: AsyncSession, context: Context, number: int, amount: int
) -> Receipt | None:
    """A processed refund of the payment of this number, with its note."""
    paid = await session.get_one(Payment, f"pay_{number:014}")
    count = await session.run_sync(lambda s: s.query(Refund).count())
    sent = refund(count + 1, paid, amount)
    session.add(sent)
    await session.flush()
    return await issue_credit_note(session, context.settings, sent, context.now())


async def signed_in(site: Site, name: str) -> Client:
    """A browser with the session of one of the furnished people."""
    client = await site.browser()
    key = site.server.app[SESSION_KEY]
    token = mint_session(key, f"u-{name}", 0, site.context.now())
    client.session.cookie_jar.update_cookies({COOKIE: token}, client.make_url("/"))
    return client
