"""Which gateway there is: Razorpay with its keys, else the sandbox of this server."""

from collections.abc import Callable

from billing.gateway.client import LIVE_URL, Place, RazorpayGateway
from billing.gateway.keys import keys_of
from billing.settings import BillingSettings

SANDBOX = "/sandbox"


def emulator_url(settings: BillingSettings) -> str | None:
    """Where an emulator is that serves on its own; its checkout is loaded from there, too."""
    base = (settings.razorpay_base_url or LIVE_URL).rstrip("/")
    return None if settings.is_sandbox or base == LIVE_URL else base


def open_gateway(settings: BillingSettings, own_url: Callable[[], str]) -> RazorpayGateway:
    """`own_url`: where this server is reached on this machine; asked for the sandbox alone."""
    keys, base = keys_of(settings), emulator_url(settings)
    if settings.is_sandbox:
        place = Place(lambda: own_url() + SANDBOX, f"{SANDBOX}/checkout.js", is_sandbox=True)
        return RazorpayGateway(keys, place)
    if base is not None:
        return RazorpayGateway(keys, Place(lambda: base, f"{base}/checkout.js", is_sandbox=True))
    return RazorpayGateway(keys, Place())
