"""The emulator's HTTP: Razorpay's API under /v1, the checkout's part, and the switch of faults."""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import encode_basic_auth, web
from aiohttp.typedefs import Handler
from pydantic import ValidationError

from billing.gateway.emulator.emulator import Emulator, RefundWish, RefusedError
from billing.gateway.emulator.faults import Faults
from billing.gateway.emulator.store import Entity

PAGES = Path(__file__).parent / "pages"
METHODS = ("card", "upi", "netbanking")
SLOW = 6.0  # s that a slow bank takes
_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "Content-Type"}


def error_body(description: str, field: str | None, code: str = "BAD_REQUEST_ERROR") -> Any:
    """An error in the gateway's form."""
    return {
        "error": {
            "code": code,
            "description": description,
            "field": field,
            "source": "business",
            "step": "payment_initiation",
            "reason": "input_validation_failed",
            "metadata": {},
        }
    }


def failed_body(payment: Entity) -> Any:
    """The checkout's message to the page that a try to pay failed."""
    body = error_body(payment["error_description"], None)
    body["error"] |= {
        "source": payment["error_source"],
        "step": "payment_authorization",
        "reason": payment["error_reason"],
        "metadata": {"payment_id": payment["id"], "order_id": payment["order_id"]},
    }
    return body


def _listed(items: list[Any]) -> web.Response:
    return web.json_response({"entity": "collection", "count": len(items), "items": items})


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = await request.json() if request.can_read_body else {}
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise RefusedError("The request body is not JSON.") from None
    if not isinstance(body, dict):
        raise RefusedError("The request body must be an object.")
    return body


