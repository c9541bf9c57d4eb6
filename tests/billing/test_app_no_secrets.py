"""No log line and no answer holds a secret, a card or a contact detail, whatever happens."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from billing.service.refunds import request_refund
from common import logs
from tests.billing.gateway.deployment import Deployment, deployment
from tests.billing.gateway.sandbox_server import KEYS
from tests.billing.web import PASSWORD, cookie

pytestmark = pytest.mark.interop


async def everything_that_happens(one: Deployment) -> list[str]:
    """A whole life of payments with each fault; what must be in no log."""
    order = await one.order()
    one.desk.sandbox.emulator.fail(order["orderId"], "upi")
    proof = one.pay(order["orderId"])
    forged = {**proof, "razorpay_signature": "f0" * 32}
    assert await one.verify(forged) == 400
    assert await one.webhook(b'{"email": "payer@example.com"}', "f1" * 32) == 400
    assert await one.verify(proof) == 200
    await one.calm()
    payment_id = proof["razorpay_payment_id"]
    for faults in ({"answers": "fail"}, {"answers": "cut"}, {"refunds": "fail"}, {}):
        one.desk.break_by(**faults)
        one.desk.clock.now += 60
        if faults.get("answers") == "cut":
            await request_refund(one.context, payment_id, None, "requested", "by phone", None)
        await one.later()
    await one.desk.server.close()
    await one.later()
    session = cookie(one.student, "liveclass_session") or ""
    return ["f0" * 8, "f1" * 8, proof["razorpay_signature"], *([session] if session else [])]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """The logs of the server at its most talkative."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure("debug", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


async def test_logs_tell_nothing_that_is_nobodys_business(
    tmp_path: Path, log: io.StringIO, capfd: pytest.CaptureFixture[str]
) -> None:
    async with deployment(tmp_path) as one:
        private = await everything_that_happens(one)
    said = log.getvalue() + "".join(capfd.readouterr())
    assert "refund.failed" in said, "what goes wrong is told"
    assert "/v1/orders" in said, "debug lines of the libraries are looked at, too"
    details = ["payer@", "asha@", "919000090000", "1111", "Visa", "by phone", PASSWORD]
    for secret in [KEYS.key_secret, KEYS.webhook_secret, *details, *private]:
        assert secret not in said, [line for line in said.splitlines() if secret in line][:3]


async def test_answers_tell_no_secret(tmp_path: Path) -> None:
    async with deployment(tmp_path) as one:
        order = await one.order()
        one.desk.break_by(answers="fail")
        refused = await one.student.post("/payments/verify", json={"razorpay_order_id": "x"})
        lost = await one.student.get(f"/payments/order/{order['orderId']}")
        said = str(order) + await refused.text() + await lost.text()
        for secret in (KEYS.key_secret, KEYS.webhook_secret, "Traceback", "razorpay.com"):
            assert secret not in said
