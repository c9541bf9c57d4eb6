"""The sandbox's payment window in Chromium, under the pages' own policy: Razorpay's face for the
page, a keyboard and a screen reader for the person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, expect

from billing.gateway.emulator.api import SLOW
from billing.gateway.emulator.service import Sandbox
from billing.gateway.keys import Keys
from billing.gateway.signatures import is_same, payment_signature
from billing.routes.pages import from_emulator
from common.pages import Extra, content_policy
from liveclass.pages import add_headers
from loadtest.browser.playwright_page import PlaywrightPage
from tests.browser.school import forgive

KEYS = Keys("rzp_test_0123456789", "the key's secret", "the webhook's secret")

PAGE = """<!doctype html><html lang="en"><title>Shop</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/static/css/shared/tokens.css">
<button id="buy">Buy</button><script src="%(checkout)s/checkout.js"></script>
<script src="/page.js"></script>"""

SCRIPT = """window.events = [];
document.querySelector("#buy").addEventListener("click", () => {
  const checkout = new Razorpay({
    key: "%(key)s", order_id: "%(order)s", amount: 149900, currency: "INR",
    name: "Maths for class 8", description: "Weekly <b>lessons</b>", prefill: {}, theme: {},
    handler: (proof) => window.events.push(["paid", proof]),
    modal: { ondismiss: () => window.events.push(["closed"]), confirm_close: true },
  });
  checkout.on("payment.failed", (answer) => window.events.push(["failed", answer.error]));
  checkout.open();
});"""


class Bank:
    """Takes its time until it is told to go on."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def pause(self, seconds: float) -> None:
        if seconds == SLOW:
            await self.go_on.wait()


@dataclass(frozen=True)
class Till:
    """A page with an order to pay, open in a browser."""

    visitor: PlaywrightPage
    sandbox: Sandbox
    order_id: str
    bank: Bank

    async def events(self) -> list[Any]:
        found: list[Any] = await self.visitor.evaluate("window.events")
        return found

    async def told(self, name: str) -> Any:
        """What came with the newest event, which has this name."""

        async def is_told() -> bool:
            events = await self.events()
            return bool(events) and events[-1][0] == name

        await self.visitor.until(f"the page is told {name}", is_told)
        return (await self.events())[-1][1:]

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.visitor.page.keyboard.press(key)

    def payments(self) -> list[str]:
        every = self.sandbox.emulator.payments_of(self.order_id)
        return [payment["status"] for payment in every]


def _shop(order_id: str, checkout: str) -> web.Application:
    """A page under the pages' own policy, which loads the checkout from there."""
    extra = from_emulator(checkout) if checkout.startswith("http") else Extra()
    headers = {"Content-Security-Policy": content_policy(extra=extra.policy)}

    async def page(request: web.Request) -> web.Response:
        text = PAGE % {"checkout": checkout}
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def script(request: web.Request) -> web.Response:
        text = SCRIPT % {"key": KEYS.key_id, "order": order_id}
        return web.Response(text=text, content_type="text/javascript")

    app = web.Application()
    app.on_response_prepare.append(add_headers)
    app.router.add_get("/", page)
    app.router.add_get("/page.js", script)
    app.router.add_static("/static/", "static")
    return app


@asynccontextmanager
async def till(browser: Browser, *, elsewhere: bool = False) -> AsyncIterator[Till]:
    """The window is open when the block begins; no console may have complained at its end.
    `elsewhere`: the emulator is a server of its own, as that of `liveclass emulator`."""
    bank = Bank()
    sandbox = Sandbox(KEYS, None, pause=bank.pause)
    order_id = sandbox.emulator.create_order(149_900, "INR", "o-1", None)["id"]
    emulator = TestServer(sandbox.application(), host="127.0.0.1")
    if elsewhere:
        await emulator.start_server()
        app = _shop(order_id, str(emulator.make_url("")).rstrip("/"))
    else:
        app = _shop(order_id, "/sandbox")
        app.add_subapp("/sandbox", sandbox.application())
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    visitor = await PlaywrightPage.take(browser, "student", str(server.make_url("/")))
    try:
        await visitor.page.goto(visitor.link)
        await visitor.page.get_by_role("button", name="Buy").click()
        yield Till(visitor, sandbox, order_id, bank)
        assert visitor.problems == []
    finally:
        bank.go_on.set()
        await visitor.leave()
        await server.close()
        await emulator.close()


