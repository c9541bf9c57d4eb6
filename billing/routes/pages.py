"""The pages of the site: one file for all, whose script looks at the address."""

from pathlib import Path

from aiohttp import web
from yarl import URL

from billing.routes.classes import CLASS_ID
from common.pages import Extra, page, permissions_policy

PATHS = (
    "/classes",
    "/me",
    "/teach",
    "/teach/new",
    f"/teach/{CLASS_ID}",
    "/admin",
    "/login",
    "/register",
    "/forgot",
    "/reset",
)

# Allowances for the gateway's checkout: its script, its frame, what they load; styles it writes
# into the page; a window of the bank's that may speak to ours; and its own name for where it is
# shown.
CHECKOUT = Extra(
    policy={
        "script-src": "https://checkout.razorpay.com",
        "style-src": "'unsafe-inline'",
        "frame-src": "'self' https://*.razorpay.com",
        "connect-src": "https://*.razorpay.com",
        "img-src": "https://*.razorpay.com",
        "font-src": "'self' https://*.razorpay.com",
    },
    headers={
        "Cross-Origin-Opener-Policy": "same-origin-allow-popups",
        "Referrer-Policy": "strict-origin",
        "Permissions-Policy": permissions_policy('(self "https://api.razorpay.com")'),
    },
)


def from_emulator(url: str) -> Extra:
    """The allowances for the checkout of an emulator at this address."""
    origin = str(URL(url).origin())
    return Extra(policy=dict.fromkeys(("script-src", "style-src", "connect-src"), origin))


def add_site(
    app: web.Application, static_dir: Path, *, is_sandbox: bool, emulator: str | None = None
) -> None:
    """Routes of the pages; with real keys a class's page may load the gateway's checkout, or that
    of the emulator which stands in for it."""
    file = static_dir / "site.html"
    for path in PATHS:
        app.router.add_get(path, page(file))
    extra = Extra() if is_sandbox else CHECKOUT
    if emulator is not None:
        extra = from_emulator(emulator)
    app.router.add_get(f"/classes/{CLASS_ID}", page(file, extra))
