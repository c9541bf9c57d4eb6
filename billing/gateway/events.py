"""Razorpay's webhook bodies as facts. Pure: no I/O, no clock.

Every event that is about a payment brings the payment as it was then. Its fact comes first, so that
a refund or a dispute that arrives before `payment.captured` finds the payment.
"""

import json
from dataclasses import dataclass
from typing import Any

from billing.errors import GatewayError
from billing.gateway.records import (
    Entity,
    Id,
    as_payment,
    as_refund,
    payment_facts,
    read,
    refund_fact,
)
from billing.orders.facts import DisputeMoved, Fact

_REFUNDS = {
    "refund.created": "pending",
    "refund.processed": "processed",
    "refund.failed": "failed",
}
_DISPUTES = {
    "payment.dispute.created": "open",
    "payment.dispute.under_review": "open",
    "payment.dispute.action_required": "open",
    "payment.dispute.won": "won",
    "payment.dispute.closed": "closed",
    "payment.dispute.lost": "lost",
}


class _Dispute(Entity):
    payment_id: Id


class MalformedEventError(ValueError):
    """Not the body of an event."""


@dataclass(frozen=True, slots=True)
class GatewayMessage:
    """An event: its name and its facts; no facts when it does not concern us."""

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
        facts = (*_payment(kind, entities), *_refund_or_dispute(kind, entities))
    except (ValueError, GatewayError, KeyError, TypeError, AttributeError) as error:
        raise MalformedEventError(type(error).__name__) from None
    except RecursionError:
        raise MalformedEventError("nested too deeply") from None
    return GatewayMessage(kind, facts)


def _payment(kind: str, entities: dict[str, Any]) -> tuple[Fact, ...]:
    if "payment" not in entities or not kind.startswith(("payment.", "order.", "refund.")):
        return ()
    return payment_facts(as_payment(entities["payment"]))


def _refund_or_dispute(kind: str, entities: dict[str, Any]) -> tuple[Fact, ...]:
    """The event's name says what became of it."""
    if kind in _REFUNDS:
        return (refund_fact(as_refund(entities["refund"] | {"status": _REFUNDS[kind]})),)
    if kind in _DISPUTES:
        one = read(_Dispute, entities["dispute"])
        return (DisputeMoved(one.id, one.payment_id, one.amount, _DISPUTES[kind]),)
    return ()
