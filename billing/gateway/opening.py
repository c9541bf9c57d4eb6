"""Chooses the gateway: Razorpay when its keys are set, else the sandbox of this server."""

from collections.abc import Callable
from urllib.parse import urlsplit

from billing.gateway.client import LIVE_URL, GatewayAddress, RazorpayGateway
from billing.gateway.keys import keys_of
from billing.settings import BillingSettings
from common.addresses import is_loopback

SANDBOX = "/sandbox"


def is_real(settings: BillingSettings) -> bool:
    """Whether real money moves: keys are set, and the API is not an emulator on this machine."""
    return not settings.is_sandbox and emulator_url(settings) is None


def emulator_url(settings: BillingSettings) -> str | None:
    """The address of an emulator that serves on its own; its checkout is loaded from there, too.

    Only one on this machine is taken for an emulator: any other address leads to real money.
    """
    base = (settings.razorpay_base_url or LIVE_URL).rstrip("/")
    is_ours = is_loopback(urlsplit(base).hostname or "")
    return base if is_ours and not settings.is_sandbox else None


def open_gateway(settings: BillingSettings, own_url: Callable[[], str]) -> RazorpayGateway:
    """`own_url`: where this server is reached on this machine; asked for the sandbox alone."""
    keys, base = keys_of(settings), emulator_url(settings)
    if settings.is_sandbox:
        address = GatewayAddress(
            lambda: own_url() + SANDBOX, f"{SANDBOX}/checkout.js", is_sandbox=True
        )
        return RazorpayGateway(keys, address)
    if base is not None:
        return RazorpayGateway(
            keys, GatewayAddress(lambda: base, f"{base}/checkout.js", is_sandbox=True)
        )
    live = (settings.razorpay_base_url or LIVE_URL).rstrip("/")
    return RazorpayGateway(keys, GatewayAddress(lambda: live))
