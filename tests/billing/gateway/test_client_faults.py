"""Each fault of the gateway, from the student's click to the end: money taken means enrolled, and
nothing else does. The real SDK, real webhooks, real HTTP."""

import json
from pathlib import Path

import pytest

from billing.service.reconcile import reconcile
from billing.service.refunds import request_refund, run_refunds
from tests.billing.gateway.deployment import PRICE, deployment

pytestmark = pytest.mark.interop


@pytest.mark.parametrize(
    "faults",
    [
        {},
        {"webhooks": "twice"},
        {"webhooks": "reversed"},
        {"webhooks": "none"},
        {"capture": "late"},
        {"capture": "late", "webhooks": "none"},
        {"capture": "late", "webhooks": "twice"},
        {"answers": "cut", "times": 4},
        {"answers": "fail", "times": 4},
        {"answers": "cut", "only": "writes", "times": 1, "capture": "late"},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("verifies", [True, False], ids=["page", "no page"])
async def test_who_paid_is_in(tmp_path: Path, faults: dict[str, object], verifies: bool) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        one.desk.break_by(**faults)
        proof = one.pay(order["orderId"])
        if verifies:
            assert await one.verify(proof) == 200
            assert await one.is_enrolled(), "at once"
        one.desk.clock.now += 60
        await one.later()
        assert await one.is_enrolled()
        assert one.taken() == PRICE
        assert await one.verify(proof) == 200
        assert one.taken() == PRICE


@pytest.mark.parametrize(
    "faults",
    [
        {"amount": 100},
        {"amount": -100},
        {"currency": "USD"},
        {"amount": 100, "webhooks": "none"},
        {"currency": "USD", "capture": "late"},
        {"amount": -100, "webhooks": "twice"},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("verifies", [True, False], ids=["page", "no page"])
async def test_who_paid_something_else_gets_it_back(
    tmp_path: Path, faults: dict[str, object], verifies: bool
) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        one.desk.break_by(**faults)
        proof = one.pay(order["orderId"])
        if verifies:
            assert await one.verify(proof) == 409
        await one.later()
        assert not await one.is_enrolled()
        assert one.taken() == 0
        assert await one.verify(proof) == 409, "nor later"


async def test_a_refund_that_the_bank_refuses_is_asked_for_until_it_arrives(
    tmp_path: Path,
) -> None:
    async with deployment(tmp_path) as one:
        proof = one.pay((await one.order())["orderId"])
        assert await one.verify(proof) == 200
        one.desk.break_by(refunds="fail")
        payment_id = proof["razorpay_payment_id"]
        await request_refund(one.context, payment_id, None, "requested", "", None)
        assert not await one.is_enrolled(), "whatever the bank says"
        await run_refunds(one.context)
        await one.calm()
        assert one.taken() == PRICE
        one.desk.break_by()
        await one.later()
        assert one.taken() == 0
        assert not await one.is_enrolled()


async def test_a_refund_whose_answer_is_lost_is_sent_once(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        proof = one.pay((await one.order())["orderId"])
        assert await one.verify(proof) == 200
        one.desk.break_by(answers="cut", only="writes", webhooks="none")
        await request_refund(
            one.context, proof["razorpay_payment_id"], 50_000, "requested", "", None
        )
        await run_refunds(one.context)
        one.desk.break_by()
        one.desk.clock.now += 60
        await one.later()
        assert one.taken() == PRICE - 50_000
        assert await one.is_enrolled(), "a part of it was given back"


async def test_an_order_whose_answer_was_lost_is_the_one_that_is_paid(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        one.desk.break_by(answers="cut", only="writes")
        lost = await one.student.post("/payments/order", json={"classId": "maths"})
        assert lost.status == 502
        one.desk.break_by()
        order = await one.order()
        assert [each["id"] for each in one.desk.sandbox.emulator.orders(None)] == [order["orderId"]]
        assert (await one.order())["orderId"] == order["orderId"]
        assert await one.verify(one.pay(order["orderId"])) == 200


async def test_of_two_payments_for_one_order_one_goes_back(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        one.desk.break_by(capture="late", webhooks="none")
        for _ in range(2):
            one.pay(order["orderId"])
        one.desk.break_by()
        await reconcile(one.context)
        await one.later()
        assert await one.is_enrolled()
        assert one.taken() == PRICE
