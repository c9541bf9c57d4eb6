"""Every length and every first byte, through the public entrance."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from sfu.dtls.limits import SESSION_BURST
from sfu.srtp.keys import SrtpProfile
from tests.support.rig import Address
from tests.support.room import TEACHER
from tests.support.siege import STRANGER, Siege

pytestmark = pytest.mark.sweep

LENGTHS = range(2_001)
LONGEST = 1_500
BATCH = 64
FILLER = random.Random(20).randbytes(4_096)


def datagram(length: int, first: int) -> bytes:
    """`length` bytes; behind the first one random bytes that differ from call to call."""
    if not length:
        return b""
    offset = (length * 7 + first * 13) & 0x7FF
    return bytes((first,)) + FILLER[offset : offset + length - 1]


def kind(data: bytes) -> str:
    """RFC 7983 and RFC 5761, written down once more."""
    if not data:
        return "empty"
    if len(data) > LONGEST:
        return "oversized"
    if len(data) == 1:
        return "unknown"
    first = data[0]
    if 128 <= first <= 191:
        return "rtcp" if 192 <= data[1] <= 223 else "rtp"
    if first == 1:
        return "stun answer"
    if first <= 3:
        return "stun"
    return "dtls" if 20 <= first <= 63 else "unknown"


def sweep(siege: Siege, address: Address, lengths: range) -> Counter[str]:
    """Sends them all; nothing may raise, nothing may come back. Returns how many of each kind."""
    worker, now = siege.rig.worker, siege.rig.now
    kinds: Counter[str] = Counter()
    for length in lengths:
        for first in range(256):
            data = datagram(length, first)
            kinds[kind(data)] += 1
            worker.receive(data, address, now)
            if not first % BATCH:
                worker.flush(now)
    worker.flush(now)
    assert siege.rig.collected.take() == []
    told = len(siege.rig.events)
    worker.deliver_events()
    assert len(siege.rig.events) == told
    return kinds


def test_from_an_unknown_address() -> None:
    siege = Siege()
    kinds = sweep(siege, STRANGER, LENGTHS)
    assert kinds.total() == 2_001 * 256
    drops = siege.new_drops()
    assert 400 < drops["stun_malformed"] < 450
    assert drops.pop("stun_malformed") + drops.pop("stun_over_budget") == 3 * 1_499
    assert drops == {
        "empty": 256,
        "oversized": 500 * 256,
        "unknown_kind": 256 + 144 * 1_499,
        "stun_unasked": 1_499,
        "unknown_address": (44 + 64) * 1_499,
    }
    siege.assert_class_goes_on()


@pytest.mark.parametrize(
    ("who", "profile", "lengths"),
    [
        ("teacher", SrtpProfile.AEAD_AES_128_GCM, LENGTHS),
        ("student", SrtpProfile.AEAD_AES_128_GCM, range(0, 2_001, 9)),
        ("teacher", SrtpProfile.AES128_CM_SHA1_80, range(0, 2_001, 9)),
    ],
)
def test_from_a_bound_address(who: str, profile: SrtpProfile, lengths: range) -> None:
    siege = Siege(replace(TEACHER, profile=profile))
    kinds = sweep(siege, siege.room.peers[who].connection.path.address, lengths)
    drops = siege.new_drops()
    assert drops.pop("empty", 0) == kinds["empty"]
    assert drops.pop("oversized") == kinds["oversized"]
    assert drops.pop("unknown_kind") == kinds["unknown"]
    assert drops.pop("stun_malformed") == kinds["stun"]
    assert drops.pop("stun_unasked") == kinds["stun answer"]
    assert drops.pop("dtls_over_budget") == kinds["dtls"] - SESSION_BURST
    assert drops["rtcp_unauthentic"] > 500
    assert drops["rtp_unauthentic"] > 1_000
    assert sum(drops.values()) == kinds["rtp"] + kinds["rtcp"]
    assert set(drops) == {
        "rtp_malformed",
        "rtp_unauthentic",
        "rtcp_unauthentic",
        "unproven_over_budget",  # all of it comes at once
    }
    siege.assert_class_goes_on()


def test_with_the_ssrcs_and_numbers_of_running_streams() -> None:
    """Forged headers that look right get as far as the tag and no further."""
    siege = Siege()
    real = siege.captured_rtp(siege.teacher)[-20:]
    worker, now = siege.rig.worker, siege.rig.now
    address = siege.teacher.connection.path.address
    sent = 0
    for genuine in real:
        for length in range(12, 1_400, 11):
            for ahead in (1, 2, 40_000):
                number = (int.from_bytes(genuine[2:4], "big") + ahead) & 0xFFFF
                forged = genuine[:2] + number.to_bytes(2, "big") + genuine[4:12] + FILLER[:length]
                worker.receive(forged, address, now)
                sent += 1
    worker.flush(now)
    assert siege.rig.collected.take() == []
    drops = siege.new_drops()
    assert sum(drops.values()) == sent
    assert set(drops) <= {"rtp_malformed", "rtp_unauthentic", "rtp_replayed", "rtp_too_old"}
    siege.assert_class_goes_on()
