"""Receipts: the list, the page that prints, the PDF."""

from urllib.parse import quote

from aiohttp import web

from billing.errors import NotFoundError
from billing.receipts import page as receipt_page
from billing.receipts.invoice import Paper
from billing.receipts.process import Draftsman, assets_of
from billing.receipts.sheet import sheet_of
from billing.routes.keys import SHOP
from billing.routes.paging import read_page
from billing.routes.session import account, maybe_account
from billing.service import receipt_access as papers
from billing.store.keyset import cursor_of
from billing.store.tables import Receipt

DRAFTSMAN: web.AppKey[Draftsman] = web.AppKey("draftsman", Draftsman)

# Private, and never an old name or an old session's paper from a cache.
_HEADERS = {"Cache-Control": "private, no-store", "Content-Security-Policy": receipt_page.POLICY}

routes = web.RouteTableDef()


def describe(receipt: Receipt) -> dict[str, object]:
    """A receipt in a list."""
    paper = Paper.model_validate(receipt.data)
    return {
        "number": receipt.number,
        "kind": receipt.kind,
        "classTitle": paper.item.title,
        "student": {"id": receipt.user_id, "name": paper.buyer.name},
        "total": paper.item.total,
        "currency": paper.item.currency,
        "issuedAt": receipt.issued_at,
        "url": f"/receipts/{receipt.number}",
        "pdfUrl": f"/receipts/{receipt.number}.pdf",
    }


@routes.get("/api/me/receipts")
async def mine(request: web.Request) -> web.Response:
    """One's own and those of linked students, the newest first."""
    who = await account(request)
    limit, cursor = read_page(request)
    found = await papers.of_person(request.app[SHOP], who.id, limit + 1, cursor)
    items = [describe(receipt) for receipt in found[:limit]]
    last = found[limit - 1] if len(found) > limit else None
    following = cursor_of(last.issued_at, last.id) if last else None
    return web.json_response({"items": items, "next": following})


@routes.get("/receipts/{number:.+}.pdf")
async def pdf(request: web.Request) -> web.Response:
    """The receipt to keep."""
    shop = request.app[SHOP]
    paper = await _read(request)
    body = await request.app[DRAFTSMAN].draw(paper, assets_of(shop.settings))
    name = paper.number.replace("/", "-")
    disposition = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return web.Response(
        body=body, content_type="application/pdf", headers={**_HEADERS, **disposition}
    )


@routes.get("/receipts/{number:.+}")
async def page(request: web.Request) -> web.Response:
    """The receipt to read and to print; who is not signed in does that first."""
    if await maybe_account(request) is None:
        raise web.HTTPFound(f"/login?next={quote(request.path)}")
    try:
        paper = await _read(request)
    except NotFoundError as error:
        return _html(receipt_page.render_missing(error.message), error.status)
    return _html(receipt_page.render(sheet_of(paper), f"/receipts/{paper.number}.pdf"))


async def _read(request: web.Request) -> Paper:
    who = await account(request)
    number = request.match_info["number"]
    return await papers.read(request.app[SHOP], who.id, who.role, number)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
