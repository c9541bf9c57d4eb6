"""The effects of the state table's actions on the locked rows."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from billing.orders.facts import (
    DisputeMoved,
    Fact,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentFact,
    PaymentFailed,
    RefundMoved,
)
from billing.orders.ledger import EntryKind
from billing.orders.states import OrderState, Outcome, PaymentState, Reason, RefundState, RowAction
from billing.service import enrolments
from billing.service.change import Change
from billing.service.purchase import Purchase, sum_of
from billing.service.receipts import issue_credit_note, issue_invoice
from billing.store.tables import Payment, Refund
from billing.text import payment_notices

FIRST_PAUSE = 120_000  # ms until a refund is asked for again; doubles with each try
LONGEST_PAUSE = 6 * 3_600_000
_UNBOUGHT = (OrderState.OPEN, OrderState.EXPIRED, OrderState.SUPERSEDED)

One = TypeVar("One")


def pause_after(attempts: int) -> int:
    """ms until the next try."""
    return min(FIRST_PAUSE << min(attempts - 1, 20), LONGEST_PAUSE)


async def act(change: Change, purchase: Purchase, fact: Fact, outcome: Outcome) -> None:
    """Carries out an outcome."""
    effect = _EFFECTS.get(outcome.action)
    if effect is not None:
        await effect(change, purchase, fact, outcome)
        await change.session.flush()


def end_enrolment(change: Change, purchase: Purchase, reason: str) -> None:
    """The student is out of the class; the job that watches live classes is woken."""
    one = purchase.enrolment
    if one is None or one.order_id != purchase.order.id:
        return
    one.ended_at, one.ended_reason = change.now, reason
    purchase.enrolment = None
    change.book(purchase, EntryKind.ENDED, one.id)
    change.woken.add("entry")


def add_refund(
    change: Change,
    purchase: Purchase,
    reason: str,
    amount: int,
    note: str = "",
    by: str | None = None,
) -> Refund:
    """A refund that the worker asks for as soon as this is committed."""
    payment = purchase.paid
    made = Refund(
        id=change.context.new_id("r"),
        payment_id=payment.id,
        amount=amount,
        currency=payment.currency,
        state=RefundState.DUE,
        reason=reason,
        note=note,
        requested_by=by,
        attempts=0,
        next_try_at=change.now,
        created_at=change.now,
    )
    change.session.add(made)
    purchase.refunds.append(made)
    purchase.refund = made
    change.book(purchase, EntryKind.REFUND_DUE, made.id)
    text = payment_notices.refund_due(reason, purchase.class_.title, amount, payment.currency)
    change.tell(purchase, "refund_due", text)
    change.woken.add("refunds")
    return made


def close_if_returned(change: Change, purchase: Purchase) -> None:
    """Closes a purchase whose money is all going back, and ends its enrolment."""
    if purchase.bought_it and purchase.order.state == OrderState.PAID and purchase.left <= 0:
        _close(change, purchase, OrderState.REFUNDED)
        end_enrolment(change, purchase, "refunded")


def _close(change: Change, purchase: Purchase, state: OrderState) -> None:
    purchase.order.state, purchase.order.closed_at = state, change.now


def _keep_payment(
    change: Change,
    purchase: Purchase,
    fact: PaymentFact,
    state: PaymentState,
    confirmed: bool = True,
) -> Payment:
    payment = purchase.payment
    if payment is None:
        payment = purchase.payment = Payment(
            id=fact.payment_id, order_id=purchase.order.id, created_at=change.now
        )
        change.session.add(payment)
    payment.amount, payment.currency = fact.amount, fact.currency
    payment.state, payment.confirmed, payment.reason = state, confirmed, None
    return payment


def _take(change: Change, purchase: Purchase, fact: PaymentCaptured) -> Payment:
    """The payment is captured; only what the gateway confirmed is booked as money."""
    payment = _keep_payment(change, purchase, fact, PaymentState.CAPTURED, fact.confirmed)
    if fact.confirmed:
        change.book(purchase, EntryKind.CAPTURED, payment.id, payment.amount)
    else:
        change.book(purchase, EntryKind.PROMISED, payment.id)
    return payment


async def _enrol(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    payment = _take(change, purchase, _as(fact, PaymentCaptured))
    order = purchase.order
    _close(change, purchase, OrderState.PAID)
    order.payment_id = payment.id
    await enrol_by_order(change, purchase, "paid")
    for sibling in purchase.siblings:
        if sibling.state == OrderState.OPEN:
            sibling.state, sibling.closed_at = OrderState.SUPERSEDED, change.now
    await change.session.flush()
    if payment.confirmed:
        await issue_invoice(change.session, change.context.settings, order, payment, change.now)
    change.tell(purchase, "enrolled", payment_notices.enrolled(purchase.class_.title))


async def enrol_by_order(change: Change, purchase: Purchase, kind: str) -> None:
    """The order's enrolment, in place of a trial or of one that ran out."""
    order = purchase.order
    new = enrolments.NewEnrolment(order.user_id, purchase.class_, kind, order.id)
    old = purchase.enrolment
    purchase.enrolment = await enrolments.begin(change.session, change.context, new, old)
    change.book(purchase, EntryKind.ENROLLED, order.id)


