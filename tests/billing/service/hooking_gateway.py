"""A gateway in memory whose questions can be cut off before and after they take effect, and that
queues the webhooks Razorpay would send."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

from billing.errors import GatewayError
from billing.gateway.protocol import GatewayOrder, GatewayPayment, GatewayRefund
from tests.billing.support import MemoryGateway


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook on its way."""

    id: str
    body: bytes


class HookingGateway(MemoryGateway):
    """`hooks`: all that was ever sent; each answer waits once before and once after its effect,
    so that a crash can come at both places. `refunds_pend`: refunds are processed later."""

    def __init__(self) -> None:
        super().__init__()
        self.hooks: list[Hook] = []
        self.calls = 0
        self.refunds_pend = False

    def _hook(self, event: str, **entities: dict[str, Any]) -> None:
        payload = {name: {"entity": entity} for name, entity in entities.items()}
        body = json.dumps({"entity": "event", "event": event, "payload": payload}).encode()
        self.hooks.append(Hook(f"evt_{len(self.hooks):04}", body))

    def _entity(self, payment: GatewayPayment) -> dict[str, Any]:
        fields = ("id", "order_id", "amount", "currency", "status", "amount_refunded")
        secret = {"email": "asha@example.com", "contact": "+919900000000"}
        return {name: getattr(payment, name) for name in fields} | secret

    def pay(
        self,
        order_id: str,
        amount: int | None = None,
        currency: str | None = None,
        status: str = "captured",
    ) -> GatewayPayment:
        payment = super().pay(order_id, amount, currency, status)
        self._hook(f"payment.{status}", payment=self._entity(payment))
        if status == "captured":
            order = {"id": order_id, "amount": payment.amount, "status": "paid"}
            self._hook("order.paid", payment=self._entity(payment), order=order)
        return payment

    async def _ask(self) -> None:
        self.calls += 1
        await asyncio.sleep(0)
        self._work()

    async def create_order(
        self, amount: int, currency: str, receipt: str, notes: dict[str, str]
    ) -> GatewayOrder:
        await self._ask()
        order = await super().create_order(amount, currency, receipt, notes)
        await asyncio.sleep(0)
        return order

    async def find_order(self, receipt: str) -> GatewayOrder | None:
        await self._ask()
        return await super().find_order(receipt)

    async def payments_of(self, gateway_order_id: str) -> list[GatewayPayment]:
        await self._ask()
        return await super().payments_of(gateway_order_id)

    async def payment(self, payment_id: str) -> GatewayPayment:
        await self._ask()
        return await super().payment(payment_id)

    async def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        await self._ask()
        return await super().refunds_of(payment_id)

    async def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        await self._ask()
        if self.payments[payment_id].status == "authorized":
            payment = replace(self.payments[payment_id], status="captured")
            self.payments[payment_id] = payment
            self._hook("payment.captured", payment=self._entity(payment))
        await asyncio.sleep(0)
        return self.payments[payment_id]

    async def refund(self, payment_id: str, amount: int, key: str) -> GatewayRefund:
        await self._ask()
        for one in self.refunds.values():
            if one.notes.get("key") == key and one.status != "failed":
                return one
        payment = self.payments[payment_id]
        if payment.status not in ("captured",) or amount > payment.amount - payment.amount_refunded:
            raise GatewayError("gateway_refused", "The payment has been fully refunded already.")
        refund = GatewayRefund(self._new("rfnd"), payment_id, amount, "pending", {"key": key})
        self.refunds[refund.id] = refund
        self._sent(refund)
        self._tell_refund("refund.created", refund)
        if not self.refunds_pend:
            self.process(refund.id)
        await asyncio.sleep(0)
        return self.refunds[refund.id]

    def refund_by_hand(self, payment_id: str, amount: int | None = None) -> None:
        """Refunds as by the gateway's dashboard; without an amount all that is left."""
        payment = self.payments[payment_id]
        left = payment.amount - payment.amount_refunded
        if payment.status == "captured" and left:
            refund = GatewayRefund(self._new("rfnd"), payment_id, amount or left, "pending", {})
            self.refunds[refund.id] = refund
            self._sent(refund)
            self._tell_refund("refund.created", refund)
            self.process(refund.id)

    def _sent(self, refund: GatewayRefund) -> None:
        payment = self.payments[refund.payment_id]
        back = payment.amount_refunded + refund.amount
        status = "refunded" if back == payment.amount else payment.status
        self.payments[payment.id] = replace(payment, amount_refunded=back, status=status)

    def process(self, refund_id: str) -> None:
        """The bank has done it."""
        refund = self.refunds[refund_id] = replace(self.refunds[refund_id], status="processed")
        self._tell_refund("refund.processed", refund)

    def fail(self, refund_id: str) -> None:
        """The bank could not: the money is with the gateway again."""
        refund = self.refunds[refund_id] = replace(self.refunds[refund_id], status="failed")
        payment = self.payments[refund.payment_id]
        back = payment.amount_refunded - refund.amount
        self.payments[payment.id] = replace(payment, amount_refunded=back, status="captured")
        self._tell_refund("refund.failed", refund)

    def _tell_refund(self, event: str, refund: GatewayRefund) -> None:
        payment = self._entity(self.payments[refund.payment_id])
        fields = ("id", "payment_id", "amount", "status", "notes")
        entity = {name: getattr(refund, name) for name in fields}
        self._hook(event, refund=entity, payment=payment)

    def dispute(self, payment_id: str, status: str, amount: int | None = None) -> None:
        """The payer's bank; no amount: it is about all of the payment."""
        payment = self.payments[payment_id]
        entity: dict[str, Any] = {"id": f"disp_{payment_id}", "payment_id": payment_id}
        entity["amount"] = payment.amount if amount is None else amount
        self._hook(f"payment.dispute.{status}", payment=self._entity(payment), dispute=entity)
