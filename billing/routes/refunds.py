"""Refunds that those who sell ask for."""

from typing import Annotated

from aiohttp import web
from pydantic import Field

from billing.routes.admin import describe_refund, teacher_of
from billing.routes.auth import Strict
from billing.routes.keys import CONTEXT
from billing.routes.session import account_with, read_json
from billing.service import reports
from billing.service.refunds import request_refund

routes = web.RouteTableDef()


class WantedRefund(Strict):
    """Money to send back; no amount: all that is left of the payment."""

    payment_id: Annotated[str, Field(alias="paymentId", min_length=1, max_length=64)]
    amount: Annotated[int, Field(gt=0, strict=True)] | None = None
    reason: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
    note: Annotated[str, Field(max_length=200)] = ""


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
