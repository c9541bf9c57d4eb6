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
from billing.service.change import Change, Ground
from billing.service.receipts import issue_credit_note, issue_invoice
from billing.store.tables import Enrolment, Payment, Refund
from billing.text import descriptions as words

FIRST_PAUSE = 120_000  # ms until a refund is asked for again; doubles with each try
LONGEST_PAUSE = 6 * 3_600_000
_UNBOUGHT = (OrderState.OPEN, OrderState.EXPIRED, OrderState.SUPERSEDED)

One = TypeVar("One")


def pause_after(attempts: int) -> int:
    """ms until the next try."""
    return min(FIRST_PAUSE << min(attempts - 1, 20), LONGEST_PAUSE)


async def act(change: Change, ground: Ground, fact: Fact, outcome: Outcome) -> None:
    """Does what the outcome says."""
    effect = _EFFECTS.get(outcome.action)
    if effect is not None:
        await effect(change, ground, fact, outcome)
        await change.session.flush()


def end_enrolment(change: Change, ground: Ground, reason: str) -> None:
    """The student is out, and the room's watcher is told."""
    one = ground.enrolment
    if one is None or one.order_id != ground.order.id:
        return
    one.ended_at, one.ended_reason = change.now, reason
    ground.enrolment = None
    change.book(ground, EntryKind.ENDED, one.id)
    change.woken.add("entry")


