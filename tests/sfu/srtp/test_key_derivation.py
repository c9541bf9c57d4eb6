"""The vectors of RFC 3711 B.3."""

import pytest

from sfu.srtp.key_derivation import Label, derive

MASTER_KEY = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
MASTER_SALT = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        (Label.RTP_ENCRYPTION, "C61E7A93744F39EE10734AFE3FF7A087"),
        (Label.RTP_SALT, "30CBBC08863D8C85D49DB34A9AE1"),
        (Label.RTP_AUTHENTICATION, "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
    ],
)
def test_session_keys_of_rfc_3711_b_3(label: Label, expected: str) -> None:
    length = len(expected) // 2
    assert derive(MASTER_KEY, MASTER_SALT, label, length) == bytes.fromhex(expected)


def test_a_short_salt_is_padded_on_the_right() -> None:
    short = MASTER_SALT[:12]
    assert derive(MASTER_KEY, short, Label.RTP_SALT, 12) == derive(
        MASTER_KEY, short + b"\0\0", Label.RTP_SALT, 12
    )
