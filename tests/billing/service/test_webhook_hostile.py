"""Forged, odd and foreign messages change nothing."""

import json

import pytest

from billing.context import Context
from billing.errors import BillingError, NotFoundError
from billing.service import webhook
from billing.service.verify import Proof, verify
from billing.store.tables import GatewayEvent, LedgerEntry, Payment
from tests.billing.service.hooking_gateway import HookingGateway
from tests.billing.service.test_payment_facts import buy, count, enrolled, proof


async def test_forged_signatures_change_nothing(context: Context, gateway: HookingGateway) -> None:
    order_id = await buy(context)
    payment = gateway.pay(order_id)
    with pytest.raises(BillingError, match="could not be verified"):
        await verify(context, "u-asha", Proof(order_id, payment.id, "0" * 64))
    hook = gateway.hooks[0]
    for signature in ("", "0" * 64, gateway.sign_body(hook.body + b" ")):
        with pytest.raises(BillingError, match="not signed"):
            await webhook.receive(context, hook.body, signature, hook.id)
    assert not await enrolled(context)
    assert (await count(context, GatewayEvent), context.counts["webhook_forged"]) == (0, 3)


async def test_another_students_order_is_not_found(
    context: Context, gateway: HookingGateway
) -> None:
    order_id = await buy(context)
    payment = gateway.pay(order_id)
    with pytest.raises(NotFoundError):
        await verify(context, "u-bela", proof(gateway, order_id, payment.id))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"event": 5}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"event": "payment.captured", "payload": {"payment": {"entity": {"id": 5}}}}',
        b'{"event": "payment.captured", "payload": []}',
    ],
)
async def test_signed_nonsense_is_kept_and_answered(
    context: Context, gateway: HookingGateway, body: bytes
) -> None:
    await webhook.receive(context, body, gateway.sign_body(body), "evt_odd")
    assert (await count(context, GatewayEvent), await count(context, Payment)) == (1, 0)


async def test_unknown_events_and_payments_of_others_change_nothing(
    context: Context, gateway: HookingGateway
) -> None:
    entity: dict[str, object] = {
        "id": "pay_x",
        "order_id": None,
        "amount": 5,
        "currency": "INR",
        "status": "captured",
    }
    for event in ("payment.captured", "subscription.charged", "refund.created"):
        payload: dict[str, object] = {"payment": {"entity": entity}}
        if event == "refund.created":
            refund = {"id": "rfnd_x", "payment_id": "pay_x", "amount": 5, "notes": []}
            payload["refund"] = {"entity": refund}
        body = json.dumps({"event": event, "payload": payload}).encode()
        await webhook.receive(context, body, gateway.sign_body(body), None)
    assert (await count(context, GatewayEvent), await count(context, LedgerEntry)) == (3, 0)