def add_refund(
    change: Change, ground: Ground, reason: str, amount: int, note: str = "", by: str | None = None
) -> Refund:
    """A refund that the worker asks for as soon as this is committed."""
    payment = ground.paid
    made = Refund(
        id=change.shop.new_id("r"),
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
    ground.refunds.append(made)
    ground.refund = made
    change.book(ground, EntryKind.REFUND_DUE, made.id)
    text = words.refund_due(reason, ground.found.title, amount, payment.currency)
    change.tell(ground, "refund_due", text)
    change.woken.add("refunds")
    return made


def settle_order(change: Change, ground: Ground) -> None:
    """All of a purchase's money is going back: it opens nothing any more."""
    if ground.buys and ground.order.state == OrderState.PAID and ground.left <= 0:
        _close(change, ground, OrderState.REFUNDED)
        end_enrolment(change, ground, "refunded")


def _close(change: Change, ground: Ground, state: OrderState) -> None:
    ground.order.state, ground.order.closed_at = state, change.now


def _keep_payment(
    change: Change, ground: Ground, fact: PaymentFact, state: PaymentState, confirmed: bool = True
) -> Payment:
    payment = ground.payment
    if payment is None:
        payment = ground.payment = Payment(
            id=fact.payment_id, order_id=ground.order.id, created_at=change.now
        )
        change.session.add(payment)
    payment.amount, payment.currency = fact.amount, fact.currency
    payment.state, payment.confirmed, payment.reason = state, confirmed, None
    return payment


def _take(change: Change, ground: Ground, fact: PaymentCaptured) -> Payment:
    """The payment is captured; only what the gateway confirmed is booked as money."""
    payment = _keep_payment(change, ground, fact, PaymentState.CAPTURED, fact.confirmed)
    if fact.confirmed:
        change.book(ground, EntryKind.CAPTURED, payment.id, payment.amount)
    else:
        change.book(ground, EntryKind.PROMISED, payment.id)
    return payment


async def _enrol(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    payment = _take(change, ground, _as(fact, PaymentCaptured))
    order = ground.order
    _close(change, ground, OrderState.PAID)
    order.payment_id = payment.id
    await enrol(change, ground, "paid")
    for sibling in ground.siblings:
        if sibling.state == OrderState.OPEN:
            sibling.state, sibling.closed_at = OrderState.SUPERSEDED, change.now
    await change.session.flush()
    if payment.confirmed:
        await issue_invoice(change.session, change.shop.settings, order, payment, change.now)
    change.tell(ground, "enrolled", words.enrolled(ground.found.title))


async def enrol(change: Change, ground: Ground, kind: str) -> None:
    """The order's enrolment; it takes the place of a trial, or of one that ran out."""
    old = ground.enrolment
    if old is not None:
        old.ended_at = change.now
        old.ended_reason = "upgraded" if old.kind == "trial" else "expired"
        await change.session.flush()
    found = ground.found
    ground.enrolment = Enrolment(
        id=change.shop.new_id("e"),
        user_id=ground.order.user_id,
        class_id=found.id,
        order_id=ground.order.id,
        kind=kind,
        created_at=change.now,
        expires_at=access_until(schedule.parse(found.schedule), found.access_days, change.now),
    )
    change.session.add(ground.enrolment)
    change.book(ground, EntryKind.ENROLLED, ground.order.id)


async def _confirm(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    """Refunds that are due follow the amount the gateway took."""
    before = ground.paid.amount
    payment = _take(change, ground, _as(fact, PaymentCaptured))
    for refund in ground.owed:
        whole = refund.amount == before
        refund.amount = payment.amount if whole else min(refund.amount, payment.amount)
        refund.currency = payment.currency
    await change.session.flush()
    if ground.buys:
        settings = change.shop.settings
        await issue_invoice(change.session, settings, ground.order, payment, change.now)


async def _refund(change: Change, ground: Ground, fact: Fact, outcome: Outcome) -> None:
    payment = _take(change, ground, _as(fact, PaymentCaptured))
    if ground.order.state in _UNBOUGHT:
        _close(change, ground, OrderState.REFUNDED)
    await change.session.flush()
    add_refund(change, ground, outcome.reason or Reason.GATEWAY, payment.amount)


async def _end_and_refund(change: Change, ground: Ground, fact: Fact, outcome: Outcome) -> None:
    if ground.buys:
        end_enrolment(change, ground, "refunded")
        _close(change, ground, OrderState.REFUNDED)
    await _refund(change, ground, fact, outcome)


async def _capture(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    if ground.payment is None or ground.payment.state == PaymentState.FAILED:
        payment = _keep_payment(
            change, ground, _as(fact, PaymentAuthorized), PaymentState.AUTHORIZED
        )
        change.book(ground, EntryKind.AUTHORIZED, payment.id)


async def _note_failure(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    failed = _as(fact, PaymentFailed)
    payment = _keep_payment(change, ground, failed, PaymentState.FAILED)
    payment.reason = failed.reason
    change.book(ground, EntryKind.FAILED, payment.id)


async def _withdraw(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    failed = _as(fact, PaymentFailed)
    payment = _keep_payment(change, ground, failed, PaymentState.FAILED)
    payment.reason = failed.reason
    change.book(ground, EntryKind.WITHDRAWN, payment.id)
    for refund in ground.owed:
        refund.state, refund.note = RefundState.FAILED, "No money was taken."
    if ground.buys:
        end_enrolment(change, ground, "cancelled")
        _close(change, ground, OrderState.CANCELLED)
        change.tell(ground, "withdrawn", words.withdrawn(ground.found.title))


async def _adopt(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    moved = _as(fact, RefundMoved)
    made = add_refund(change, ground, Reason.GATEWAY, moved.amount)
    await change.session.flush()
    await (_processed if moved.status == "processed" else _asked)(change, ground, moved, None)
    made.attempts = 1
    _shrink_owed(ground)


async def _asked(change: Change, ground: Ground, fact: Fact, _: Outcome | None) -> None:
    moved = _as(fact, RefundMoved)
    refund = _the_refund(ground)
    refund.state, refund.gateway_refund_id = RefundState.ASKED, moved.refund_id
    change.book(ground, EntryKind.REFUND_ASKED, f"{refund.id}:{moved.refund_id}")
    settle_order(change, ground)


async def _processed(change: Change, ground: Ground, fact: Fact, _: Outcome | None) -> None:
    moved = _as(fact, RefundMoved)
    refund, payment = _the_refund(ground), ground.paid
    refund.state, refund.gateway_refund_id = RefundState.PROCESSED, moved.refund_id
    refund.amount, refund.processed_at = moved.amount, change.now
    change.book(ground, EntryKind.REFUNDED, refund.id, -moved.amount)
    _close_payment(ground)
    settle_order(change, ground)
    await change.session.flush()
    await issue_credit_note(change.session, change.shop.settings, refund, change.now)
    text = words.refund_sent(ground.found.title, moved.amount, payment.currency)
    change.tell(ground, "refund_sent", text)


def _close_payment(ground: Ground) -> None:
    """Nothing is left of a payment that was sent back or taken by the bank, part by part: what was
    still to be sent has gone another way."""
    done = [one.amount for one in ground.refunds if one.state == RefundState.PROCESSED]
    if sum(done) + ground.charged_back >= ground.paid.amount:
        ground.paid.state = PaymentState.REFUNDED
        for refund in ground.owed:
            refund.state = RefundState.ELSEWHERE


async def _retry(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    moved = _as(fact, RefundMoved)
    refund = _the_refund(ground)
    refund.state, refund.gateway_refund_id = RefundState.FAILED, moved.refund_id
    refund.attempts += 1
    refund.next_try_at = change.now + pause_after(refund.attempts)
    change.book(ground, EntryKind.REFUND_FAILED, f"{refund.id}:{moved.refund_id}")


async def _flag(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    ground.paid.dispute = "open"
    change.book(ground, EntryKind.DISPUTE_OPEN, _as(fact, DisputeMoved).dispute_id)


async def _unflag(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    ground.paid.dispute = "won"
    change.book(ground, EntryKind.DISPUTE_WON, _as(fact, DisputeMoved).dispute_id)


async def _lose_part(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    _book_loss(change, ground, fact)
    _shrink_owed(ground)


def _shrink_owed(ground: Ground) -> None:
    """Refunds that are due shrink to what is left, else the gateway would refuse them for ever;
    none to nothing, as there is no such refund. Where nothing is left they stay as they are until
    it has arrived (`_close_payment`)."""
    if sum(refund.amount for refund in ground.owed) <= -ground.left:
        return
    for refund in reversed(ground.owed):
        refund.amount -= min(refund.amount - 1, max(0, -ground.left))


def _book_loss(change: Change, ground: Ground, fact: Fact) -> None:
    moved = _as(fact, DisputeMoved)
    ground.paid.dispute = "lost"
    ground.charged_back += moved.amount
    change.book(ground, EntryKind.CHARGED_BACK, moved.dispute_id, -moved.amount)


async def _charge_back(change: Change, ground: Ground, fact: Fact, _: Outcome) -> None:
    """What the bank took cannot be sent back once more."""
    _book_loss(change, ground, fact)
    _close_payment(ground)
    if ground.buys and ground.order.state == OrderState.PAID:
        end_enrolment(change, ground, "disputed")
        _close(change, ground, OrderState.REFUNDED)
        change.tell(ground, "charged_back", words.charged_back(ground.found.title))


def _the_refund(ground: Ground) -> Refund:
    assert ground.refund is not None
    return ground.refund


def _as(fact: Fact, kind: type[One]) -> One:
    assert isinstance(fact, kind), "a row of the table is of the wrong kind"
    return fact


_Effect = Callable[[Change, Ground, Fact, Outcome], Awaitable[None]]
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
