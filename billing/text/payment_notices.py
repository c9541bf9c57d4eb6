"""The sentences that tell a student about a payment. Pure: no I/O, no clock."""

from billing.orders.states import Reason
from billing.text.amounts import money

_WHY: dict[str, str] = {
    Reason.DUPLICATE: "You had paid for {title} already",
    Reason.WRONG_AMOUNT: "The amount that was paid for {title} was not its price",
    Reason.CLASS_FULL: "The last seat of {title} went while you were paying",
    Reason.CLASS_GONE: "{title} was cancelled or is over",
    Reason.PRICE_CHANGED: "The price of {title} changed before your payment arrived",
    Reason.ORDER_CLOSED: "This order for {title} was closed before your payment arrived",
    Reason.REQUESTED: "Your payment for {title} is sent back",
    Reason.CLASS_CANCELLED: "{title} was cancelled",
    Reason.GATEWAY: "Your payment for {title} is sent back",
}


def refund_due(reason: str, title: str, amount: int, currency: str) -> str:
    """Says why money goes back, and when it arrives."""
    why = _WHY.get(reason, _WHY[Reason.REQUESTED]).format(title=title)
    return f"{why}. {money(amount, currency)} go back to you; that takes 5 to 7 working days."


def refund_sent(title: str, amount: int, currency: str) -> str:
    """Says that the gateway has sent the money."""
    return f"{money(amount, currency)} for {title} have been sent back to you."


def enrolled(title: str) -> str:
    """Says that the payment has arrived and the student is enrolled."""
    return f"You are in {title}. Your receipt is under My classes."


def withdrawn(title: str) -> str:
    """Says that a promised payment came to nothing."""
    return f"Your bank did not complete the payment for {title}. No money was taken; pay again."


def charged_back(title: str) -> str:
    """Says that the payer's bank took the money back."""
    return f"Your bank took the payment for {title} back, so you are no longer in the class."