async def _confirm(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    """Refunds that are due follow the amount the gateway took."""
    before = purchase.paid.amount
    payment = _take(change, purchase, _as(fact, PaymentCaptured))
    for refund in purchase.owed:
        whole = refund.amount == before
        refund.amount = payment.amount if whole else min(refund.amount, payment.amount)
        refund.currency = payment.currency
    await change.session.flush()
    if purchase.bought_it:
        settings = change.context.settings
        await issue_invoice(change.session, settings, purchase.order, payment, change.now)


async def _refund(change: Change, purchase: Purchase, fact: Fact, outcome: Outcome) -> None:
    payment = _take(change, purchase, _as(fact, PaymentCaptured))
    if purchase.order.state in _UNBOUGHT:
        _close(change, purchase, OrderState.REFUNDED)
    await change.session.flush()
    add_refund(change, purchase, outcome.reason or Reason.GATEWAY, payment.amount)


async def _end_and_refund(change: Change, purchase: Purchase, fact: Fact, outcome: Outcome) -> None:
    if purchase.bought_it:
        end_enrolment(change, purchase, "refunded")
        _close(change, purchase, OrderState.REFUNDED)
    await _refund(change, purchase, fact, outcome)


async def _capture(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    if purchase.payment is None or purchase.payment.state == PaymentState.FAILED:
        payment = _keep_payment(
            change, purchase, _as(fact, PaymentAuthorized), PaymentState.AUTHORIZED
        )
        change.book(purchase, EntryKind.AUTHORIZED, payment.id)


def _fail(change: Change, purchase: Purchase, fact: Fact, kind: EntryKind) -> None:
    """The payment took no money after all."""
    failed = _as(fact, PaymentFailed)
    payment = _keep_payment(change, purchase, failed, PaymentState.FAILED)
    payment.reason = failed.reason
    change.book(purchase, kind, payment.id)


async def _note_failure(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    _fail(change, purchase, fact, EntryKind.FAILED)


async def _withdraw(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    _fail(change, purchase, fact, EntryKind.WITHDRAWN)
    for refund in purchase.owed:
        refund.state, refund.note = RefundState.FAILED, "No money was taken."
    if purchase.bought_it:
        end_enrolment(change, purchase, "cancelled")
        _close(change, purchase, OrderState.CANCELLED)
        change.tell(purchase, "withdrawn", payment_notices.withdrawn(purchase.class_.title))


async def _adopt(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    moved = _as(fact, RefundMoved)
    made = add_refund(change, purchase, Reason.GATEWAY, moved.amount)
    await change.session.flush()
    await (_processed if moved.status == "processed" else _asked)(change, purchase, moved, None)
    made.attempts = 1
    _shrink_owed(purchase)


async def _asked(change: Change, purchase: Purchase, fact: Fact, _: Outcome | None) -> None:
    moved = _as(fact, RefundMoved)
    refund = _the_refund(purchase)
    refund.state, refund.gateway_refund_id = RefundState.ASKED, moved.refund_id
    change.book(purchase, EntryKind.REFUND_ASKED, f"{refund.id}:{moved.refund_id}")
    close_if_returned(change, purchase)


async def _processed(change: Change, purchase: Purchase, fact: Fact, _: Outcome | None) -> None:
    moved = _as(fact, RefundMoved)
    refund, payment = _the_refund(purchase), purchase.paid
    refund.state, refund.gateway_refund_id = RefundState.PROCESSED, moved.refund_id
    refund.amount, refund.processed_at = moved.amount, change.now
    change.book(purchase, EntryKind.REFUNDED, refund.id, -moved.amount)
    _close_payment(purchase)
    close_if_returned(change, purchase)
    await change.session.flush()
    await issue_credit_note(change.session, change.context.settings, refund, change.now)
    text = payment_notices.refund_sent(purchase.class_.title, moved.amount, payment.currency)
    change.tell(purchase, "refund_sent", text)


def _close_payment(purchase: Purchase) -> None:
    """Closes a payment of which nothing is left after refunds and the bank's takings: money that
    was still to be sent has gone another way."""
    if purchase.kept <= 0:
        purchase.paid.state = PaymentState.REFUNDED
        for refund in purchase.owed:
            refund.state = RefundState.ELSEWHERE


async def _retry(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    moved = _as(fact, RefundMoved)
    refund = _the_refund(purchase)
    refund.state, refund.gateway_refund_id = RefundState.FAILED, moved.refund_id
    refund.attempts += 1
    refund.next_try_at = change.now + pause_after(refund.attempts)
    change.book(purchase, EntryKind.REFUND_FAILED, f"{refund.id}:{moved.refund_id}")


async def _flag(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    purchase.paid.dispute = "open"
    change.book(purchase, EntryKind.DISPUTE_OPEN, _as(fact, DisputeMoved).dispute_id)


async def _unflag(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    purchase.paid.dispute = "won"
    change.book(purchase, EntryKind.DISPUTE_WON, _as(fact, DisputeMoved).dispute_id)


async def _lose_part(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    _book_loss(change, purchase, fact)
    _shrink_owed(purchase)


def _shrink_owed(purchase: Purchase) -> None:
    """Refunds that are due shrink to what is left, else the gateway would refuse them for ever;
    none to nothing, as there is no such refund. Where nothing is left they stay as they are until
    it has arrived (`_close_payment`)."""
    if sum_of(purchase.owed) <= -purchase.left:
        return
    for refund in reversed(purchase.owed):
        refund.amount -= min(refund.amount - 1, max(0, -purchase.left))


def _book_loss(change: Change, purchase: Purchase, fact: Fact) -> None:
    moved = _as(fact, DisputeMoved)
    purchase.paid.dispute = "lost"
    purchase.charged_back += moved.amount
    change.book(purchase, EntryKind.CHARGED_BACK, moved.dispute_id, -moved.amount)


async def _charge_back(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    """Books the loss: money that the bank took cannot be sent back once more."""
    _book_loss(change, purchase, fact)
    _close_payment(purchase)
    if purchase.bought_it and purchase.order.state == OrderState.PAID:
        end_enrolment(change, purchase, "disputed")
        _close(change, purchase, OrderState.REFUNDED)
        change.tell(purchase, "charged_back", payment_notices.charged_back(purchase.class_.title))


def _the_refund(purchase: Purchase) -> Refund:
    assert purchase.refund is not None
    return purchase.refund


def _as(fact: Fact, kind: type[One]) -> One:
    assert isinstance(fact, kind), "a row of the table is of the wrong kind"
    return fact


_Effect = Callable[[Change, Purchase, Fact, Outcome], Awaitable[None]]
_EFFECTS: dict[RowAction, _Effect] = {
    RowAction.CAPTURE: _capture,
    RowAction.ENROL: _enrol,
    RowAction.CONFIRM: _confirm,
    RowAction.REFUND: _refund,
    RowAction.END_AND_REFUND: _end_and_refund,
    RowAction.NOTE_FAILURE: _note_failure,
    RowAction.WITHDRAW: _withdraw,
    RowAction.ADOPT: _adopt,
    RowAction.ASKED: _asked,
    RowAction.PROCESSED: _processed,
    RowAction.RETRY: _retry,
    RowAction.FLAG: _flag,
    RowAction.UNFLAG: _unflag,
    RowAction.BOOK_LOSS: _lose_part,
    RowAction.CHARGE_BACK: _charge_back,
}
