"""Payments over HTTP: quote, order, verify, webhook, and the state of an order."""

from dataclasses import dataclass, field
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from billing.accounts.rate_limit import Limit
from billing.errors import BillingError
from billing.gateway.protocol import Gateway
from billing.orders.states import OrderState
from billing.routes.keys import CONTEXT
from billing.routes.session import account_with, read_body, read_json
from billing.service import checkout, verify, webhook
from billing.service.checkout import Checkout, Quote

QUOTE_BURST, QUOTE_EVERY = 20, 5_000  # of quotes with a coupon: codes are not to be guessed
ORDER_BURST, ORDER_EVERY = 20, 15_000


@dataclass(slots=True)
class PaymentLimits:
    """Tries by account; bounded tables."""

    quote: Limit = field(default_factory=lambda: Limit(QUOTE_BURST, QUOTE_EVERY))
    order: Limit = field(default_factory=lambda: Limit(ORDER_BURST, ORDER_EVERY))


LIMITS: web.AppKey[PaymentLimits] = web.AppKey("payment_limits", PaymentLimits)

routes = web.RouteTableDef()

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class WantedClass(_Body):
    """The class that a student wants to buy; the price is the catalogue's."""

    classId: Id
    coupon: Annotated[str, Field(max_length=40)] | None = None


class PaymentProof(_Body):
    """The proof that the checkout's script hands to the page."""

    razorpay_order_id: Id
    razorpay_payment_id: Id
    razorpay_signature: Annotated[str, Field(min_length=1, max_length=128)]


@routes.post("/payments/quote")
async def quote(request: web.Request) -> web.Response:
    """Answers the figures, without an order."""
    who = await account_with(request, "student")
    wanted = await read_json(request, WantedClass)
    if wanted.coupon:
        request.app[LIMITS].quote.take(who.id, request.app[CONTEXT].now())
    found = await checkout.quote(
        request.app[CONTEXT], who.id, wanted.classId, wanted.coupon or None
    )
    return web.json_response(_figures(found) | {"amount": found.amount, "currency": found.currency})


@routes.post("/payments/order")
async def order(request: web.Request) -> web.Response:
    """Answers an order that the checkout can pay."""
    who = await account_with(request, "student")
    wanted = await read_json(request, WantedClass)
    context = request.app[CONTEXT]
    request.app[LIMITS].order.take(who.id, context.now())
    found = await checkout.order(context, who.id, wanted.classId, wanted.coupon or None)
    if found.order.state == OrderState.PAID:
        return web.json_response({"enrolled": True, "classId": found.class_.id})
    return web.json_response(_payable(context.gateway, found))


@routes.post("/payments/verify")
async def verify_payment(request: web.Request) -> web.Response:
    """Takes the checkout's answer from the page."""
    who = await account_with(request, "student")
    body = await read_json(request, PaymentProof)
    proof = verify.Proof(body.razorpay_order_id, body.razorpay_payment_id, body.razorpay_signature)
    class_id = await verify.verify(request.app[CONTEXT], who.id, proof)
    return web.json_response({"enrolled": True, "classId": class_id})


@routes.get("/payments/order/{order_id}")
async def order_state(request: web.Request) -> web.Response:
    """Answers the order's state: the page asks when it could not bring the checkout's answer."""
    who = await account_with(request, "student")
    found = await verify.status(request.app[CONTEXT], who.id, request.match_info["order_id"])
    body = {"state": found.state, "classId": found.class_id, "message": found.message}
    return web.json_response(body)


@routes.post("/payments/webhook")
async def take_webhook(request: web.Request) -> web.Response:
    """Takes the gateway's message: its signature is over the body as it came."""
    refusal = TooLargeError("too_large", "This is too large.")
    body = await read_body(request, webhook.MAX_BODY, refusal)
    signature = request.headers.get("X-Razorpay-Signature", "")
    event_id = request.headers.get("X-Razorpay-Event-Id")
    await webhook.receive(request.app[CONTEXT], body, signature, event_id)
    return web.json_response({})


class TooLargeError(BillingError):
    """More than any message of the gateway has."""

    status = 413


def _figures(found: Quote) -> dict[str, object]:
    tax = {"rate": found.tax_rate / 1000, "amount": found.tax} if found.tax_rate else None
    return {"listPrice": found.list_price, "discount": found.discount, "tax": tax}


def _payable(gateway: Gateway, found: Checkout) -> dict[str, object]:
    return {
        "orderId": found.order.gateway_order_id,
        "amount": found.order.amount,
        "currency": found.order.currency,
        "keyId": gateway.key_id,
        "name": found.class_.title,
        "description": found.class_.title,
        "prefill": {"name": found.user.name, "email": found.user.email},
        "script": gateway.checkout_script,
        "sandbox": gateway.is_sandbox,
        "expiresAt": found.order.expires_at,
        **_figures(found.quote),
    }
