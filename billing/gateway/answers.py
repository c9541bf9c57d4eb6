"""The gateway's JSON as records. Pure: no I/O, no clock.

Raises GatewayError for what is not as documented: nothing is believed of such an answer.
"""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from billing.errors import GatewayError
from billing.gateway.protocol import GatewayOrder, GatewayPayment, GatewayRefund


class _Order(BaseModel):
    model_config = ConfigDict(strict=True)
    id: str
    amount: int
    currency: str
    status: str
    receipt: str | None = None


class _Payment(BaseModel):
    model_config = ConfigDict(strict=True)
    id: str
    order_id: str | None = None
    amount: int
    currency: str
    status: str
    amount_refunded: int | None = None
    error_description: str | None = None
    notes: Any = None


class _Refund(BaseModel):
    model_config = ConfigDict(strict=True)
    id: str
    payment_id: str
    amount: int
    status: str
    notes: Any = None


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
    try:
        one = _Order.model_validate(data)
    except ValidationError:
        raise _odd() from None
    return GatewayOrder(one.id, one.amount, one.currency, one.status, one.receipt or "")


def as_payment(data: object) -> GatewayPayment:
    """A payment."""
    try:
        one = _Payment.model_validate(data)
    except ValidationError:
        raise _odd() from None
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
    try:
        one = _Refund.model_validate(data)
    except ValidationError:
        raise _odd() from None
    return GatewayRefund(one.id, one.payment_id, one.amount, one.status, _notes(one.notes))
