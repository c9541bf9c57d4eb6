"""Sandbox and real money never share books; letters that nobody gets are warned of."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from billing.gateway.emulator.service import FILE
from billing.gateway.emulator.store import Store
from billing.going_live import check_going_live
from billing.settings import BillingSettings
from billing.store.tables import Order
from common.config import ConfigError
from tests.billing.support import NOW, make_context, new_class, settings, user

KEYS = {
    "razorpay_key_id": "rzp_live_x",
    "razorpay_key_secret": "secret",
    "razorpay_webhook_secret": "hook",
}


def order(gateway_order_id: str) -> Order:
    return Order(
        id=f"o-{gateway_order_id}",
        gateway_order_id=gateway_order_id,
        user_id="u-ravi",
        class_id="maths",
        list_price=100,
        amount=100,
        currency="INR",
        state="expired",
        created_at=NOW,
        expires_at=NOW,
    )


def sandbox_with(folder: Path, *order_ids: str) -> None:
    store = Store(folder / FILE)
    for order_id in order_ids:
        store.put({"entity": "order", "id": order_id})
    store.close()


def live(tmp_path: Path, **values: object) -> BillingSettings:
    return settings(tmp_path, **KEYS, **values)


@pytest.mark.parametrize(("known", "refused"), [("order_a", True), ("order_z", False)])
async def test_a_database_of_the_sandbox_is_refused_with_real_keys(
    tmp_path: Path, known: str, refused: bool
) -> None:
    sandbox_with(tmp_path, *(f"order_{n}" for n in range(600)), known)
    async with make_context(tmp_path) as context:
        async with context.db.writing() as session:
            session.add_all([user("asha", "teacher"), user("ravi")])
            await session.flush()
            session.add(new_class("maths", "asha"))
            await session.flush()
            session.add(order("order_a"))
        await check_going_live(context.settings, context.db)
        if refused:
            with pytest.raises(ConfigError, match=r"LIVECLASS_DATABASE_URL: .*sandbox"):
                await check_going_live(live(tmp_path), context.db)
        else:
            await check_going_live(live(tmp_path), context.db)


@pytest.mark.parametrize(
    ("url", "warned"),
    [("console", True), ("smtp://mail.example:25?from=a@b.example&tls=none", False)],
)
async def test_letters_that_are_only_printed_are_warned_of(
    tmp_path: Path, url: str, warned: bool
) -> None:
    async with make_context(tmp_path) as context:
        with capture_logs() as lines:
            await check_going_live(live(tmp_path, mail_url=url), context.db)
    assert [line["event"] for line in lines] == ["mail.console"] * warned
