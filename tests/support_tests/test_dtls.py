"""The DTLS double behaves as the core expects of a session."""

from dataclasses import dataclass, field

import pytest

from sfu.srtp.keys import SrtpKeys, SrtpProfile
from tests.support.dtls import (
    FINISHED,
    KEY_LENGTHS,
    ReadyDtls,
    ReadySession,
    close_notify,
    handshake,
    master_keys,
)

FINGERPRINT = ("sha-256", "AA:BB")
NONCE = bytes(range(16))


@dataclass(slots=True)
class Hooks:
    """What the session called."""

    sent: list[bytes] = field(default_factory=list)
    keys: list[SrtpKeys] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def connected(self, keys: SrtpKeys) -> None:
        self.keys.append(keys)

    def closed(self, reason: str) -> None:
        self.reasons.append(reason)


def session() -> tuple[ReadySession, Hooks]:
    hooks = Hooks()
    return ReadyDtls().session(hooks), hooks


@pytest.mark.parametrize("profile", list(SrtpProfile))
def test_both_ends_get_the_same_keys_crosswise(profile: SrtpProfile) -> None:
    one, hooks = session()
    one.start([FINGERPRINT])
    one.receive(handshake(FINGERPRINT, NONCE, profile))
    keys = master_keys(NONCE, profile)
    assert hooks.keys == [SrtpKeys(profile, local=keys.server, remote=keys.client)]
    assert len(keys.client) == KEY_LENGTHS[profile]
    assert keys.client != keys.server


def test_a_repeated_handshake_is_answered_and_connects_once() -> None:
    one, hooks = session()
    one.start([FINGERPRINT])
    for _ in range(3):
        one.receive(handshake(FINGERPRINT, NONCE, SrtpProfile.AEAD_AES_128_GCM))
    assert (len(hooks.keys), hooks.sent) == (1, [FINISHED] * 3)


def test_nothing_happens_before_start_or_after_close() -> None:
    one, hooks = session()
    hello = handshake(FINGERPRINT, NONCE, SrtpProfile.AEAD_AES_128_GCM)
    one.receive(hello)
    one.start([FINGERPRINT])
    one.close()
    one.receive(hello)
    assert hooks == Hooks()


def test_another_certificate_fails_and_a_goodbye_closes() -> None:
    one, hooks = session()
    one.start([("sha-256", "CC:DD")])
    one.receive(handshake(FINGERPRINT, NONCE, SrtpProfile.AEAD_AES_128_GCM))
    assert (hooks.keys, hooks.reasons) == ([], ["dtls_failed"])

    other, hooks = session()
    other.start([FINGERPRINT])
    other.receive(close_notify())
    assert hooks.reasons == []
    other.receive(handshake(FINGERPRINT, NONCE, SrtpProfile.AEAD_AES_128_GCM))
    other.receive(close_notify())
    assert hooks.reasons == ["dtls_closed"]


@pytest.mark.parametrize("garbage", [b"", b"\x16", b"\x16\xfe\xfd\x09" + bytes(40), b"\x17" * 50])
def test_garbage_is_ignored(garbage: bytes) -> None:
    one, hooks = session()
    one.start([FINGERPRINT])
    one.receive(garbage)
    assert hooks == Hooks()
