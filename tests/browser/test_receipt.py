"""A receipt in Chromium: it prints on one A4 page, is light in every scheme, fits a phone."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page, Route

from billing.routes.session import COOKIE
from billing.store.tables import Class, User
from tests.billing import seller
from tests.billing.support import make_context
from tests.billing.web import cookie, site

ROOT = Path(__file__).parents[2]
NUMBER = "INV/25-26/000001"
LONG = {"seller_address": "\n".join(["A rather long line of an address, number 12"] * 6)}

Scheme = Literal["light", "dark"]


async def static(route: Route) -> None:
    path = route.request.url.partition("/static/")[2]
    await route.fulfill(path=ROOT / "static" / path)


@asynccontextmanager
async def receipt(
    browser: Browser, tmp_path: Path, width: int = 1_280, scheme: Scheme = "light"
) -> AsyncIterator[tuple[Page, list[str]]]:
    """The page of a receipt as its owner sees it, and what its console said."""
    async with make_context(tmp_path, **seller.SELLER, **LONG) as context:
        await seller.furnish(context)
        async with context.db.writing() as session:
            (await session.get_one(Class, "maths")).title = "Trigonometry " * 9
            (await session.get_one(User, "u-asha")).name = "W" * 80
            await seller.pay(session, context, 1)
        async with site(context) as opened:
            token = cookie(await seller.signed_in(opened, "asha"), COOKIE)
            window = await browser.new_context(
                viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            await window.add_cookies([{"name": COOKIE, "value": token or "", "url": opened.origin}])
            page = await window.new_page()
            said: list[str] = []
            page.on("console", lambda message: said.append(message.text))
            await page.route("**/static/**", static)
            await page.goto(f"{opened.origin}/receipts/{NUMBER}")
            yield page, said
            await window.close()


async def test_it_prints_on_one_page_of_a4(browser: Browser, tmp_path: Path) -> None:
    async with receipt(browser, tmp_path) as (page, _):
        printed = await page.pdf(prefer_css_page_size=True, print_background=True)
        await page.emulate_media(media="print")
        assert not await page.get_by_role("link", name="Download PDF").is_visible()
    assert len(re.findall(rb"/Type /Page\b", printed)) == 1
    sizes = {
        tuple(map(float, box.split()[2:])) for box in re.findall(rb"/MediaBox \[(.*?)\]", printed)
    }
    assert {(round(width), round(height)) for width, height in sizes} == {(595, 842)}


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_light_as_paper_is(browser: Browser, tmp_path: Path, scheme: Scheme) -> None:
    async with receipt(browser, tmp_path, scheme=scheme) as (page, said):
        assert NUMBER in await page.title()
        colour = "getComputedStyle(document.querySelector('main')).backgroundColor"
        assert await page.evaluate(colour) == "rgb(255, 255, 255)"
        assert await page.evaluate("document.querySelector('img').naturalWidth > 0")
    assert not said, "the policy lets everything in that the page needs"


@pytest.mark.parametrize("width", [320, 390, 768])
async def test_it_fits_a_phone(browser: Browser, tmp_path: Path, width: int) -> None:
    async with receipt(browser, tmp_path, width) as (page, _):
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        total = page.get_by_role("row", name="Total paid")
        box = await total.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
