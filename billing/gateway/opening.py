"""Which gateway there is: Razorpay with its keys, else the sandbox of this server."""

from collections.abc import Callable

from billing.gateway.client import LIVE_URL, Place, RazorpayGateway
from billing.gateway.keys import keys_of
from billing.settings import BillingSettings

SANDBOX = "/sandbox"


def open_gateway(settings: BillingSettings, own_url: Callable[[], str]) -> RazorpayGateway:
    """`own_url`: where this server is reached on this machine; asked for the sandbox alone."""
    keys = keys_of(settings)
    if settings.is_sandbox:
        place = Place(lambda: own_url() + SANDBOX, f"{SANDBOX}/checkout.js", is_sandbox=True)
        return RazorpayGateway(keys, place)
    base = (settings.razorpay_base_url or LIVE_URL).rstrip("/")
    if base == LIVE_URL:
        return RazorpayGateway(keys, Place())
    return RazorpayGateway(keys, Place(lambda: base, f"{base}/checkout.js", is_sandbox=True))
