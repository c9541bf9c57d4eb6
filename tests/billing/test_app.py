"""The whole application with billing: what a new user sees, from the sandbox to the metrics."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from billing.app import ADDRESS
from billing.demo import PEOPLE
from billing.gateway.keys import sandbox_keys
from billing.routes.keys import CONTEXT
from billing.service.reconcile import reconcile
from billing.service.refunds import run_refunds
from billing.start import load
from common import logs
from common.config import ConfigError
from tests.billing.support import settings
from tests.support.scrapes import parse, value
from tests.support.sio_client import READER, SECRET, ClassServer, class_server

pytestmark = pytest.mark.interop

PAID, FREE = "algebra-for-class-8", "how-to-learn"
TEACHER, STUDENT, _, ADMIN = (email for email, _, _ in PEOPLE)


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    chosen = settings(tmp_path, database_url=None)
    async with class_server(tmp_path, billing=chosen) as running:
        running.app[ADDRESS].bound(running.url, running.url)
        yield running


class Browser:
    """Somebody at the pages; every answer must have the expected status."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.session = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, path: str, status: int = 200) -> Any:
        headers = READER if path.startswith("/metrics") else {}
        async with self.session.get(self._url + path, headers=headers) as response:
            body = await response.text()
            assert response.status == status, body
            return json.loads(body) if response.content_type == "application/json" else body

    async def post(self, path: str, body: object, status: int = 200) -> Any:
        headers = {"Origin": self._url}
        async with self.session.post(self._url + path, json=body, headers=headers) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer


@pytest_asyncio.fixture
async def browse(server: ClassServer) -> AsyncIterator[dict[str, Browser]]:
    """Browsers in which the demo's people are signed in."""
    password = server.app[ADDRESS].demo_password
    browsers = {email: Browser(server.url) for email in (TEACHER, STUDENT, ADMIN)}
    for email, browser in browsers.items():
        await browser.post("/api/auth/login", {"email": email, "password": password})
    yield browsers
    for browser in browsers.values():
        await browser.session.close()


async def test_the_demo_sells_in_the_sandbox_and_takes_back(
    server: ClassServer, browse: dict[str, Browser]
) -> None:
    student, admin, context = browse[STUDENT], browse[ADMIN], server.app[CONTEXT]
    listed = {one["id"]: one for one in (await student.get("/api/classes"))["items"]}
    assert listed[FREE]["price"] == 0
    await student.post(f"/api/classes/{PAID}/token", {}, 403)
    order = await student.post("/payments/order", {"classId": PAID})
    assert (order["amount"], order["sandbox"]) == (listed[PAID]["price"], True)
    choice = {"order_id": order["orderId"], "method": "upi", "outcome": "success"}
    proof = await student.post("/sandbox/checkout/pay", choice)
    assert (await student.post("/payments/verify", proof))["enrolled"]
    assert (await student.get(f"/api/classes/{PAID}"))["my"]["enrolled"]
    await reconcile(context)
    refund = {"paymentId": proof["razorpay_payment_id"], "reason": "asked"}
    await admin.post("/api/admin/refunds", refund, 201)
    await run_refunds(context)
    assert not (await student.get(f"/api/classes/{PAID}"))["my"]["enrolled"]
    assert (await student.get("/api/me"))["notices"] > 0


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that is logged at the most talkative level."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    logs.configure("debug", stream)
    yield stream
    root.handlers[:], root.level = handlers, level


async def test_no_secret_and_no_contact_gets_into_the_log(
    written: io.StringIO, server: ClassServer, browse: dict[str, Browser], tmp_path: Path
) -> None:
    student = browse[STUDENT]
    order = await student.post("/payments/order", {"classId": PAID})
    choice = {"order_id": order["orderId"], "method": "card", "outcome": "success"}
    proof = await student.post("/sandbox/checkout/pay", choice)
    forged = {**proof, "razorpay_signature": "f" * 64}
    await student.post("/payments/verify", forged, 400)
    await student.post("/payments/verify", proof)
    await student.post("/api/auth/login", {"email": STUDENT, "password": "wrong password"}, 401)
    await student.post("/api/auth/forgot", {"email": STUDENT})
    await reconcile(server.app[CONTEXT])
    keys = sandbox_keys(tmp_path)
    cookies = {cookie.value for cookie in student.session.cookie_jar}
    secrets = {
        *("wrong password", str(server.app[ADDRESS].demo_password), SECRET),
        *(keys.key_secret, keys.webhook_secret, proof["razorpay_signature"]),
        *cookies,
    }
    assert "/payments/verify" in written.getvalue()
    assert not [one for one in secrets if one in written.getvalue()]
    assert "@example.com" not in written.getvalue()


async def test_metrics_tell_of_billing(server: ClassServer, browse: dict[str, Browser]) -> None:
    await browse[STUDENT].get("/api/users", 403)
    samples = parse(await browse[STUDENT].get("/metrics?scope=worker"))
    assert value(samples, "billing_refusals_total", code="forbidden") == 1
    assert value(samples, "billing_orders", state="paid") == 0


async def test_without_settings_of_billing_there_is_none(tmp_path: Path) -> None:
    async with class_server(tmp_path) as running:
        browser = Browser(running.url)
        await browser.get("/api/me", 404)
        assert "liveclass_billing" not in await browser.get("/metrics")
        await browser.session.close()


async def test_a_database_that_cannot_be_used_stops_the_start_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECLASS_DATABASE_URL", "postgresql://asha:s3cret@127.0.0.1:1/none")
    monkeypatch.setenv("LIVECLASS_VAR_DIR", str(tmp_path))
    with pytest.raises(ConfigError) as wrong:
        async with class_server(tmp_path, billing=load()):
            pass
    assert str(wrong.value).startswith("LIVECLASS_DATABASE_URL: cannot use the database")
    assert "s3cret" not in str(wrong.value)
    assert "\n" not in str(wrong.value)
