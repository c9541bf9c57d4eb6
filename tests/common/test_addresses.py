"""Which hosts are addresses, and which of them only this machine reaches."""

import pytest

from common.addresses import is_address, is_loopback


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.10", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "localhost.example", "", "a b"])
def test_what_others_reach_or_is_no_host(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "found"), [("192.0.2.1", True), ("::1", True), ("localhost", False), ("1.2.3", False)]
)
def test_a_name_is_no_address(host: str, found: bool) -> None:
    assert is_address(host) is found
