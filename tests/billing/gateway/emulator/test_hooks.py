"""Webhooks of the emulator on real sockets: signed, in order, sent again until they are taken."""

import asyncio
import json
from pathlib import Path

import pytest

from billing.gateway.emulator.hooks import MAX_WAITING, TRIES
from billing.gateway.emulator.service import Sandbox
from billing.gateway.signatures import body_signature, is_same
from tests.billing.gateway.sandbox_server import (
    KEYS,
    WITHIN,
    SandboxServer,
    at_once,
    ear,
    sandbox_server,
)

pytestmark = pytest.mark.interop


async def buy(desk: SandboxServer) -> str:
    order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
    return desk.sandbox.emulator.pay(order.id, "card")["razorpay_payment_id"]


async def test_a_payment_is_told_in_order_and_signed() -> None:
    async with sandbox_server() as desk, ear([]) as (url, one):
        desk.sandbox.hooks.target = url
        payment_id = await buy(desk)
        events = await one.heard(3)
        assert events == ["payment.authorized", "payment.captured", "order.paid"]
        for request, body in zip(one.requests, one.bodies, strict=True):
            signature = request.headers["X-Razorpay-Signature"]
            assert is_same(body_signature(body, KEYS.webhook_secret), signature)
            assert desk.gateway.is_webhook_signature(body, signature)
            assert not desk.gateway.is_webhook_signature(body + b" ", signature)
            assert json.loads(body)["payload"]["payment"]["entity"]["id"] == payment_id
        statuses = [json.loads(b)["payload"]["payment"]["entity"]["status"] for b in one.bodies]
        assert statuses == ["authorized", "captured", "captured"], "as it was then"
        assert len({r.headers["x-razorpay-event-id"] for r in one.requests}) == 3


async def test_what_is_not_taken_comes_again_as_the_same_event() -> None:
    async with sandbox_server() as desk, ear([500, 302]) as (url, one):
        desk.sandbox.hooks.target = url
        order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
        desk.sandbox.emulator.fail(order.id, "card")
        assert await one.heard(3) == ["payment.failed"] * 3
        assert len({r.headers["x-razorpay-event-id"] for r in one.requests}) == 1
        assert len(set(one.bodies)) == 1


@pytest.mark.parametrize(
    ("fault", "events"),
    [
        ("twice", ["payment.authorized"] * 2 + ["payment.captured"] * 2 + ["order.paid"] * 2),
        ("reversed", ["order.paid", "payment.captured", "payment.authorized"]),
    ],
)
async def test_events_can_come_twice_or_out_of_order(fault: str, events: list[str]) -> None:
    async with sandbox_server() as desk, ear([]) as (url, one):
        desk.break_by(webhooks=fault)
        desk.sandbox.hooks.target = url
        await buy(desk)
        assert await one.heard(len(events)) == events


@pytest.mark.parametrize(
    ("fault", "last", "status"),
    [("process", "refund.processed", "refunded"), ("fail", "refund.failed", "captured")],
)
async def test_a_refund_arrives_or_fails(fault: str, last: str, status: str) -> None:
    async with sandbox_server() as desk, ear([]) as (url, one):
        payment_id = await buy(desk)
        desk.break_by(refunds=fault)
        desk.sandbox.hooks.target = url
        refund = await desk.gateway.refund(payment_id, 149_900, "r-1")
        assert refund.status == "pending"
        assert (await one.heard(5))[3:] == ["refund.created", last]
        told = json.loads(one.bodies[-1])["payload"]["refund"]["entity"]
        assert told["notes"] == {"key": "r-1"}
        assert (await desk.gateway.payment(payment_id)).status == status


async def test_a_dispute_is_told() -> None:
    async with sandbox_server() as desk, ear([]) as (url, one):
        payment_id = await buy(desk)
        desk.sandbox.hooks.target = url
        desk.sandbox.emulator.dispute(payment_id, "lost")
        assert (await one.heard(4))[-1] == "payment.dispute.lost"


async def test_no_webhooks_at_all() -> None:
    async with sandbox_server() as desk, ear([]) as (url, one):
        desk.break_by(webhooks="none")
        desk.sandbox.hooks.target = url
        await buy(desk)
        desk.break_by()
        order = await desk.gateway.create_order(100, "INR", "o-2", {})
        desk.sandbox.emulator.fail(order.id, "upi")
        assert await one.heard(1) == ["payment.failed"]


async def test_one_that_is_not_taken_does_not_hold_up_the_others() -> None:
    async with sandbox_server() as desk, ear([500]) as (url, one):
        desk.sandbox.hooks.target = url
        await buy(desk)
        events = await one.heard(4)
        assert events == ["payment.authorized", "payment.captured", "order.paid", events[0]]


async def test_events_wait_until_somebody_wants_them() -> None:
    async with sandbox_server() as desk, ear([]) as (url, one):
        await buy(desk)
        assert desk.sandbox.hooks.waiting == 3
        desk.sandbox.hooks.target = url
        assert len(await one.heard(3)) == 3


async def test_a_restart_forgets_no_event_and_repeats_none(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    first = Sandbox(KEYS, path)
    async with first.running():
        order = first.emulator.create_order(149_900, "INR", "o-1", None)
        first.emulator.pay(order["id"], "card")
    async with ear([]) as (url, one):
        second = Sandbox(KEYS, path, pause=at_once)
        second.hooks.target = url
        async with second.running():
            events = await one.heard(3)
            assert events == ["payment.authorized", "payment.captured", "order.paid"]
            async with asyncio.timeout(WITHIN):
                while second.hooks.waiting:
                    await at_once(0)
        third = Sandbox(KEYS, path)
        assert third.hooks.waiting == 0
        third.store.close()


async def test_events_that_nobody_takes_are_given_up_and_bounded() -> None:
    async with sandbox_server() as desk, ear([500] * TRIES) as (url, one):
        order = await desk.gateway.create_order(149_900, "INR", "o-1", {})
        hooks = desk.sandbox.hooks
        for _ in range(MAX_WAITING + 5):
            desk.sandbox.emulator.fail(order.id, "upi")
        assert (hooks.waiting, hooks.dropped) == (MAX_WAITING, 5)
        hooks._queue.clear()
        desk.sandbox.emulator.fail(order.id, "upi")
        hooks.target = url
        assert len(await one.heard(TRIES)) == TRIES
        async with asyncio.timeout(WITHIN):
            while hooks.waiting:
                await at_once(0)
        assert hooks.dropped == 6
