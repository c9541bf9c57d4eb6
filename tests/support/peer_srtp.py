"""The peer's end of SRTP and SRTCP: libsrtp, so that the two ends are not the same code.

Pure: no I/O, no clock.
"""

from collections.abc import Callable

from pylibsrtp import Error, Policy, Session

from sfu.srtp.keys import SrtpProfile
from tests.support.dtls import MasterKeys

_PROFILES = {
    SrtpProfile.AEAD_AES_128_GCM: Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    SrtpProfile.AES128_CM_SHA1_80: Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
WINDOW = 1024


class PeerSrtp:
    """Both directions of one peer, from the keys of its handshake."""

    def __init__(self, keys: MasterKeys, profile: SrtpProfile) -> None:
        self._outbound = _session(keys.client, Policy.SSRC_ANY_OUTBOUND, profile)
        self._keys, self._profile = keys, profile
        self._inbound = _session(keys.server, Policy.SSRC_ANY_INBOUND, profile)

    def protect(self, packet: bytes) -> bytes:
        return self._outbound.protect(packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        return self._outbound.protect_rtcp(packet)

    def protect_anything(self, packet: bytes) -> bytes:
        """Like protect, without libsrtp's own check of the order of numbers."""
        fresh = _session(self._keys.client, Policy.SSRC_ANY_OUTBOUND, self._profile)
        return fresh.protect(packet)

    def unprotect(self, datagram: bytes) -> bytes | None:
        """The packet, or None for one that was there already; other failures raise."""
        return _unless_replayed(self._inbound.unprotect, datagram)

    def unprotect_rtcp(self, datagram: bytes) -> bytes | None:
        """As unprotect, for SRTCP."""
        return _unless_replayed(self._inbound.unprotect_rtcp, datagram)


def _unless_replayed(open_: Callable[[bytes], bytes], datagram: bytes) -> bytes | None:
    try:
        return open_(datagram)
    except Error as error:
        if "replay" in str(error):
            return None
        raise


def _session(key: bytes, direction: int, profile: SrtpProfile) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[profile])
    policy.window_size = WINDOW
    policy.allow_repeat_tx = True
    return Session(policy)
