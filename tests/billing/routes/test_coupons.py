"""Coupons over HTTP, and for whom they are."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from billing.catalogue.coupons import CouponKind, check
from billing.context import Context
from billing.errors import BillingError
from billing.service import coupons
from billing.service.accounts import AccountChange, change
from billing.service.coupons import NewCoupon
from billing.service.rights import Asker
from billing.store.tables import Class, Coupon, Order
from tests.billing.school import fill
from tests.billing.support import DAY, NOW, make_context, new_class, user
from tests.billing.web import PASSWORD, Client, Site, refused, site, told

ASHA, DEV, TARA = Asker("u-asha", "teacher"), Asker("u-dev", "admin"), Asker("u-tara", "teacher")
DIWALI = {"code": "diwali20", "kind": "percent", "value": 20}


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        await fill(context)
        async with context.db.writing() as session:
            session.add(new_class("physics", "tara"))
        yield context


async def make(context: Context, asker: Asker, class_id: str | None, **values: Any) -> Coupon:
    fields = {"kind": CouponKind.PERCENT, "value": 20, "max_uses": None, "expires_at": None}
    return await coupons.create(context, asker, NewCoupon("TEN", class_id, **{**fields, **values}))


async def tried(context: Context, class_id: str, name: str = "ravi") -> str:
    """ "ok", or why the coupon TEN is not taken."""
    async with context.db.reading() as session:
        found = await session.get_one(Class, class_id)
        try:
            _, facts = await coupons.find(session, " ten ", found, f"u-{name}", context.now())
            check(facts, context.now())
        except BillingError as error:
            return error.code
    return "ok"


@pytest.mark.parametrize(
    ("maker", "class_id", "maths", "physics"),
    [
        (ASHA, "maths", "ok", "coupon_unknown"),
        (ASHA, None, "ok", "coupon_unknown"),
        (TARA, None, "coupon_unknown", "ok"),
        (DEV, None, "ok", "ok"),
        (DEV, "physics", "coupon_unknown", "ok"),
    ],
)
async def test_for_which_classes(
    context: Context, maker: Asker, class_id: str | None, maths: str, physics: str
) -> None:
    await make(context, maker, class_id)
    assert [await tried(context, "maths"), await tried(context, "physics")] == [maths, physics]


async def test_unknown_and_stopped_coupons(context: Context) -> None:
    assert await tried(context, "maths") == "coupon_unknown"
    await make(context, ASHA, "maths", expires_at=NOW + DAY)
    await coupons.set_disabled(context, ASHA, "ten", True)
    assert await tried(context, "maths") == "coupon_unknown"
    assert not (await coupons.set_disabled(context, ASHA, "ten", False)).coupon.disabled_at
    assert await tried(context, "maths") == "ok"


async def test_paid_orders_use_a_coupon_up(context: Context) -> None:
    await make(context, ASHA, "maths", max_uses=1)
    order = Order(
        id="o-1",
        user_id="u-ravi",
        class_id="maths",
        list_price=100,
        amount=80,
        currency="INR",
        coupon_code="TEN",
        state="paid",
        created_at=NOW,
        expires_at=NOW,
    )
    async with context.db.writing() as session:
        session.add(order)
    assert await tried(context, "maths") == "coupon_used"
    assert await tried(context, "maths", "bala") == "coupon_used_up"
    listed = await coupons.managed(context, ASHA, "maths", 10, "")
    assert [(one.coupon.code, one.uses) for one in listed] == [("TEN", 1)]


# Over HTTP


@pytest_asyncio.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    async with make_context(tmp_path) as context, site(context) as opened:
        yield opened


async def teacher(web: Site, name: str, class_id: str, role: str = "teacher") -> Client:
    """A signed-in teacher with a class."""
    client = await web.signed_up(name)
    me = (await told(await client.get("/api/me")))["account"]
    await change(web.context, me["id"], AccountChange(role=role))
    async with web.context.db.writing() as session:
        session.add(new_class(class_id, name, teacher_id=me["id"]))
    body = {"email": f"{name}@example.com", "password": PASSWORD}
    await told(await client.post("/api/auth/login", json=body))
    return client


async def codes(client: Client, query: str = "") -> list[str]:
    return [one["code"] for one in (await told(await client.get(f"/api/coupons{query}")))["items"]]


async def test_teachers_manage_the_coupons_of_their_own_classes(web: Site) -> None:
    asha, tara = await teacher(web, "asha", "maths"), await teacher(web, "tara", "physics")
    made = await told(await asha.post("/api/coupons", json={**DIWALI, "classId": "maths"}), 201)
    assert made == {
        "code": "DIWALI20",
        "classId": "maths",
        "kind": "percent",
        "value": 20,
        "maxUses": None,
        "uses": 0,
        "expiresAt": None,
        "disabled": False,
    }
    again = await tara.post("/api/coupons", json={**DIWALI, "classId": "physics"})
    assert await refused(again, 409) == "code_taken"
    foreign = await tara.post("/api/coupons", json={**DIWALI, "classId": "maths", "code": "X-1"})
    assert await refused(foreign, 403) == "forbidden"
    stop = {"disabled": True}
    assert await refused(await tara.patch("/api/coupons/DIWALI20", json=stop), 404) == "not_found"
    assert (await told(await asha.patch("/api/coupons/diwali20", json=stop)))["disabled"]
    assert (await codes(asha), await codes(tara)) == (["DIWALI20"], [])
    admin = await teacher(web, "dev", "chemistry", "admin")
    assert await codes(admin, "?classId=maths") == ["DIWALI20"]
    assert await codes(admin, "?classId=physics") == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"code": "no spaces"}, 422),
        ({"kind": "gift"}, 422),
        ({"value": 0}, 422),
        ({"value": 101}, 422),
        ({"maxUses": 0}, 422),
        ({"expiresAt": NOW - 1}, 400),
        ({"classId": "nothing"}, 404),
    ],
)
async def test_faults(web: Site, changes: dict[str, Any], status: int) -> None:
    asha = await teacher(web, "asha", "maths")
    await refused(await asha.post("/api/coupons", json={**DIWALI, **changes}), status)


async def test_students_have_no_business_here(web: Site) -> None:
    ravi = await web.signed_up("ravi")
    assert await refused(await ravi.get("/api/coupons"), 403) == "forbidden"
    assert user("ravi").role == "student"
