"""Which gateway billing gets by its settings, and what its pages may load."""

from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import ValidationError

from billing.app import ADDRESS, add_billing
from billing.gateway.opening import emulator_url, open_gateway
from billing.routes.pages import add_site
from billing.settings import BillingSettings
from liveclass.classes import minter
from tests.billing.support import settings
from tests.billing.web import SECRET

REAL = {
    "razorpay_key_id": "rzp_live_0123456789",
    "razorpay_key_secret": "the key's secret",
    "razorpay_webhook_secret": "the webhook's secret",
}
EMULATOR = REAL | {"razorpay_base_url": "http://127.0.0.1:8090/"}


def own_url() -> str:
    return "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("values", "script", "is_sandbox"),
    [
        ({}, "/sandbox/checkout.js", True),
        (REAL, "https://checkout.razorpay.com/v1/checkout.js", False),
        (
            REAL | {"razorpay_base_url": "https://api.razorpay.com/"},
            "https://checkout.razorpay.com/v1/checkout.js",
            False,
        ),
        (EMULATOR, "http://127.0.0.1:8090/checkout.js", True),
    ],
)
async def test_the_gateway_is_what_the_settings_say(
    tmp_path: Path, values: dict[str, object], script: str, is_sandbox: bool
) -> None:
    gateway = open_gateway(settings(tmp_path, **values), own_url)
    assert (gateway.checkout_script, gateway.is_sandbox) == (script, is_sandbox)
    assert gateway.key_id.startswith("rzp_live_" if values else "rzp_test_")
    await gateway.close()


async def policy(chosen: BillingSettings) -> str:
    app = web.Application()
    folder = chosen.static_dir
    add_site(app, folder, is_sandbox=chosen.is_sandbox, emulator=emulator_url(chosen))
    async with TestClient(TestServer(app)) as client:
        return (await client.get("/classes/maths")).headers["Content-Security-Policy"]


@pytest.mark.interop
async def test_a_page_may_load_the_checkout_it_is_sent_to_and_no_other(tmp_path: Path) -> None:
    own = await policy(settings(tmp_path))
    real = await policy(settings(tmp_path, **REAL))
    emulated = await policy(settings(tmp_path, **EMULATOR))
    assert "razorpay" not in own + emulated
    assert "https://checkout.razorpay.com" in real
    assert "127.0.0.1" not in own + real
    for directive in emulated.split("; "):
        named = directive.split()[0] in ("script-src", "style-src", "connect-src")
        assert directive.endswith(" http://127.0.0.1:8090") == named, directive


@pytest.mark.parametrize("url", ["", "127.0.0.1:8090", "ftp://127.0.0.1", "http://", "http:///v1"])
def test_a_base_url_is_an_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ValidationError, match=r"razorpay_base_url|RAZORPAY_BASE_URL"):
        settings(tmp_path, **REAL, razorpay_base_url=url)


@pytest.mark.parametrize("values", [{}, REAL, EMULATOR])
async def test_with_keys_there_is_no_sandbox_to_pay_in(
    tmp_path: Path, values: dict[str, object]
) -> None:
    app = web.Application()
    add_billing(app, settings(tmp_path, **values), SECRET, minter(SECRET), own_url())
    paths = [resource.canonical for resource in app.router.resources()]
    sandbox = app[ADDRESS].sandbox
    assert any(path.startswith("/sandbox") for path in paths) == (sandbox is not None)
    assert (sandbox is None) == bool(values)
    if sandbox is not None:
        sandbox.store.close()
