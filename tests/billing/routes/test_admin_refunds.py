"""Refunds that are asked for over HTTP: by admins, and by teachers for their own classes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from billing.context import Context
from billing.store.tables import Refund
from tests.billing import seller
from tests.billing.support import make_context
from tests.billing.web import Client, Site, refused, site, told

ASHAS = "pay_00000000000001"  # of Tara's class


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path, **seller.SELLER) as made:
        await seller.furnish(made)
        async with made.db.writing() as session:
            await seller.pay(session, made, 1)
        yield made


@pytest.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


async def stored(context: Context) -> list[Refund]:
    async with context.db.reading() as session:
        return list(await session.scalars(select(Refund)))


async def ask(browser: Client, status: int = 201, **body: object) -> dict[str, object]:
    given = {"paymentId": ASHAS, "reason": "requested", **body}
    return await told(await browser.post("/api/admin/refunds", json=given), status)


@pytest.mark.parametrize("who", ["root", "tara"])
async def test_those_who_sell_send_money_back(web: Site, who: str) -> None:
    browser = await seller.signed_in(web, who)
    made = await ask(browser, amount=50_000, note="  half of it ")
    assert (made["paymentId"], made["amount"], made["currency"]) == (ASHAS, 50_000, "INR")
    assert (made["reason"], made["note"], made["state"]) == ("requested", "half of it", "due")
    (refund,) = await stored(web.context)
    assert (refund.id, refund.requested_by) == (made["id"], f"u-{who}")


async def test_without_an_amount_all_that_is_left_goes(web: Site) -> None:
    browser = await seller.signed_in(web, "root")
    await ask(browser, amount=50_000)
    assert (await ask(browser))["amount"] == 99_900
    listed = await told(await browser.get("/api/admin/orders"))
    assert listed["items"][0]["payments"][0]["refunded"] == 149_900
    assert [one["amount"] for one in listed["items"][0]["refunds"]] == [50_000, 99_900]
    again = {"paymentId": ASHAS, "reason": "requested"}
    response = await browser.post("/api/admin/refunds", json=again)
    assert await refused(response, 409) == "already_refunded"


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [("tom", 404, "no_payment"), ("asha", 403, "forbidden"), ("mum", 403, "forbidden")],
)
async def test_nobody_else_does(web: Site, who: str, status: int, code: str) -> None:
    browser = await seller.signed_in(web, who)
    body = {"paymentId": ASHAS, "reason": "requested"}
    assert await refused(await browser.post("/api/admin/refunds", json=body), status) == code
    assert not await stored(web.context)


async def test_strangers_sign_in_first(web: Site) -> None:
    body = {"paymentId": ASHAS, "reason": "requested"}
    response = await (await web.browser()).post("/api/admin/refunds", json=body)
    assert await refused(response, 401) == "not_signed_in"


async def test_another_sites_page_cannot_ask(web: Site) -> None:
    browser = await seller.signed_in(web, "root")
    body = {"paymentId": ASHAS, "reason": "requested"}
    headers = {"Origin": "https://elsewhere.example"}
    response = await browser.post("/api/admin/refunds", json=body, headers=headers)
    assert await refused(response, 403) == "foreign_origin"
    assert not await stored(web.context)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": 1.5}, "amount"),
        ({"amount": "100"}, "amount"),
        ({"reason": ""}, "reason"),
        ({"reason": "<b>"}, "reason"),
        ({"note": "x" * 201}, "note"),
        ({"paymentId": ""}, "paymentId"),
        ({"currency": "INR"}, "currency"),
    ],
)
async def test_what_is_wrong_is_named(web: Site, change: dict[str, object], field: str) -> None:
    browser = await seller.signed_in(web, "root")
    error = (await ask(browser, 422, **change))["error"]
    assert isinstance(error, dict)
    assert error["field"] == field
    assert not await stored(web.context)


async def test_more_than_is_left_is_refused(web: Site) -> None:
    browser = await seller.signed_in(web, "root")
    body = {"paymentId": ASHAS, "reason": "requested", "amount": 149_901}
    response = await browser.post("/api/admin/refunds", json=body)
    assert await refused(response, 409) == "refund_too_large"
