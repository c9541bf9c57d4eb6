"""The gateway's own messages, which come late, twice, in any order, or are forged."""

import hashlib

from billing.context import Context
from billing.errors import BillingError, GatewayError
from billing.gateway.events import GatewayMessage, MalformedEventError, parse
from billing.orders.facts import PaymentAuthorized
from billing.orders.states import RowAction
from billing.service.payment_facts import WEBHOOK, Event, apply, capture
from common.logs import get_logger

MAX_BODY = 256 * 1024  # bytes
MAX_ID = 64

log = get_logger(__name__)


async def receive(context: Context, body: bytes, signature: str, event_id: str | None) -> None:
    """Takes one message; raises BillingError for one that the gateway did not sign.

    All else is answered with success, also what is unknown or cannot be read: it is kept, and the
    gateway need not send it again.
    """
    if not context.gateway.is_webhook_signature(body, signature):
        context.counts["webhook_forged"] += 1
        raise BillingError("bad_signature", "This message is not signed by the gateway.")
    context.counts["webhook_received"] += 1
    try:
        message = parse(body)
    except MalformedEventError as error:
        context.counts["webhook_malformed"] += 1
        log.warning("webhook.malformed", error=str(error))
        message = GatewayMessage("malformed", ())
    text = body.decode("utf-8", "replace").replace("\0", "")
    event = Event(WEBHOOK, message.kind, text, _event_id(body, event_id))
    outcomes = await apply(context, message.facts, event)
    if any(outcome.action == RowAction.CAPTURE for outcome in outcomes):
        await _capture(context, message)


def _event_id(body: bytes, given: str | None) -> str:
    """The gateway's id of the event; without one, that of the body."""
    if given and len(given) <= MAX_ID and given.isascii() and given.isprintable():
        return given
    return hashlib.sha256(body).hexdigest()


async def _capture(context: Context, message: GatewayMessage) -> None:
    """A payment that is only held is taken at once; if that fails, reconciling takes it."""
    for fact in message.facts:
        if isinstance(fact, PaymentAuthorized):
            try:
                await capture(context, fact.payment_id, fact.amount, fact.currency, WEBHOOK)
            except GatewayError as error:
                context.counts["capture_failed"] += 1
                log.warning("capture.failed", payment=fact.payment_id, error=error.code)
