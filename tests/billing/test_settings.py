"""Settings: what is wrong is named in one line, without the value."""

import pytest

from billing.gateway.opening import is_real, open_gateway
from billing.start import load
from common.config import ConfigError

KEYS = {
    "RAZORPAY_KEY_ID": "rzp_test_x",
    "RAZORPAY_KEY_SECRET": "s3cret-key",
    "RAZORPAY_WEBHOOK_SECRET": "s3cret-hook",
}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEYS, "RAZORPAY_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LIVECLASS_DATABASE_URL", "mysql://root:s3cret@host/db"),
        ("LIVECLASS_DATABASE_URL", "s3cret"),
        ("LIVECLASS_MAIL_URL", "http://s3cret"),
        ("LIVECLASS_MAIL_URL", "smtp://user:s3cret@host"),
        ("LIVECLASS_MAIL_URL", "smtp://user:s3cret@host?from=a@b.example&tls=s3cret"),
        ("LIVECLASS_SELLER_GSTIN", "s3cret"),
        ("LIVECLASS_SELLER_STATE", "00"),
        ("LIVECLASS_SELLER_ZONE", "s3cret"),
        ("LIVECLASS_SELLER_ZONE", "/etc/passwd"),
        ("LIVECLASS_HSN_SAC", "s3cret"),
        ("LIVECLASS_GST_PERCENT", "101"),
        ("LIVECLASS_REGISTRATION", "s3cret"),
        ("LIVECLASS_ORDER_MINUTES", "0"),
        ("LIVECLASS_OPENS_BEFORE_MINUTES", "-1"),
    ],
)
def test_a_wrong_value_is_named_and_not_told(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as wrong:
        load()
    assert str(wrong.value).startswith(f"{name}: ")
    assert "\n" not in str(wrong.value)
    assert "s3cret" not in str(wrong.value)


@pytest.mark.parametrize("missing", sorted(KEYS))
def test_keys_come_together(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name, value in KEYS.items():
        if name != missing:
            monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="must be set") as wrong:
        load()
    assert missing in str(wrong.value)
    assert "s3cret" not in str(wrong.value)


def test_keys_end_the_sandbox_and_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load().is_sandbox
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert not settings.is_sandbox
    assert "s3cret" not in repr(settings)


def test_an_address_of_the_gateway_needs_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAZORPAY_BASE_URL", "http://127.0.0.1:8090")
    with pytest.raises(ConfigError, match="RAZORPAY_BASE_URL needs"):
        load()


@pytest.mark.parametrize(
    ("address", "real"),
    [
        ("https://api.razorpay.com", True),
        ("https://egress.school.example/razorpay", True),
        ("http://127.0.0.1:8090", False),
        ("http://localhost:8090", False),
    ],
)
def test_only_an_emulator_on_this_machine_is_no_real_money(
    monkeypatch: pytest.MonkeyPatch, address: str, real: bool
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAZORPAY_BASE_URL", address)
    settings = load()
    assert is_real(settings) is real
    gateway = open_gateway(settings, str)
    assert gateway.is_sandbox is not real
    assert gateway.checkout_script.startswith("https://checkout.razorpay.com/" if real else address)
