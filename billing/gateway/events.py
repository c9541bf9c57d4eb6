"""Razorpay's webhook bodies as facts. Pure: no I/O, no clock.

Every event that is about a payment brings the payment as it was then; it is told first, so that a
refund or a dispute that comes before `payment.captured` finds it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from billing.orders.facts import (
    DisputeMoved,
    Fact,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFailed,
    RefundMoved,
)

Id = Annotated[str, Field(min_length=1, max_length=64)]
Amount = Annotated[int, Field(ge=0, le=10**12)]


class _Entity(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    id: Id
    amount: Amount


class _Payment(_Entity):
    order_id: Id | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    status: str
    error_description: str | None = None


class _Refund(_Entity):
    payment_id: Id
    notes: dict[str, Any] | list[Any] | None = None

    @property
    def key(self) -> str | None:
        """Our refund's id; the gateway writes empty notes as a list."""
        key = self.notes.get("key") if isinstance(self.notes, dict) else None
        return key if isinstance(key, str) else None


class _Dispute(_Entity):
    payment_id: Id


class MalformedEventError(ValueError):
    """Not the body of an event."""


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """An event: its name and what it tells. No facts: nothing that concerns us."""

    kind: str
    facts: tuple[Fact, ...]


def parse(body: bytes) -> GatewayMessage:
    """Raises MalformedEventError."""
    try:
        data = json.loads(body)
        kind = data["event"]
        if not isinstance(kind, str) or len(kind) > 60:
            raise MalformedEventError("an event without a name")
        entities = {name: part["entity"] for name, part in data.get("payload", {}).items()}
        facts = (*_payment(kind, entities), *_about(kind, entities))
    except (ValueError, ValidationError, KeyError, TypeError, AttributeError) as error:
        raise MalformedEventError(type(error).__name__) from None
    except RecursionError:
        raise MalformedEventError("nested too deeply") from None
    return GatewayMessage(kind, facts)


def payment_fact(
    status: str, payment_id: str, order_id: str, amount: int, currency: str, reason: str | None
) -> tuple[Fact, ...]:
    """A payment of this status; nothing for one that has only been begun."""
    if status in ("captured", "refunded"):
        return (PaymentCaptured(payment_id, order_id, amount, currency),)
    if status == "authorized":
        return (PaymentAuthorized(payment_id, order_id, amount, currency),)
    if status == "failed":
        why = (reason or "The payment failed.")[:200]
        return (PaymentFailed(payment_id, order_id, amount, currency, why),)
    return ()


def _payment(kind: str, entities: dict[str, Any]) -> tuple[Fact, ...]:
    if "payment" not in entities or not kind.startswith(("payment.", "order.", "refund.")):
        return ()
    one = _Payment.model_validate(entities["payment"])
    return payment_fact(
        one.status, one.id, one.order_id or "", one.amount, one.currency, one.error_description
    )


def _refund(status: str) -> Callable[[dict[str, Any]], Fact]:
    def told(entities: dict[str, Any]) -> Fact:
        one = _Refund.model_validate(entities["refund"])
        return RefundMoved(one.id, one.payment_id, one.amount, status, one.key)

    return told


def _dispute(status: str) -> Callable[[dict[str, Any]], Fact]:
    def told(entities: dict[str, Any]) -> Fact:
        one = _Dispute.model_validate(entities["dispute"])
        return DisputeMoved(one.id, one.payment_id, one.amount, status)

    return told


_ABOUT: dict[str, Callable[[dict[str, Any]], Fact]] = {
    "refund.created": _refund("pending"),
    "refund.processed": _refund("processed"),
    "refund.failed": _refund("failed"),
    "payment.dispute.created": _dispute("open"),
    "payment.dispute.under_review": _dispute("open"),
    "payment.dispute.action_required": _dispute("open"),
    "payment.dispute.won": _dispute("won"),
    "payment.dispute.closed": _dispute("closed"),
    "payment.dispute.lost": _dispute("lost"),
}


def _about(kind: str, entities: dict[str, Any]) -> tuple[Fact, ...]:
    told = _ABOUT.get(kind)
    return (told(entities),) if told else ()
