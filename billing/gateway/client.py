"""Razorpay as billing asks it: the SDK in threads, with bounds on time, threads and retries."""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from billing.errors import GatewayError
from billing.gateway.bounds import Circuit, FullError, LateError, Threads
from billing.gateway.keys import Keys
from billing.gateway.protocol import GatewayOrder, GatewayPayment, GatewayRefund
from billing.gateway.records import as_order, as_payment, as_refund, items
from billing.gateway.sdk import (
    UNREACHABLE,
    GatewayRefusedError,
    GatewayUnreachableError,
    ThreadClients,
    ask,
)
from billing.gateway.signatures import body_signature, is_same, payment_signature

THREADS = 8
MAX_WAITING = 64  # questions that wait for a thread; more are refused
DEADLINE = 15.0  # s; the SDK's own timeouts don't end an answer that comes byte by byte
TRIES = 3
FIRST_PAUSE = 0.3  # s
LIVE_SCRIPT = "https://checkout.razorpay.com/v1/checkout.js"
LIVE_URL = "https://api.razorpay.com"
MOST = 100  # entries of one list
BUSY = "The payment service is busy. Try again shortly."
ID = re.compile(r"[A-Za-z0-9_]{1,64}")


@dataclass(frozen=True, slots=True)
class GatewayAddress:
    """The gateway's address. `base_url` is asked when it is first needed: the sandbox's is known
    when the server's socket is bound."""

    base_url: Callable[[], str] = lambda: LIVE_URL
    script: str = LIVE_SCRIPT
    is_sandbox: bool = False


class RazorpayGateway:
    """A Gateway (billing.gateway.protocol)."""

    def __init__(
        self,
        keys: Keys,
        address: GatewayAddress,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
        deadline: float = DEADLINE,
    ) -> None:
        self._keys = keys
        self._address = address
        self._pause = pause
        self._chance = chance
        self._clock = clock
        self._deadline = deadline
        self._circuit = Circuit()
        self._threads = Threads("razorpay", THREADS, MAX_WAITING)
        self._clients: ThreadClients | None = None

    @property
    def key_id(self) -> str:
        return self._keys.key_id

    @property
    def checkout_script(self) -> str:
        return self._address.script

    @property
    def is_sandbox(self) -> bool:
        return self._address.is_sandbox

    async def close(self) -> None:
        """Closes the threads; answers that are still awaited are lost, and the questions fail."""
        self._threads.close()

    # Questions

    async def create_order(
        self, amount: int, currency: str, receipt: str, notes: dict[str, str]
    ) -> GatewayOrder:
        """Asks once: without an answer, `find_order` tells whether the order was made."""
        data = {"amount": amount, "currency": currency, "receipt": receipt, "notes": notes}
        return as_order(await self._once(lambda client: client.order.create(data=data)))

    async def find_order(self, receipt: str) -> GatewayOrder | None:
        query = {"receipt": receipt, "count": MOST}
        found = await self._again(lambda client: client.order.all(data=query))
        orders = [as_order(one) for one in items(found)]
        return next((order for order in orders if order.receipt == receipt), None)

    async def payments_of(self, gateway_order_id: str) -> list[GatewayPayment]:
        order_id = _checked(gateway_order_id)
        found = await self._again(lambda client: client.order.payments(order_id))
        return [as_payment(one) for one in items(found)]

    async def payment(self, payment_id: str) -> GatewayPayment:
        known = _checked(payment_id)
        return as_payment(await self._again(lambda client: client.payment.fetch(known)))

    async def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        """A payment that is captured already is no error: an earlier try may have done it."""
        known = _checked(payment_id)

        def ask_for_it(client: Any) -> Any:
            return client.payment.capture(known, amount, {"currency": currency})

        try:
            return as_payment(await self._again(ask_for_it))
        except GatewayRefusedError:
            payment = await self.payment(payment_id)
            if payment.status in ("captured", "refunded"):
                return payment
            raise

    async def refund(self, payment_id: str, amount: int, key: str) -> GatewayRefund:
        """Looks first whether it was asked before; Razorpay, too, takes a key only once. What the
        bank refused is asked anew, under the next key."""
        known = [one for one in await self.refunds_of(payment_id) if one.notes.get("key") == key]
        for refund in known:
            if refund.status != "failed":
                return refund
        headers = {"X-Refund-Idempotency": f"refund-{key}-{len(known)}"}
        data = {"amount": amount, "speed": "normal", "notes": {"key": key}, "receipt": key}

        def ask_for_it(client: Any) -> Any:  # the SDK writes into what it is given
            return client.payment.refund(payment_id, dict(data), headers=dict(headers))

        return as_refund(await self._again(ask_for_it))

    async def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        known, query = _checked(payment_id), {"count": MOST}
        found = await self._again(lambda client: client.payment.fetch_multiple_refund(known, query))
        return [as_refund(one) for one in items(found)]

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
        if not self._circuit.allows(self._clock()):
            raise GatewayError("gateway_unreachable", UNREACHABLE)
        try:
            answer = await self._threads.run(partial(self._in_thread, work), self._deadline)
        except FullError:
            raise GatewayError("gateway_busy", BUSY) from None
        except GatewayRefusedError:
            self._circuit.succeeded()
            raise
        except (GatewayUnreachableError, LateError):
            self._circuit.failed(self._clock())
            raise GatewayUnreachableError from None
        except RuntimeError:  # closed
            raise GatewayUnreachableError from None
        self._circuit.succeeded()
        return answer

    def _in_thread(self, work: Callable[[Any], Any]) -> Any:
        if self._clients is None:
            address = self._address
            self._clients = ThreadClients(self._keys, address.base_url, address.is_sandbox)
        return ask(self._clients.client, work)


def _checked(key: str) -> str:
    """An id becomes part of an address: nothing else may."""
    if ID.fullmatch(key) is None:
        raise GatewayRefusedError
    return key
