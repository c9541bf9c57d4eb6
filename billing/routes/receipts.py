"""Receipts: the list, the page that prints, the PDF."""

from urllib.parse import quote

from aiohttp import web

from billing.errors import NotFoundError
from billing.receipts import page as receipt_page
from billing.receipts.document import Document, printed_of
from billing.receipts.pdf import Assets, PdfRenderer
from billing.routes.keys import CONTEXT
from billing.routes.paging import page_of, read_page
from billing.routes.session import account, maybe_account
from billing.service import receipts
from billing.settings import BillingSettings
from billing.store.queries import cursor_of
from billing.store.tables import Receipt

PDF_RENDERER: web.AppKey[PdfRenderer] = web.AppKey("pdf_renderer", PdfRenderer)

# Private, and never an old name or an old session's document from a cache.
_HEADERS = {"Cache-Control": "private, no-store", "Content-Security-Policy": receipt_page.POLICY}

routes = web.RouteTableDef()


def assets_of(settings: BillingSettings) -> Assets:
    """The fonts among the browser modules, the logo among the static files."""
    return Assets(settings.vendor_dir / "@fontsource", settings.static_dir / "icon.svg")


def describe(receipt: Receipt) -> dict[str, object]:
    """A receipt in a list."""
    document = Document.model_validate(receipt.data)
    return {
        "number": receipt.number,
        "kind": receipt.kind,
        "classTitle": document.item.title,
        "student": {"id": receipt.user_id, "name": document.buyer.name},
        "total": document.item.total,
        "currency": document.item.currency,
        "issuedAt": receipt.issued_at,
        "url": f"/receipts/{receipt.number}",
        "pdfUrl": f"/receipts/{receipt.number}.pdf",
    }


@routes.get("/api/me/receipts")
async def mine(request: web.Request) -> web.Response:
    """Lists a person's receipts and those of linked students, the newest first."""
    who = await account(request)
    limit, cursor = read_page(request)
    found = await receipts.of_person(request.app[CONTEXT], who.id, limit + 1, cursor)
    return page_of(found, limit, describe, lambda last: cursor_of(last.issued_at, last.id))


@routes.get("/receipts/{number:.+}.pdf")
async def pdf(request: web.Request) -> web.Response:
    """Answers the receipt as a PDF."""
    context = request.app[CONTEXT]
    document = await _read(request)
    body = await request.app[PDF_RENDERER].draw(document, assets_of(context.settings))
    name = document.number.replace("/", "-")
    disposition = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return web.Response(
        body=body, content_type="application/pdf", headers={**_HEADERS, **disposition}
    )


@routes.get("/receipts/{number:.+}")
async def page(request: web.Request) -> web.Response:
    """Answers the receipt as a page; a person who is not signed in is sent to do that first."""
    if await maybe_account(request) is None:
        raise web.HTTPFound(f"/login?next={quote(request.path)}")
    try:
        document = await _read(request)
    except NotFoundError as error:
        return _html(receipt_page.render_missing(error.message), error.status)
    return _html(receipt_page.render(printed_of(document), f"/receipts/{document.number}.pdf"))


async def _read(request: web.Request) -> Document:
    who = await account(request)
    number = request.match_info["number"]
    return await receipts.read(request.app[CONTEXT], who.id, who.role, number)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html", headers=_HEADERS)
