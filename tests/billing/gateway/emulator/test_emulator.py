"""The emulator's own rules, its file, and the part that the checkout talks to."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import encode_basic_auth
from aiohttp.test_utils import TestClient, TestServer

from billing.gateway.emulator import store as stores
from billing.gateway.emulator.emulator import Emulator, RefundWish, RefusedError
from billing.gateway.emulator.service import Sandbox
from billing.gateway.emulator.store import Entity, Store
from billing.gateway.keys import sandbox_keys
from billing.gateway.signatures import payment_signature
from common.config import ConfigError
from tests.billing.gateway.sandbox_server import KEYS


def as_(key_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": encode_basic_auth(key_id, secret)}


class Told(list[str]):
    def __call__(self, event: str, entities: dict[str, Entity]) -> None:
        self.append(event)


def emulator(path: Path | None = None) -> tuple[Emulator, Told]:
    told = Told()
    return Emulator(KEYS, Store(path), lambda: 1_764_000_000.0, told), told


def test_a_paid_order_cannot_be_paid_again() -> None:
    one, told = emulator()
    order = one.create_order(149_900, "INR", "o-1", None)
    one.fail(order["id"], "card")
    answer = one.pay(order["id"], "card")
    expected = payment_signature(order["id"], answer["razorpay_payment_id"], KEYS.key_secret)
    assert answer["razorpay_signature"] == expected
    assert one.order(order["id"])["attempts"] == 2
    assert one.order(order["id"])["amount_due"] == 0
    with pytest.raises(RefusedError):
        one.pay(order["id"], "card")
    assert told[0] == "payment.failed"


def test_a_restart_forgets_nothing(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    one, _ = emulator(path)
    order = one.create_order(149_900, "INR", "o-1", {"class": "maths"})
    payment_id = one.pay(order["id"], "card")["razorpay_payment_id"]
    refund = one.refund(payment_id, RefundWish(50_000, {"key": "r-1"}, "r-1"))
    one.store.close()
    other, told = emulator(path)
    assert other.order(order["id"])["status"] == "paid"
    assert other.payment(payment_id)["amount_refunded"] == 50_000
    assert other.pending_refunds() == [refund["id"]]
    other.settle(refund["id"])
    other.settle(refund["id"])
    assert told == ["refund.processed"]
    assert other.create_order(100, "INR", "o-2", None)["id"] != order["id"]


def test_what_is_oldest_is_forgotten_when_there_is_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "MOST", 3)
    one, _ = emulator(tmp_path / "sandbox.db")
    ids = [one.create_order(100, "INR", f"o-{n}", None)["id"] for n in range(4)]
    with pytest.raises(RefusedError):
        one.order(ids[0])
    one.store.close()
    other, _ = emulator(tmp_path / "sandbox.db")
    assert [order["id"] for order in other.orders(None)] == ids[:0:-1]


@pytest.mark.parametrize("amount", [0, 99, 100_001, "100", True])
def test_a_refund_must_fit_the_payment(amount: object) -> None:
    one, _ = emulator()
    order = one.create_order(100_000, "INR", None, None)
    payment_id = one.pay(order["id"], "card")["razorpay_payment_id"]
    with pytest.raises(RefusedError):
        one.refund(payment_id, RefundWish(amount))


def test_what_failed_cannot_be_refunded_or_captured() -> None:
    one, _ = emulator()
    order = one.create_order(100_000, "INR", None, None)
    payment = one.fail(order["id"], "upi")
    with pytest.raises(RefusedError):
        one.refund(payment["id"], RefundWish())
    with pytest.raises(RefusedError):
        one.capture(payment["id"], 100_000)


def test_a_refunds_key_counts_once_also_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    one, _ = emulator(path)
    order = one.create_order(100_000, "INR", None, None)
    payment_id = one.pay(order["id"], "card")["razorpay_payment_id"]
    wish = RefundWish(40_000, {"key": "r-1"}, "r-1")
    made = one.refund_once(payment_id, wish, "refund-r-1-0")
    one.store.close()
    other, _ = emulator(path)
    assert other.refund_once(payment_id, wish, "refund-r-1-0")["id"] == made["id"]
    assert other.payment(payment_id)["amount_refunded"] == 40_000
    with pytest.raises(RefusedError, match="same idempotency key"):
        other.refund_once(payment_id, RefundWish(50_000), "refund-r-1-0")
    for key in ("short", "with a blank in it", "x" * 200):
        with pytest.raises(RefusedError, match="10 or more"):
            other.refund_once(payment_id, wish, key)


def test_keys_are_made_once_for_this_user_alone(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(sandbox_keys, [folder] * 16))
    assert len({keys.key_secret for keys in made}) == 1
    assert made[0].key_id.startswith("rzp_test_")
    (file,) = folder.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("sandbox-keys.json", 0o600)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"key_id": "x"}', "5"])
def test_broken_keys_are_told_and_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox-keys.json").write_text(text)
    with pytest.raises(ConfigError, match="delete it"):
        sandbox_keys(tmp_path)
    assert (tmp_path / "sandbox-keys.json").read_text() == text


@pytest.mark.interop
async def test_the_checkout_needs_no_key_and_the_api_does() -> None:
    sandbox = Sandbox(KEYS, None)
    async with sandbox.running(), TestClient(TestServer(sandbox.application())) as client:
        order = sandbox.emulator.create_order(149_900, "INR", None, None)
        body = {"order_id": order["id"], "method": "card", "outcome": "failure"}
        failed = await client.post("/checkout/pay", json=body)
        assert failed.status == 400
        assert "declined" in (await failed.json())["error"]["description"]
        paid = await client.post("/checkout/pay", json={**body, "outcome": "success"})
        assert (await paid.json())["razorpay_order_id"] == order["id"]
        assert paid.headers["Access-Control-Allow-Origin"] == "*"
        odd: list[object] = [{**body, "method": "cash"}, {**body, "order_id": "order_x"}, []]
        odd += [{**body, "outcome": "maybe"}, {**body, "outcome": "success"}]
        for one in odd:
            assert (await client.post("/checkout/pay", json=one)).status == 400
        assert (await client.get(f"/v1/orders/{order['id']}")).status == 401
        wrong = as_(KEYS.key_id, "wrong")
        assert (await client.get(f"/v1/orders/{order['id']}", headers=wrong)).status == 401
        assert (await client.put("/faults", json={})).status == 401
        for name in ("checkout.js", "checkout.css"):
            assert (await client.get(f"/{name}")).status == 200


@pytest.mark.interop
async def test_faults_are_switched_over_http_and_never_hide_their_switch() -> None:
    sandbox = Sandbox(KEYS, None)
    auth = as_(KEYS.key_id, KEYS.key_secret)
    async with sandbox.running(), TestClient(TestServer(sandbox.application())) as client:
        answer = await client.put("/faults", json={"answers": "fail"}, headers=auth)
        assert (await answer.json())["answers"] == "fail"
        assert (await client.get("/v1/orders", headers=auth)).status == 503
        assert (await client.put("/faults", json={"answers": "odd"}, headers=auth)).status == 400
        assert (await client.put("/faults", json={}, headers=auth)).status == 200
        assert (await client.get("/v1/orders", headers=auth)).status == 200
