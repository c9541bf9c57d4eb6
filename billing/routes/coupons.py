"""Coupons as teachers and admins manage them."""

from typing import Annotated

from aiohttp import web
from pydantic import Field, StringConstraints, model_validator

from billing.catalogue.coupons import CouponKind
from billing.routes.classes import asker_of
from billing.routes.keys import CONTEXT
from billing.routes.paging import page_of, read_page
from billing.routes.session import Strict, account_with, read_json
from billing.service import coupons
from billing.service.coupons import CountedCoupon, NewCoupon

MAX_VALUE = 100_000_000
ROLES = ("teacher", "admin")

routes = web.RouteTableDef()

CouponCode = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9-]{3,40}$")
]


class CreateCoupon(Strict):
    """A new coupon; `expiresAt` in ms."""

    code: CouponCode
    classId: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    kind: CouponKind
    value: Annotated[int, Field(ge=1, le=MAX_VALUE)]
    maxUses: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    expiresAt: Annotated[int, Field(ge=0, le=10**14)] | None = None

    @model_validator(mode="after")
    def _is_at_most_all(self) -> "CreateCoupon":
        if self.kind is CouponKind.PERCENT and self.value > 100:
            raise ValueError("At most 100 percent.")
        return self


class ChangeCoupon(Strict):
    """Stopped, or allowed again."""

    disabled: bool


def describe(counted: CountedCoupon) -> dict[str, object]:
    """A coupon as its teacher sees it."""
    coupon = counted.coupon
    return {
        "code": coupon.code,
        "classId": coupon.class_id,
        "kind": coupon.kind,
        "value": coupon.value,
        "maxUses": coupon.max_uses,
        "uses": counted.uses,
        "expiresAt": coupon.expires_at,
        "disabled": coupon.disabled_at is not None,
    }


@routes.get("/api/coupons")
async def managed(request: web.Request) -> web.Response:
    """Lists a teacher's coupons by code; admins see all. `classId`: those that serve for a
    class."""
    found = await account_with(request, *ROLES)
    limit, cursor = read_page(request)
    class_id = request.query.get("classId") or None
    every = await coupons.managed(
        request.app[CONTEXT], asker_of(found), class_id, limit + 1, cursor
    )
    return page_of(every, limit, describe, lambda last: last.coupon.code)


@routes.post("/api/coupons")
async def create(request: web.Request) -> web.Response:
    """A new coupon."""
    found = await account_with(request, *ROLES)
    body = await read_json(request, CreateCoupon)
    new = NewCoupon(body.code, body.classId, body.kind, body.value, body.maxUses, body.expiresAt)
    made = await coupons.create(request.app[CONTEXT], asker_of(found), new)
    return web.json_response(describe(CountedCoupon(made, 0)), status=201)


@routes.patch("/api/coupons/{code}")
async def change(request: web.Request) -> web.Response:
    """Stops a coupon, or lets it be used again."""
    found = await account_with(request, *ROLES)
    body = await read_json(request, ChangeCoupon)
    code = request.match_info["code"][:40]
    counted = await coupons.set_disabled(request.app[CONTEXT], asker_of(found), code, body.disabled)
    return web.json_response(describe(counted))
