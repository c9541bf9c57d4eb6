"""Every price that can be measured is."""

from bench import prices
from common.work import Price

BY_HAND = {"DTLS_DATAGRAM", "DATAGRAM_BYTE"}  # common.work says why


def test_every_price_has_its_figure() -> None:
    named = {name for name in vars(Price) if name.isupper()}
    found = {figure.case: figure.value for figure in prices.measure(1)}
    assert set(found) == named - BY_HAND
    assert all(value > 0 for value in found.values())
