"""The gateway's JSON as records, and what they tell as facts; the same for its answers and for its
webhooks. Pure: no I/O, no clock.

Raises GatewayError for what is not as documented: nothing is believed of such an answer.
"""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from billing.errors import GatewayError
from billing.gateway.protocol import GatewayOrder, GatewayPayment, GatewayRefund
from billing.orders.facts import (
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFact,
    PaymentFailed,
    RefundMoved,
)

Id = Annotated[str, Field(min_length=1, max_length=64)]
Amount = Annotated[int, Field(ge=0, le=10**12)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Entity(BaseModel):
    """An entity of the API; what is not named here is passed over."""

    model_config = ConfigDict(extra="ignore", strict=True)
    id: Id
    amount: Amount


class _Order(Entity):
    currency: Currency
    status: str
    receipt: str | None = None


class _Payment(Entity):
    order_id: Id | None = None
    currency: Currency
    status: str
    amount_refunded: Amount | None = None
    error_description: str | None = None
    notes: Any = None


class _Refund(Entity):
    payment_id: Id
    status: str
    notes: Any = None


One = TypeVar("One", bound=Entity)


def read(kind: type[One], data: object) -> One:
    """An entity of this kind."""
    try:
        return kind.model_validate(data)
    except ValidationError:
        raise _odd() from None


def _odd() -> GatewayError:
    return GatewayError("gateway_odd_answer", "The payment service gave an answer we can't read.")


def _notes(value: object) -> dict[str, str]:
    """Empty notes come as a list."""
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def items(data: object) -> list[object]:
    """The entries of a collection."""
    found = data.get("items") if isinstance(data, dict) else None
    if not isinstance(found, list):
        raise _odd()
    return found


def as_order(data: object) -> GatewayOrder:
    """An order."""
    one = read(_Order, data)
    return GatewayOrder(one.id, one.amount, one.currency, one.status, one.receipt or "")


def as_payment(data: object) -> GatewayPayment:
    """A payment."""
    one = read(_Payment, data)
    return GatewayPayment(
        one.id,
        one.order_id,
        one.amount,
        one.currency,
        one.status,
        one.amount_refunded or 0,
        one.error_description,
        _notes(one.notes),
    )


def as_refund(data: object) -> GatewayRefund:
    """A refund."""
    one = read(_Refund, data)
    return GatewayRefund(one.id, one.payment_id, one.amount, one.status, _notes(one.notes))


def payment_facts(payment: GatewayPayment, *, asked: bool = False) -> tuple[PaymentFact, ...]:
    """The fact of a payment, none when it has only been begun. `asked`: the gateway was asked
    just now, so this is no late message."""
    about = (payment.id, payment.order_id or "", payment.amount, payment.currency)
    if payment.status in ("captured", "refunded"):
        return (PaymentCaptured(*about),)
    if payment.status == "authorized":
        return (PaymentAuthorized(*about),)
    if payment.status == "failed":
        return (PaymentFailed(*about, (payment.error or "The payment failed.")[:200], asked),)
    return ()


def refund_fact(refund: GatewayRefund) -> RefundMoved:
    """The fact of a refund; its notes hold the id of ours."""
    key = refund.notes.get("key")
    return RefundMoved(refund.id, refund.payment_id, refund.amount, refund.status, key)
