"""The questions that billing asks a payment gateway, and the answers. Amounts are paise."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """An order as the gateway has it; `receipt` is our order's id."""

    id: str
    amount: int
    currency: str
    status: str
    receipt: str


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """A payment; `status`: created, authorized, captured, refunded, failed."""

    id: str
    order_id: str | None
    amount: int
    currency: str
    status: str
    amount_refunded: int = 0
    error: str | None = None
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund; `status`: pending, processed, failed."""

    id: str
    payment_id: str
    amount: int
    status: str
    notes: dict[str, str] = field(default_factory=dict)


class Gateway(Protocol):
    """All coroutines raise GatewayError, and can be asked again."""

    @property
    def key_id(self) -> str:
        """The public key that the page gives to the checkout."""

    @property
    def checkout_script(self) -> str:
        """The script that the page loads to let a student pay."""

    @property
    def is_sandbox(self) -> bool:
        """No real money moves."""

    async def create_order(
        self, amount: int, currency: str, receipt: str, notes: dict[str, str]
    ) -> GatewayOrder:
        """A new order."""

    async def find_order(self, receipt: str) -> GatewayOrder | None:
        """The order that was made with this receipt, if any."""

    async def payments_of(self, gateway_order_id: str) -> list[GatewayPayment]:
        """All tries to pay an order."""

    async def payment(self, payment_id: str) -> GatewayPayment:
        """One payment."""

    async def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        """Takes the money of an authorized payment."""

    async def refund(self, payment_id: str, amount: int, key: str) -> GatewayRefund:
        """Sends money back, once for each key."""

    async def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        """All refunds of a payment."""

    def is_payment_signature(self, order_id: str, payment_id: str, signature: str) -> bool:
        """Whether the checkout's answer is the gateway's; compared in constant time."""

    def is_webhook_signature(self, body: bytes, signature: str) -> bool:
        """Whether a webhook's raw body is the gateway's; compared in constant time."""

    async def close(self) -> None:
        """Lets go of threads and connections."""
