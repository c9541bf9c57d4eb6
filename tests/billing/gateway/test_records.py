"""One reading of the gateway's JSON serves its answers and its webhooks."""

import json

import pytest

from billing.errors import GatewayError
from billing.gateway.events import parse
from billing.gateway.records import as_payment, as_refund, payment_facts, refund_fact
from billing.orders.facts import PaymentFailed

PAYMENT = {
    "id": "pay_1",
    "order_id": "order_1",
    "amount": 50_000,
    "currency": "INR",
    "status": "captured",
}
REFUND = {"id": "rfnd_1", "payment_id": "pay_1", "amount": 100, "notes": {"key": "r-1"}}


def told(kind: str, **entities: dict[str, object]) -> tuple[object, ...]:
    """The facts of a webhook."""
    payload = {name: {"entity": one} for name, one in entities.items()}
    return parse(json.dumps({"event": kind, "payload": payload}).encode()).facts


@pytest.mark.parametrize("status", ["captured", "refunded", "authorized", "failed", "created"])
def test_a_payment_tells_the_same_by_an_answer_and_by_a_webhook(status: str) -> None:
    payment = {**PAYMENT, "status": status}
    assert told(f"payment.{status}", payment=payment) == payment_facts(as_payment(payment))


def test_only_an_answer_says_that_the_gateway_was_asked() -> None:
    (fact,) = payment_facts(as_payment({**PAYMENT, "status": "failed"}), asked=True)
    assert isinstance(fact, PaymentFailed)
    assert fact.asked


def test_the_name_of_a_refunds_event_says_its_status() -> None:
    answered = refund_fact(as_refund({**REFUND, "status": "processed"}))
    assert told("refund.processed", refund={**REFUND, "status": "pending"}) == (answered,)
    assert told("refund.processed", refund=REFUND) == (answered,)


@pytest.mark.parametrize(
    "fault", [{"amount": -1}, {"amount": "100"}, {"id": ""}, {"id": "x" * 65}, {"currency": "inr"}]
)
def test_nothing_is_believed_of_an_odd_payment(fault: dict[str, object]) -> None:
    with pytest.raises(GatewayError):
        as_payment({**PAYMENT, **fault})
