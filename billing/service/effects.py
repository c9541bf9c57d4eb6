"""What each action of the state table does to the locked rows."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from billing.catalogue import schedule
from billing.catalogue.classes import access_until
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
from billing.orders.states import Action, OrderState, Outcome, PaymentState, Reason, RefundState
from billing.service.purchase import Change, Purchase
from billing.service.receipts import issue_credit_note, issue_invoice
from billing.store.tables import Enrolment, Payment, Refund
from billing.text import payment_notices as words

FIRST_PAUSE = 120_000  # ms until a refund is asked for again; doubles with each try
LONGEST_PAUSE = 6 * 3_600_000
_UNBOUGHT = (OrderState.OPEN, OrderState.EXPIRED, OrderState.SUPERSEDED)

One = TypeVar("One")


def pause_after(attempts: int) -> int:
    """ms until the next try."""
    return min(FIRST_PAUSE << min(attempts - 1, 20), LONGEST_PAUSE)


async def act(change: Change, purchase: Purchase, fact: Fact, outcome: Outcome) -> None:
    """Does what the outcome says."""
    effect = _EFFECTS.get(outcome.action)
    if effect is not None:
        await effect(change, purchase, fact, outcome)
        await change.session.flush()


def end_enrolment(change: Change, purchase: Purchase, reason: str) -> None:
    """The student is out, and the room's watcher is told."""
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
    text = words.refund_due(reason, purchase.found.title, amount, payment.currency)
    change.tell(purchase, "refund_due", text)
    change.woken.add("refunds")
    return made


def settle_order(change: Change, purchase: Purchase) -> None:
    """All of a purchase's money is going back: it opens nothing any more."""
    if purchase.buys and purchase.order.state == OrderState.PAID and purchase.left <= 0:
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
    await enrol(change, purchase, "paid")
    for sibling in purchase.siblings:
        if sibling.state == OrderState.OPEN:
            sibling.state, sibling.closed_at = OrderState.SUPERSEDED, change.now
    await change.session.flush()
    if payment.confirmed:
        await issue_invoice(change.session, change.context.settings, order, payment, change.now)
    change.tell(purchase, "enrolled", words.enrolled(purchase.found.title))


async def enrol(change: Change, purchase: Purchase, kind: str) -> None:
    """The order's enrolment; it takes the place of a trial, or of one that ran out."""
    old = purchase.enrolment
    if old is not None:
        old.ended_at = change.now
        old.ended_reason = "upgraded" if old.kind == "trial" else "expired"
        await change.session.flush()
    found = purchase.found
    purchase.enrolment = Enrolment(
        id=change.context.new_id("e"),
        user_id=purchase.order.user_id,
        class_id=found.id,
        order_id=purchase.order.id,
        kind=kind,
        created_at=change.now,
        expires_at=access_until(schedule.parse(found.schedule), found.access_days, change.now),
    )
    change.session.add(purchase.enrolment)
    change.book(purchase, EntryKind.ENROLLED, purchase.order.id)


