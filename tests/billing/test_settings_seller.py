"""The seller's settings: what would print a wrong invoice stops the start, by its name."""

import pytest

from billing.start import load
from common.config import ConfigError
from tests.billing.receipts.samples import GSTIN


def test_a_seller_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECLASS_SELLER_GSTIN", GSTIN)
    monkeypatch.setenv("LIVECLASS_SELLER_STATE", "29")
    settings = load()
    assert (settings.seller_gstin, settings.seller_state) == (GSTIN, "29")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SELLER_GSTIN", "29AAGCB7383J1Z5"),
        ("SELLER_GSTIN", "29"),
        ("SELLER_STATE", "Karnataka"),
        ("SELLER_STATE", "27"),
        ("SELLER_ZONE", "Asia/Nowhere"),
        ("HSN_SAC", "education"),
        ("GST_PERCENT", "-1"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECLASS_SELLER_GSTIN", GSTIN)
    monkeypatch.setenv(f"LIVECLASS_{name}", value)
    with pytest.raises(ConfigError, match=f"^LIVECLASS_{name}: "):
        load()
