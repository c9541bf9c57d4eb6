"""Messages that the gateway did not send, or sent before, over HTTP: nothing is gained by them."""

import json
from pathlib import Path
from typing import Any

import pytest

from billing.gateway.signatures import body_signature, payment_signature
from billing.routes.session import WEBHOOK
from billing.service.refunds import request_refund
from billing.service.webhook import MAX_BODY
from tests.billing.gateway.deployment import PRICE, Deployment, deployment
from tests.billing.gateway.sandbox_server import KEYS
from tests.billing.web import refused

pytestmark = pytest.mark.interop


def captured(order_id: str, payment_id: str, amount: int = PRICE) -> bytes:
    """The message that the gateway would send for a payment."""
    payment = {
        "id": payment_id,
        "entity": "payment",
        "order_id": order_id,
        "amount": amount,
        "currency": "INR",
        "status": "captured",
    }
    payload = {"payment": {"entity": payment}}
    body = {"entity": "event", "event": "payment.captured", "payload": payload}
    return json.dumps(body).encode()


def signed(body: bytes) -> str:
    return body_signature(body, KEYS.webhook_secret)


@pytest.mark.parametrize(
    "sign",
    [
        lambda body: "",
        lambda body: "0" * 64,
        lambda body: signed(body)[:-1],
        lambda body: signed(body).upper(),
        lambda body: signed(body + b" "),
        lambda body: signed(b""),
        lambda body: body_signature(body, KEYS.key_secret),
        lambda body: body_signature(body, KEYS.key_id),
        lambda body: body_signature(body, ""),
        lambda body: payment_signature("order_1", "pay_1", KEYS.webhook_secret),
        lambda body: "sha256=" + signed(body),
        lambda body: "\u00e9" * 64,
    ],
)
async def test_a_webhook_with_another_signature_is_refused(tmp_path: Path, sign: Any) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        body = captured(order["orderId"], "pay_forged00000001")
        assert await one.webhook(body, sign(body)) == 400
        assert not await one.is_enrolled()
        assert await one.webhook(body, signed(body)) == 200, "the body itself was right"
        assert await one.is_enrolled()


async def test_a_webhook_changed_on_its_way_is_refused(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        body = captured(order["orderId"], "pay_small000000001", 100)
        dear = body.replace(b'"amount": 100', b'"amount": %d' % PRICE)
        assert dear != body
        assert await one.webhook(dear, signed(body)) == 400
        assert not await one.is_enrolled()


async def test_a_webhook_has_a_signature_and_a_bounded_body(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        response = await one.student.post(WEBHOOK, data=b"{}")
        assert await refused(response, 400) == "bad_signature"
        assert (await one.student.get(WEBHOOK)).status == 405
        large = b"[" + b" " * MAX_BODY + b"]"
        assert await one.webhook(large, signed(large)) == 413


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b'{"event": 1}', b"\xff\xfe", b'{"event": "a.b"}']
)
async def test_what_is_signed_but_makes_no_sense_is_taken_and_changes_nothing(
    tmp_path: Path, body: bytes
) -> None:
    async with deployment(tmp_path) as one:
        await one.order()
        assert await one.webhook(body, signed(body)) == 200
        assert await one.webhook(body, signed(body)) == 200
        assert not await one.is_enrolled()


async def pay_and_refund(one: Deployment) -> dict[str, str]:
    """A payment that was taken, verified and given back; its proof."""
    proof = one.pay((await one.order())["orderId"])
    assert await one.verify(proof) == 200
    await one.calm()
    payment_id = proof["razorpay_payment_id"]
    await request_refund(one.context, payment_id, None, "requested", "", None)
    await one.later()
    assert (one.taken(), await one.is_enrolled()) == (0, False)
    return proof


@pytest.mark.parametrize("event_id", ["evt_1", "evt_2", "", "x" * 300])
async def test_what_is_replayed_after_a_refund_enrols_nobody(tmp_path: Path, event_id: str) -> None:
    async with deployment(tmp_path) as one:
        proof = await pay_and_refund(one)
        body = captured(proof["razorpay_order_id"], proof["razorpay_payment_id"])
        for _ in range(2):
            assert await one.webhook(body, signed(body), event_id) == 200
        assert await one.verify(proof) == 409
        await one.later()
        assert (one.taken(), await one.is_enrolled()) == (0, False)


async def test_a_proof_is_of_one_order_one_payment_and_one_student(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        proof = one.desk.sandbox.emulator.pay(order["orderId"], "upi")
        one.desk.sandbox.hooks.target = None
        thief = await one.site.signed_up("bela")
        theirs = await thief.post("/payments/order", json={"classId": "maths"})
        their_order = (await theirs.json())["orderId"]
        stolen = [
            proof,
            {**proof, "razorpay_order_id": their_order},
            {**proof, "razorpay_payment_id": "pay_other00000001"},
            {**proof, "razorpay_signature": proof["razorpay_signature"][::-1]},
            {**proof, "razorpay_signature": ""},
        ]
        for each in stolen:
            answer = await thief.post("/payments/verify", json=each)
            assert answer.status in (400, 404, 422), await answer.text()
        found = await (await thief.get("/api/classes/maths")).json()
        assert found["my"]["enrolled"] is False
        stranger = await one.site.browser()
        assert (await stranger.post("/payments/verify", json=proof)).status == 401
        assert await one.verify(proof) == 200


async def test_a_proof_signed_for_a_failed_payment_takes_nobody_in(tmp_path: Path) -> None:
    """Only the gateway could sign it; should its books say otherwise, they count."""
    async with deployment(tmp_path) as one:
        order_id = (await one.order())["orderId"]
        payment_id = one.desk.sandbox.emulator.fail(order_id, "card")["id"]
        proof = {
            "razorpay_order_id": order_id,
            "razorpay_payment_id": payment_id,
            "razorpay_signature": payment_signature(order_id, payment_id, KEYS.key_secret),
        }
        assert await one.verify(proof) == 409
        assert not await one.is_enrolled()