async def test_it_says_what_it_is_to_eyes_and_screen_readers(browser: Browser) -> None:
    async with till(browser) as shop:
        dialog = shop.visitor.page.get_by_role("dialog", name="Maths for class 8")
        await expect(dialog).to_have_accessible_description("Sandbox: no real money")
        await expect(dialog.get_by_text("Sandbox: no real money")).to_be_visible()
        await expect(dialog.get_by_text("₹1,499")).to_be_visible()
        await expect(dialog.get_by_text("Weekly <b>lessons</b>")).to_be_visible()
        # its style sheet is there under the policy
        await expect(dialog).to_have_css("border-radius", "14px")


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_paying_by_keyboard_hands_the_page_a_signed_proof(
    browser: Browser, elsewhere: bool
) -> None:
    async with till(browser, elsewhere=elsewhere) as shop:
        await expect(shop.visitor.find("sandbox-pay")).to_be_focused()
        await shop.press("Enter")
        (proof,) = await shop.told("paid")
        payment_id = proof["razorpay_payment_id"]
        assert proof["razorpay_order_id"] == shop.order_id
        expected = payment_signature(shop.order_id, payment_id, KEYS.key_secret)
        assert is_same(expected, proof["razorpay_signature"])
        assert [name for name, *_ in await shop.events()] == ["paid"], "not closed, too"
        await expect(shop.visitor.page.get_by_role("dialog")).to_have_count(0)
        await expect(shop.visitor.page.get_by_role("button", name="Buy")).to_be_focused()


async def test_a_declined_card_is_told_and_another_way_can_be_tried(browser: Browser) -> None:
    async with till(browser) as shop:
        await shop.press("Tab", "Tab", "Tab", "Enter")
        (error,) = await shop.told("failed")
        assert error["code"] == "BAD_REQUEST_ERROR"
        assert error["metadata"]["order_id"] == shop.order_id
        await expect(shop.visitor.page.get_by_role("status")).to_have_text(error["description"])
        await expect(shop.visitor.find("sandbox-fail")).to_be_focused()
        await shop.press("Shift+Tab", "Shift+Tab", "Enter")
        await shop.told("paid")
        assert shop.payments() == ["captured", "failed"]
        forgive(shop.visitor, 400)


async def test_closing_tells_the_page_and_takes_nothing(browser: Browser) -> None:
    async with till(browser) as shop:
        await shop.press("Escape")
        await shop.told("closed")
        await shop.visitor.page.get_by_role("button", name="Buy").click()
        await shop.visitor.find("sandbox-close").click()
        assert await shop.events() == [["closed"], ["closed"]]
        assert shop.payments() == []


async def test_a_slow_payment_goes_through_though_the_window_was_closed(browser: Browser) -> None:
    async with till(browser) as shop:
        await shop.visitor.find("sandbox-slow").click()
        await expect(shop.visitor.page.get_by_role("status")).to_contain_text(
            "Waiting for the bank"
        )
        await shop.visitor.find("sandbox-pay").dispatch_event("click")
        async with shop.visitor.page.expect_response("**/checkout/pay"):
            await shop.press("Escape")
            await shop.told("closed")
            assert shop.payments() == []
            shop.bank.go_on.set()
        assert shop.payments() == ["captured"], "the click on another way was not taken"
        assert [name for name, *_ in await shop.events()] == ["closed"]
