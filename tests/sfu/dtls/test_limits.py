"""How many datagrams reach a DTLS session, and how many bytes it may aim at an address."""

import pytest

from sfu.dtls.limits import (
    ALLOWANCE,
    HANDSHAKE_BURST,
    MAX_UNPROVEN,
    RATIO,
    SESSION_BURST,
    DtlsLimits,
)
from tests.support.dtls_pair import Pair

HELLO = 167  # bytes: aiortc's; Chromium's has 157 without and about 1,300 with post-quantum keys
OURS = bytes(723)  # what OpenSSL answers with
TIMER = (1.0, 3.0, 7.0, 15.0)  # s: when OpenSSL sends an unanswered flight again


def flooded(limits: DtlsLimits, seconds: int, rate: int = 1_000) -> int:
    """How many of so many datagrams a second pass."""
    times = (number / rate for number in range(seconds * rate))
    return sum(limits.admits(100, now) for now in times)


def proven() -> DtlsLimits:
    limits = DtlsLimits(0.0)
    limits.prove()
    return limits


def test_a_handshake_may_take_64_datagrams_at_once_and_20_a_second() -> None:
    limits = DtlsLimits(0.0)
    assert sum(limits.admits(100, 0.0) for _ in range(200)) == HANDSHAKE_BURST == 64
    assert flooded(DtlsLimits(0.0), 10) in range(64 + 199, 64 + 202)


def test_a_session_takes_20_at_once_and_5_a_second() -> None:
    limits = proven()
    assert sum(limits.admits(100, 0.0) for _ in range(200)) == SESSION_BURST == 20
    assert flooded(proven(), 10) in range(20 + 49, 20 + 52)


def test_what_a_flood_took_of_the_handshake_is_not_owed_by_the_session() -> None:
    limits = DtlsLimits(0.0)
    flooded(limits, 1)
    limits.prove()
    limits.prove()
    assert sum(limits.admits(100, 1.0) for _ in range(50)) == 20


def test_one_hello_gets_one_flight_and_one_repeat() -> None:
    limits = DtlsLimits(0.0)
    assert limits.admits(HELLO, 0.0)
    assert [limits.passes(OURS) for _ in (0.0, *TIMER)] == [True, True, False, False, False]


def test_a_hello_that_comes_again_lets_the_flight_that_waited_go_once() -> None:
    limits = DtlsLimits(0.0)
    limits.admits(HELLO, 0.0)
    assert limits.passes(OURS)
    assert limits.passes(OURS)
    newest = bytes(722)
    assert not limits.passes(OURS)
    assert not limits.passes(newest)
    assert limits.admits(HELLO, 1.0)
    assert limits.released() == b""
    assert not limits.passes(newest)
    assert limits.admits(HELLO, 3.0)
    assert limits.released() == newest
    assert limits.released() == b""


def test_a_large_hello_in_two_datagrams_has_room_for_the_repeats() -> None:
    """Chromium's with post-quantum keys."""
    limits = DtlsLimits(0.0)
    for size in (1_150, 250):
        limits.admits(size, 0.0)
    assert all(limits.passes(OURS) for _ in (0.0, *TIMER))


@pytest.mark.parametrize("size", [1, 13, HELLO, 1_500])
def test_no_number_of_hellos_gets_more_than_the_ratio_and_the_bound(size: int) -> None:
    limits, received, sent = DtlsLimits(0.0), 0, 0
    for number in range(30_000):  # the 30 s of a handshake
        if limits.admits(size, number / 1_000):
            received += size
            sent += len(limits.released())
        sent += len(OURS) * limits.passes(OURS)
        assert sent <= min(ALLOWANCE + RATIO * received, MAX_UNPROVEN)


def test_nothing_waits_and_nothing_is_held_back_once_the_address_is_proven() -> None:
    limits = DtlsLimits(0.0)
    assert not limits.passes(bytes(MAX_UNPROVEN))
    limits.prove()
    assert limits.released() == b""
    assert all(limits.passes(OURS) for _ in range(50))


async def test_openssls_first_flight_fits_the_allowance_twice() -> None:
    sizes: list[int] = []

    def noted(number: int, data: bytes) -> bool:
        sizes.append(len(data))
        return False

    pair = Pair(server_loss=noted)
    await pair.connect()
    assert 2 * sizes[0] <= ALLOWANCE + RATIO * len(pair.link.sent[0])
    assert len(sizes) == 2
    assert sum(sizes) <= RATIO * sum(map(len, pair.link.sent))
    await pair.finish()
