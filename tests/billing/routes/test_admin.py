"""Admins and teachers see orders and money over HTTP; nobody else does."""

import csv
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from billing.context import Context
from billing.store.tables import LedgerEntry
from tests.billing import seller
from tests.billing.support import NOW, make_context
from tests.billing.web import Client, Site, refused, site, told

PATHS = ("/api/admin/orders", "/api/admin/totals", "/api/admin/ledger.csv")
DAY = "2025-11-24"


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path, **seller.SELLER) as made:
        await seller.furnish(made)
        async with made.db.writing() as session:
            for number, student, class_id in ((1, "asha", "maths"), (2, "ben", "music")):
                await seller.pay(session, made, number, student=student, class_id=class_id)
                session.add(
                    LedgerEntry(
                        key=f"captured:pay_{number:014}",
                        at=NOW,
                        kind="captured",
                        amount=149_900,
                        currency="INR",
                        class_id=class_id,
                        payment_id=f"pay_{number:014}",
                        source="webhook",
                        note="",
                    )
                )
            await seller.give_back(session, made, 1, 50_000)
        yield made


@pytest.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


async def ids(browser: Client, **query: str) -> list[str]:
    answer = await told(await browser.get("/api/admin/orders", params=query))
    return [item["id"][-1] for item in answer["items"]]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", ["asha", "mum"])
async def test_students_and_parents_see_nothing(web: Site, path: str, who: str) -> None:
    browser = await seller.signed_in(web, who)
    assert await refused(await browser.get(path), 403) == "forbidden"


@pytest.mark.parametrize("path", PATHS)
async def test_strangers_sign_in_first(web: Site, path: str) -> None:
    assert await refused(await (await web.browser()).get(path), 401) == "not_signed_in"


async def test_teachers_see_their_own(web: Site) -> None:
    tara = await seller.signed_in(web, "tara")
    assert await ids(tara) == ["1"]
    assert await ids(tara, classId="music") == []
    assert await ids(tara, search="ben") == []
    totals = await told(await tara.get("/api/admin/totals"))
    assert [total["title"] for total in totals["classes"]] == ["Maths"]
    assert await refused(await tara.get("/api/admin/ledger.csv"), 403) == "forbidden"


async def test_admins_see_all(web: Site) -> None:
    root = await seller.signed_in(web, "root")
    assert await ids(root) == ["2", "1"]
    assert await ids(root, search="asha", state="paid") == ["1"]
    assert await ids(root, **{"from": DAY, "to": DAY}) == ["2", "1"]
    assert await ids(root, to="2025-11-23") == []


async def test_an_order_is_told_with_its_payments_refunds_and_receipts(web: Site) -> None:
    root = await seller.signed_in(web, "root")
    answer = await told(await root.get("/api/admin/orders", params={"classId": "maths"}))
    (order,) = answer["items"]
    assert order["student"] == {"id": "u-asha", "name": "Asha", "email": "asha@example.com"}
    assert order["class"] == {"id": "maths", "title": "Maths"}
    assert (order["amount"], order["currency"], order["state"]) == (149_900, "INR", "paid")
    assert order["gatewayOrderId"] == "order_00000000000001"
    (payment,) = order["payments"]
    assert (payment["id"], payment["amount"]) == ("pay_00000000000001", 149_900)
    assert (payment["refunded"], payment["dispute"]) == (50_000, None)
    assert (payment["confirmed"], payment["reason"]) == (True, None)
    (refund,) = order["refunds"]
    assert (refund["paymentId"], refund["amount"]) == (payment["id"], 50_000)
    assert (refund["reason"], refund["state"]) == ("requested", "processed")
    numbers = {receipt["number"]: receipt["url"] for receipt in order["receipts"]}
    assert numbers == {
        "INV/25-26/000001": "/receipts/INV/25-26/000001",
        "CN/25-26/000001": "/receipts/CN/25-26/000001",
    }


async def test_orders_come_in_pages(web: Site) -> None:
    root = await seller.signed_in(web, "root")
    first = await told(await root.get("/api/admin/orders?limit=1"))
    second = await told(await root.get(f"/api/admin/orders?limit=1&cursor={first['next']}"))
    assert [one["id"][-1] for one in first["items"] + second["items"]] == ["2", "1"]
    assert second["next"] is None


async def test_totals_are_by_class_and_day(web: Site) -> None:
    root = await seller.signed_in(web, "root")
    answer = await told(await root.get("/api/admin/totals", params={"from": DAY, "to": DAY}))
    sums = {"paid": 149_900, "refunded": 0, "count": 1, "currency": "INR"}
    classes = [
        {"classId": "maths", "title": "Maths", **sums},
        {"classId": "music", "title": "Music", **sums},
    ]
    assert answer == {
        "days": [{"day": DAY, **one} for one in classes],
        "classes": classes,
        "zone": "Asia/Kolkata",
    }


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/api/admin/orders", {"state": "lost"}, "bad_state"),
        ("/api/admin/orders", {"from": "today"}, "bad_day"),
        ("/api/admin/orders", {"cursor": "x"}, "bad_cursor"),
        ("/api/admin/orders", {"limit": "101"}, "bad_limit"),
        ("/api/admin/totals", {"to": "2025-02-30"}, "bad_day"),
        ("/api/admin/ledger.csv", {"from": "2025"}, "bad_day"),
    ],
)
async def test_wrong_questions_are_refused(
    web: Site, path: str, query: dict[str, str], code: str
) -> None:
    root = await seller.signed_in(web, "root")
    assert await refused(await root.get(path, params=query), 400) == code


async def test_the_ledger_is_a_file_for_spreadsheets(web: Site) -> None:
    root = await seller.signed_in(web, "root")
    response = await root.get("/api/admin/ledger.csv", params={"from": DAY, "to": DAY})
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="ledger.csv"'
    assert response.headers["Cache-Control"] == "private, no-store"
    body = await response.read()
    assert body.startswith(b"\xef\xbb\xbfnumber,time,kind,")
    rows = list(csv.DictReader(body.decode("utf-8-sig").splitlines()))
    assert [(row["payment"], row["balance"]) for row in rows] == [
        ("pay_00000000000001", "1499.00"),
        ("pay_00000000000002", "2998.00"),
    ]
