"""Orders, totals and refunds for teachers and admins; the ledger for admins."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from billing.errors import BillingError
from billing.orders.states import OrderState
from billing.routes import receipts
from billing.routes.keys import CONTEXT
from billing.routes.paging import page_of, read_page
from billing.routes.session import Account, Strict, account_with, read_json
from billing.service import journal, reports
from billing.service.refunds import request_refund
from billing.store.queries import cursor_of
from billing.store.tables import Refund
from billing.text.days import span as span_of_days

MAX_SEARCH = 100
_MARK = "\ufeff"  # spreadsheets take the file for UTF-8 then

routes = web.RouteTableDef()


class WantedRefund(Strict):
    """Money to send back; no amount: all that is left of the payment."""

    payment_id: Annotated[str, Field(alias="paymentId", min_length=1, max_length=64)]
    amount: Annotated[int, Field(gt=0, strict=True)] | None = None
    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    note: Annotated[str, Field(max_length=200)] = ""


@routes.get("/api/admin/orders")
async def orders(request: web.Request) -> web.Response:
    """Lists orders, the newest first; a teacher sees those of their own classes."""
    who = await account_with(request, "admin", "teacher")
    limit, cursor = read_page(request)
    query = request.query
    wanted = reports.OrderFilter(
        span=_span(request, who),
        search=query.get("search", "").strip()[:MAX_SEARCH],
        class_id=query.get("classId", "")[:64],
        state=_state(query.get("state", "")),
    )
    found = await reports.orders(request.app[CONTEXT], wanted, limit + 1, cursor)
    return page_of(
        found, limit, _order, lambda last: cursor_of(last.order.created_at, last.order.id)
    )


@routes.get("/api/admin/totals")
async def totals(request: web.Request) -> web.Response:
    """Answers totals by class and day, from the ledger, in the seller's days."""
    who = await account_with(request, "admin", "teacher")
    context = request.app[CONTEXT]
    days, classes = await reports.totals(context, _span(request, who))
    return web.json_response(
        {
            "days": [{"day": total.day, **_total(total)} for total in days],
            "classes": [_total(total) for total in classes],
            "zone": context.settings.seller_zone,
        }
    )


@routes.get("/api/admin/ledger.csv")
async def ledger(request: web.Request) -> web.StreamResponse:
    """Streams the ledger as CSV while it is read from the database."""
    who = await account_with(request, "admin")
    span = _span(request, who)
    headers = {
        "Content-Disposition": 'attachment; filename="ledger.csv"',
        "Cache-Control": "private, no-store",
    }
    response = web.StreamResponse(headers=headers)
    response.content_type, response.charset = "text/csv", "utf-8"
    await response.prepare(request)
    await response.write(_MARK.encode())
    async for lines in journal.lines(request.app[CONTEXT], span):
        await response.write(lines.encode())
    await response.write_eof()
    return response


@routes.post("/api/admin/refunds")
async def refunds(request: web.Request) -> web.Response:
    """Sends money back; a teacher that of own classes."""
    who = await account_with(request, "admin", "teacher")
    body = await read_json(request, WantedRefund)
    context = request.app[CONTEXT]
    await reports.check_seller(context, body.payment_id, teacher_of(who))
    made = await request_refund(
        context, body.payment_id, body.amount, body.reason, body.note.strip(), who.id
    )
    return web.json_response(describe_refund(made), status=201)


def teacher_of(who: Account) -> str | None:
    """The teacher whose classes a person may see; None: all."""
    return None if who.role == "admin" else who.id


def _span(request: web.Request, who: Account) -> reports.Span:
    query, zone = request.query, request.app[CONTEXT].settings.seller_zone
    begin, end = span_of_days(query.get("from", ""), query.get("to", ""), zone)
    return reports.Span(begin, end, teacher_of(who))


def _state(text: str) -> str:
    if text and text not in set(OrderState):
        raise BillingError("bad_state", "There is no such state of orders.", "state")
    return text


def _order(report: reports.OrderReport) -> dict[str, object]:
    order, student, offer = report.order, report.student, report.offer
    return {
        "id": order.id,
        "gatewayOrderId": order.gateway_order_id,
        "student": {"id": student.id, "name": student.name, "email": student.email},
        "class": {"id": offer.id, "title": offer.title},
        "amount": order.amount,
        "currency": order.currency,
        "state": order.state,
        "createdAt": order.created_at,
        "payments": [
            {
                "id": payment.id,
                "amount": payment.amount,
                "currency": payment.currency,
                "state": payment.state,
                "confirmed": payment.confirmed,
                "reason": payment.reason,
                "dispute": payment.dispute,
                "refunded": reports.refunded(report, payment),
                "createdAt": payment.created_at,
            }
            for payment in report.payments
        ],
        "refunds": [describe_refund(refund) for refund in report.refunds],
        "receipts": [receipts.describe(receipt) for receipt in report.receipts],
    }


def describe_refund(refund: Refund) -> dict[str, object]:
    return {
        "id": refund.id,
        "paymentId": refund.payment_id,
        "amount": refund.amount,
        "currency": refund.currency,
        "state": refund.state,
        "reason": refund.reason,
        "note": refund.note,
        "attempts": refund.attempts,
        "createdAt": refund.created_at,
        "processedAt": refund.processed_at,
    }


def _total(total: reports.Total) -> dict[str, object]:
    return {
        "classId": total.class_id,
        "title": total.title,
        "currency": total.currency,
        "paid": total.paid,
        "refunded": total.refunded,
        "count": total.count,
    }
