"""Razorpay as billing asks it: the SDK in threads, with bounds on time, threads and retries."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from billing.errors import GatewayError
from billing.gateway.answers import as_order, as_payment, as_refund
from billing.gateway.keys import Keys
from billing.gateway.protocol import GatewayOrder, GatewayPayment, GatewayRefund
from billing.gateway.sdk import (
    GatewayRefusedError,
    GatewayUnreachableError,
    ThreadClients,
    ask,
)
from billing.gateway.signatures import body_signature, is_same, payment_signature

THREADS = 8
MAX_WAITING = 64  # questions that wait for a thread or an answer; more are refused
TRIES = 3
FIRST_PAUSE = 0.3  # s
LIVE_SCRIPT = "https://checkout.razorpay.com/v1/checkout.js"
LIVE_URL = "https://api.razorpay.com"
MOST = 100  # entries of one list


@dataclass(frozen=True, slots=True)
class Place:
    """Where the gateway is. `base_url` is asked when it is first needed: the sandbox's is known
    when the server's socket is bound."""

    base_url: Callable[[], str] = lambda: LIVE_URL
    script: str = LIVE_SCRIPT
    is_sandbox: bool = False


class RazorpayGateway:
    """A Gateway (billing.gateway.protocol)."""

    def __init__(
        self,
        keys: Keys,
        place: Place,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._keys = keys
        self._place = place
        self._pause = pause
        self._chance = chance
        self._threads = ThreadPoolExecutor(THREADS, "razorpay")
        self._clients: ThreadClients | None = None
        self._waiting = 0

    @property
    def key_id(self) -> str:
        return self._keys.key_id

    @property
    def checkout_script(self) -> str:
        return self._place.script

    @property
    def is_sandbox(self) -> bool:
        return self._place.is_sandbox

    async def close(self) -> None:
        """Answers that are still awaited are lost; whoever asked is told so."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    # Questions

    async def create_order(
        self, amount: int, currency: str, receipt: str, notes: dict[str, str]
    ) -> GatewayOrder:
        """Asked once: whoever does not get an answer looks with `find_order`."""
        data = {"amount": amount, "currency": currency, "receipt": receipt, "notes": notes}
        return as_order(await self._once(lambda client: client.order.create(data=data)))

    async def find_order(self, receipt: str) -> GatewayOrder | None:
        query = {"receipt": receipt, "count": MOST}
        found = await self._again(lambda client: client.order.all(data=query))
        orders = [as_order(one) for one in found["items"]]
        return next((order for order in orders if order.receipt == receipt), None)

    async def payments_of(self, gateway_order_id: str) -> list[GatewayPayment]:
        found = await self._again(lambda client: client.order.payments(gateway_order_id))
        return [as_payment(one) for one in found["items"]]

    async def payment(self, payment_id: str) -> GatewayPayment:
        return as_payment(await self._again(lambda client: client.payment.fetch(payment_id)))

    async def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        """What has been captured already is no error: it may have been this very question."""
        data = {"currency": currency}
        try:
            return as_payment(
                await self._again(lambda client: client.payment.capture(payment_id, amount, data))
            )
        except GatewayRefusedError:
            payment = await self.payment(payment_id)
            if payment.status in ("captured", "refunded"):
                return payment
            raise

    async def refund(self, payment_id: str, amount: int, key: str) -> GatewayRefund:
        """Looks first whether it was asked before: the answer may have been lost. One that failed
        at the bank is asked for anew."""
        for refund in await self.refunds_of(payment_id):
            if refund.notes.get("key") == key and refund.status != "failed":
                return refund
        data = {"amount": amount, "speed": "normal", "notes": {"key": key}, "receipt": key}
        return as_refund(await self._once(lambda client: client.payment.refund(payment_id, data)))

    async def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        query = {"count": MOST}
        found = await self._again(
            lambda client: client.payment.fetch_multiple_refund(payment_id, query)
        )
        return [as_refund(one) for one in found["items"]]

    # Signatures

    def is_payment_signature(self, order_id: str, payment_id: str, signature: str) -> bool:
        return is_same(payment_signature(order_id, payment_id, self._keys.key_secret), signature)

    def is_webhook_signature(self, body: bytes, signature: str) -> bool:
        return is_same(body_signature(body, self._keys.webhook_secret), signature)

    # Asking

    async def _again(self, work: Callable[[Any], Any]) -> Any:
        """For questions that change nothing, or nothing more when they come twice."""
        for attempt in range(TRIES - 1):
            try:
                return await self._once(work)
            except GatewayUnreachableError:
                await self._pause(FIRST_PAUSE * 3**attempt * (0.5 + self._chance()))
        return await self._once(work)

    async def _once(self, work: Callable[[Any], Any]) -> Any:
        if self._waiting >= MAX_WAITING:
            raise GatewayError("gateway_busy", "The payment service is busy. Try again shortly.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._in_thread, work
            )
        except RuntimeError:  # shut down
            raise GatewayUnreachableError from None
        finally:
            self._waiting -= 1

    def _in_thread(self, work: Callable[[Any], Any]) -> Any:
        if self._clients is None:
            self._clients = ThreadClients(self._keys, self._place.base_url)
        return ask(self._clients.client, work)