async def _confirm(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    """Refunds that are due follow the amount the gateway took."""
    before = purchase.paid.amount
    payment = _take(change, purchase, _as(fact, PaymentCaptured))
    for refund in purchase.owed:
        whole = refund.amount == before
        refund.amount = payment.amount if whole else min(refund.amount, payment.amount)
        refund.currency = payment.currency
    await change.session.flush()
    if purchase.buys:
        settings = change.context.settings
        await issue_invoice(change.session, settings, purchase.order, payment, change.now)


async def _refund(change: Change, purchase: Purchase, fact: Fact, outcome: Outcome) -> None:
    payment = _take(change, purchase, _as(fact, PaymentCaptured))
    if purchase.order.state in _UNBOUGHT:
        _close(change, purchase, OrderState.REFUNDED)
    await change.session.flush()
    add_refund(change, purchase, outcome.reason or Reason.GATEWAY, payment.amount)


async def _end_and_refund(change: Change, purchase: Purchase, fact: Fact, outcome: Outcome) -> None:
    if purchase.buys:
        end_enrolment(change, purchase, "refunded")
        _close(change, purchase, OrderState.REFUNDED)
    await _refund(change, purchase, fact, outcome)


async def _capture(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    if purchase.payment is None or purchase.payment.state == PaymentState.FAILED:
        payment = _keep_payment(
            change, purchase, _as(fact, PaymentAuthorized), PaymentState.AUTHORIZED
        )
        change.book(purchase, EntryKind.AUTHORIZED, payment.id)


async def _note_failure(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    failed = _as(fact, PaymentFailed)
    payment = _keep_payment(change, purchase, failed, PaymentState.FAILED)
    payment.reason = failed.reason
    change.book(purchase, EntryKind.FAILED, payment.id)


async def _withdraw(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    failed = _as(fact, PaymentFailed)
    payment = _keep_payment(change, purchase, failed, PaymentState.FAILED)
    payment.reason = failed.reason
    change.book(purchase, EntryKind.WITHDRAWN, payment.id)
    for refund in purchase.owed:
        refund.state, refund.note = RefundState.FAILED, "No money was taken."
    if purchase.buys:
        end_enrolment(change, purchase, "cancelled")
        _close(change, purchase, OrderState.CANCELLED)
        change.tell(purchase, "withdrawn", words.withdrawn(purchase.found.title))


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
    settle_order(change, purchase)


async def _processed(change: Change, purchase: Purchase, fact: Fact, _: Outcome | None) -> None:
    moved = _as(fact, RefundMoved)
    refund, payment = _the_refund(purchase), purchase.paid
    refund.state, refund.gateway_refund_id = RefundState.PROCESSED, moved.refund_id
    refund.amount, refund.processed_at = moved.amount, change.now
    change.book(purchase, EntryKind.REFUNDED, refund.id, -moved.amount)
    _close_payment(purchase)
    settle_order(change, purchase)
    await change.session.flush()
    await issue_credit_note(change.session, change.context.settings, refund, change.now)
    text = words.refund_sent(purchase.found.title, moved.amount, payment.currency)
    change.tell(purchase, "refund_sent", text)


def _close_payment(purchase: Purchase) -> None:
    """Nothing is left of a payment that was sent back or taken by the bank, part by part: what was
    still to be sent has gone another way."""
    done = [one.amount for one in purchase.refunds if one.state == RefundState.PROCESSED]
    if sum(done) + purchase.charged_back >= purchase.paid.amount:
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
    if sum(refund.amount for refund in purchase.owed) <= -purchase.left:
        return
    for refund in reversed(purchase.owed):
        refund.amount -= min(refund.amount - 1, max(0, -purchase.left))


def _book_loss(change: Change, purchase: Purchase, fact: Fact) -> None:
    moved = _as(fact, DisputeMoved)
    purchase.paid.dispute = "lost"
    purchase.charged_back += moved.amount
    change.book(purchase, EntryKind.CHARGED_BACK, moved.dispute_id, -moved.amount)


async def _charge_back(change: Change, purchase: Purchase, fact: Fact, _: Outcome) -> None:
    """What the bank took cannot be sent back once more."""
    _book_loss(change, purchase, fact)
    _close_payment(purchase)
    if purchase.buys and purchase.order.state == OrderState.PAID:
        end_enrolment(change, purchase, "disputed")
        _close(change, purchase, OrderState.REFUNDED)
        change.tell(purchase, "charged_back", words.charged_back(purchase.found.title))


def _the_refund(purchase: Purchase) -> Refund:
    assert purchase.refund is not None
    return purchase.refund


def _as(fact: Fact, kind: type[One]) -> One:
    assert isinstance(fact, kind), "a row of the table is of the wrong kind"
    return fact


_Effect = Callable[[Change, Purchase, Fact, Outcome], Awaitable[None]]
_EFFECTS: dict[Action, _Effect] = {
    Action.CAPTURE: _capture,
    Action.ENROL: _enrol,
    Action.CONFIRM: _confirm,
    Action.REFUND: _refund,
    Action.END_AND_REFUND: _end_and_refund,
    Action.NOTE_FAILURE: _note_failure,
    Action.WITHDRAW: _withdraw,
    Action.ADOPT: _adopt,
    Action.ASKED: _asked,
    Action.PROCESSED: _processed,
    Action.RETRY: _retry,
    Action.FLAG: _flag,
    Action.UNFLAG: _unflag,
    Action.BOOK_LOSS: _lose_part,
    Action.CHARGE_BACK: _charge_back,
}
