"""The counter-mode transform alone; libsrtp is its oracle in test_srtp."""

import pytest
from cryptography.exceptions import InvalidTag

from sfu.srtp.counter_mode import TAG_LENGTH, CounterCipher

NONCE = bytes.fromhex("0000decafbad000000010102")


def cipher() -> CounterCipher:
    return CounterCipher(bytes(range(16)), bytes(range(14)), bytes(range(20)))


def test_round_trip() -> None:
    packet = cipher().encrypt(NONCE, b"media", b"header")
    assert len(packet) == len(b"media") + TAG_LENGTH
    assert cipher().decrypt(NONCE, packet, b"header") == b"media"


def test_one_context_serves_many_packets() -> None:
    one = cipher()
    first = one.encrypt(NONCE, b"media", b"header")
    one.encrypt(NONCE[:-1] + b"\x03", b"other media", b"header")
    assert one.encrypt(NONCE, b"media", b"header") == first


@pytest.mark.parametrize("position", [4, 8, 11])  # SSRC, ROC, sequence number
def test_the_nonce_binds_stream_and_index(position: int) -> None:
    other = bytearray(NONCE)
    other[position] ^= 1
    packet = cipher().encrypt(NONCE, b"media", b"header")
    if position == 8:  # the ROC is in the tag; SSRC and sequence are there as header
        with pytest.raises(InvalidTag):
            cipher().decrypt(bytes(other), packet, b"header")
    else:
        assert cipher().decrypt(bytes(other), packet, b"header") != b"media"


@pytest.mark.parametrize("length", range(TAG_LENGTH + 1))
def test_a_short_packet_is_refused(length: int) -> None:
    with pytest.raises(InvalidTag):
        cipher().decrypt(NONCE, bytes(length), b"header")
