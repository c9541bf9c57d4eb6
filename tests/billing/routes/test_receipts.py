"""Receipts over HTTP: for those they concern, and for nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from billing.context import Context
from tests.billing import seller
from tests.billing.support import make_context
from tests.billing.web import Site, refused, site, told

ASHAS, BENS = "INV/25-26/000001", "INV/25-26/000002"


@pytest.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path, **seller.SELLER) as made:
        await seller.furnish(made)
        async with made.db.writing() as session:
            await seller.pay(session, made, 1)
            made.now.advance(1)  # type: ignore[attr-defined]
            await seller.pay(session, made, 2, student="ben", class_id="music")
        yield made


@pytest.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


@pytest.mark.parametrize(
    ("who", "of_asha", "of_ben"),
    [
        ("asha", 200, 404),
        ("mum", 200, 404),
        ("tara", 200, 404),
        ("root", 200, 200),
        ("tom", 404, 200),
        ("ben", 404, 200),
    ],
)
async def test_a_receipt_is_for_whom_it_concerns(
    web: Site, who: str, of_asha: int, of_ben: int
) -> None:
    browser = await seller.signed_in(web, who)
    for number, status in ((ASHAS, of_asha), (BENS, of_ben)):
        page = await browser.get(f"/receipts/{number}")
        assert page.status == status
        assert (number in await page.text()) == (status == 200)
        pdf = await browser.get(f"/receipts/{number}.pdf")
        assert pdf.status == status
        assert (await pdf.read()).startswith(b"%PDF-") == (status == 200)


async def test_the_page_has_a_strict_policy_and_is_kept_nowhere(web: Site) -> None:
    browser = await seller.signed_in(web, "asha")
    for path in (f"/receipts/{ASHAS}", "/receipts/INV/25-26/999999", f"/receipts/{ASHAS}.pdf"):
        response = await browser.get(path)
        assert response.headers["Content-Security-Policy"].startswith("default-src 'none';")
        assert response.headers["Cache-Control"] == "private, no-store"


async def test_an_encoded_number_is_the_same(web: Site) -> None:
    browser = await seller.signed_in(web, "asha")
    response = await browser.get("/receipts/INV%2F25-26%2F000001", allow_redirects=False)
    assert response.status == 200
    assert ASHAS in await response.text()


@pytest.mark.parametrize("number", ["x", "INV/25-26/000009", "%27%20OR%201=1", "..%2f..%2fetc"])
async def test_what_is_no_number_is_no_receipt(web: Site, number: str) -> None:
    browser = await seller.signed_in(web, "root")
    response = await browser.get(f"/receipts/{number}")
    assert response.status == 404
    assert await refused(await browser.get(f"/receipts/{number}.pdf"), 404) == "no_receipt"


async def test_who_is_not_signed_in_does_that_first(web: Site) -> None:
    browser = await web.browser()
    page = await browser.get(f"/receipts/{ASHAS}", allow_redirects=False)
    assert page.status == 302
    assert page.headers["Location"] == f"/login?next=/receipts/{ASHAS}"
    assert await refused(await browser.get(f"/receipts/{ASHAS}.pdf"), 401) == "not_signed_in"
    assert await refused(await browser.get("/api/me/receipts"), 401) == "not_signed_in"


@pytest.mark.parametrize(
    ("who", "numbers"), [("asha", [ASHAS]), ("mum", [ASHAS]), ("ben", [BENS]), ("tara", [])]
)
async def test_the_list_has_ones_own_and_ones_childrens(
    web: Site, who: str, numbers: list[str]
) -> None:
    browser = await seller.signed_in(web, who)
    items = (await told(await browser.get("/api/me/receipts")))["items"]
    assert [item["number"] for item in items] == numbers


async def test_the_list_says_what_each_is(web: Site) -> None:
    browser = await seller.signed_in(web, "asha")
    answer = await told(await browser.get("/api/me/receipts"))
    assert answer == {
        "items": [
            {
                "number": ASHAS,
                "kind": "invoice",
                "classTitle": "Maths",
                "student": {"id": "u-asha", "name": "Asha"},
                "total": 149_900,
                "currency": "INR",
                "issuedAt": web.context.now() - 1,
                "url": f"/receipts/{ASHAS}",
                "pdfUrl": f"/receipts/{ASHAS}.pdf",
            }
        ],
        "next": None,
    }


async def test_the_list_comes_in_pages_newest_first(web: Site) -> None:
    async with web.context.db.writing() as session:
        for number in range(3, 8):
            await seller.pay(session, web.context, number)  # at the same moment
    browser = await seller.signed_in(web, "asha")
    seen, cursor = [], ""
    while cursor is not None:
        path = f"/api/me/receipts?limit=2&cursor={cursor}"
        answer = await told(await browser.get(path))
        seen += [item["number"][-1] for item in answer["items"]]
        cursor = answer["next"]
    assert seen == ["7", "6", "5", "4", "3", "1"]


@pytest.mark.parametrize("cursor", ["x", "1", ".", "-1.x", f"{10**20}.x"])
async def test_a_wrong_cursor_is_refused(web: Site, cursor: str) -> None:
    browser = await seller.signed_in(web, "asha")
    response = await browser.get("/api/me/receipts", params={"cursor": cursor})
    assert await refused(response, 400) == "bad_cursor"