class Api:
    """Handlers over one emulator."""

    def __init__(
        self,
        emulator: Emulator,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._emulator = emulator
        self._pause = pause

    def add_to(self, app: web.Application) -> None:
        """All routes."""
        v1, router = self._guarded, app.router
        router.add_post("/v1/orders", v1(self._create_order))
        router.add_get("/v1/orders", v1(self._orders))
        router.add_get("/v1/orders/{id}", v1(self._order))
        router.add_get("/v1/orders/{id}/payments", v1(self._payments_of))
        router.add_get("/v1/payments/{id}", v1(self._payment))
        router.add_post("/v1/payments/{id}/capture", v1(self._capture))
        router.add_post("/v1/payments/{id}/refund", v1(self._refund))
        router.add_get("/v1/payments/{id}/refunds", v1(self._refunds_of))
        router.add_get("/v1/refunds/{id}", v1(self._one_refund))
        router.add_get("/faults", v1(self._faults, faulty=False))
        router.add_put("/faults", v1(self._set_faults, faulty=False))
        router.add_post("/disputes", v1(self._dispute, faulty=False))
        router.add_get("/checkout.js", _file("checkout.js"))
        router.add_get("/checkout.css", _file("checkout.css"))
        router.add_post("/checkout/pay", self._checkout)
        router.add_route("OPTIONS", "/checkout/pay", _preflight)

    def _guarded(self, work: Handler, *, faulty: bool = True) -> Handler:
        """Basic authentication, errors as the gateway's, and the faults that are switched on."""

        async def handle(request: web.Request) -> web.StreamResponse:
            if not self._is_known(request):
                body = error_body("Authentication failed", None)
                return web.json_response(body, status=401)
            faults = self._faults_of(request) if faulty else Faults()
            await self._pause(faults.delay)
            if faults.answers != "normal":
                self._emulator.faults = faults.after_one()
            if faults.answers == "fail":
                body = error_body("The service is down.", None, "SERVER_ERROR")
                return web.json_response(body, status=503)
            response = await _answered(work, request)
            if faults.answers == "cut" and request.transport is not None:
                request.transport.abort()
            return response

        return handle

    def _faults_of(self, request: web.Request) -> Faults:
        faults = self._emulator.faults
        if faults.only == "writes" and request.method == "GET":
            return faults.model_copy(update={"answers": "normal"})
        return faults

    def _is_known(self, request: web.Request) -> bool:
        keys = self._emulator.keys
        known = encode_basic_auth(keys.key_id, keys.key_secret)
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode("utf-8", "replace"), known.encode())

    # Razorpay's API

    async def _create_order(self, request: web.Request) -> web.Response:
        body = await _body(request)
        make = self._emulator.create_order
        return web.json_response(
            make(body.get("amount"), body.get("currency"), body.get("receipt"), body.get("notes"))
        )

    async def _orders(self, request: web.Request) -> web.Response:
        count = request.query.get("count", "10")
        most = min(int(count), 100) if count.isascii() and count.isdigit() else 10
        return _listed(self._emulator.orders(request.query.get("receipt"))[:most])

    async def _order(self, request: web.Request) -> web.Response:
        return web.json_response(self._emulator.order(request.match_info["id"]))

    async def _payments_of(self, request: web.Request) -> web.Response:
        return _listed(self._emulator.payments_of(request.match_info["id"]))

    async def _payment(self, request: web.Request) -> web.Response:
        return web.json_response(self._emulator.payment(request.match_info["id"]))

    async def _capture(self, request: web.Request) -> web.Response:
        body = await _body(request)
        capture = self._emulator.capture
        return web.json_response(capture(request.match_info["id"], body.get("amount")))

    async def _refund(self, request: web.Request) -> web.Response:
        body = await _body(request)
        wanted = RefundWish(body.get("amount"), body.get("notes"), body.get("receipt"))
        key = request.headers.get("X-Refund-Idempotency")
        payment_id = request.match_info["id"]
        if key is None:
            return web.json_response(self._emulator.refund(payment_id, wanted))
        return web.json_response(self._emulator.refund_once(payment_id, wanted, key))

    async def _refunds_of(self, request: web.Request) -> web.Response:
        return _listed(self._emulator.refunds_of(request.match_info["id"]))

    async def _one_refund(self, request: web.Request) -> web.Response:
        return web.json_response(self._emulator.refund_of(request.match_info["id"]))

    # Beyond the gateway's API

    async def _faults(self, request: web.Request) -> web.Response:
        return web.json_response(self._emulator.faults.model_dump())

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._emulator.faults = Faults.model_validate(await _body(request))
        except ValidationError as error:
            fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise RefusedError(fault["msg"], ".".join(map(str, fault["loc"]))) from None
        return web.json_response(self._emulator.faults.model_dump())

    async def _dispute(self, request: web.Request) -> web.Response:
        body = await _body(request)
        phase = body.get("phase")
        if phase not in ("created", "won", "lost", "closed"):
            raise RefusedError("phase must be created, won, lost or closed", "phase")
        made = self._emulator.dispute(str(body.get("payment_id")), phase)
        return web.json_response(made)

    async def _checkout(self, request: web.Request) -> web.StreamResponse:
        """Takes the student's choice in the dialog, {order_id, method, outcome}; a slow payment
        goes through even if the dialog is closed meanwhile."""
        response = await _answered(self._choose, request)
        response.headers.update(_CORS)
        return response

    async def _choose(self, request: web.Request) -> web.Response:
        body = await _body(request)
        order_id, method = str(body.get("order_id")), body.get("method")
        if method not in METHODS:
            raise RefusedError("Choose a way to pay.", "method")
        if body.get("outcome") == "failure":
            return web.json_response(failed_body(self._emulator.fail(order_id, method)), status=400)
        if body.get("outcome") not in ("success", "slow"):
            raise RefusedError("Choose what happens.", "outcome")
        self._emulator.order(order_id)
        if body.get("outcome") == "slow":
            await self._pause(SLOW)
        return web.json_response(self._emulator.pay(order_id, method))


async def _answered(work: Handler, request: web.Request) -> web.StreamResponse:
    try:
        return await work(request)
    except RefusedError as error:
        body = error_body(error.description, error.field)
        return web.json_response(body, status=error.status)


async def _preflight(request: web.Request) -> web.Response:
    return web.Response(status=204, headers={**_CORS, "Access-Control-Allow-Methods": "POST"})


def _file(name: str) -> Handler:
    async def serve(request: web.Request) -> web.StreamResponse:
        return web.FileResponse(PAGES / name, headers={**_CORS, "Cache-Control": "no-cache"})

    return serve
