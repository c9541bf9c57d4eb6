"""What every key has sealed: a second datagram under a nonce is a violation.

Stands between a transport and its cipher, so that it sees each seal itself, in place, singly or
again, whatever the 16 bits on the wire say. Pure: no I/O, no clock.
"""

from sfu.srtp.keys import SrtpKeys, SrtpProfile
from sfu.srtp.rtp import OutboundSrtp, outbound

_SSRC = slice(4, 8)  # of the sender, in SRTCP
# Where the ESRTCP word is, which ends with the index: RFC 7714 9.2, RFC 3711 3.4.
_WORDS = {
    SrtpProfile.AEAD_AES_128_GCM: slice(-4, None),
    SrtpProfile.AES128_CM_SHA1_80: slice(-14, -10),
}


class NonceWatch:
    """One for all transports of a worker."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.again = 0  # datagrams that were sealed a second time, the same in every byte
        self._sealed: dict[tuple[bytes, bytes], int] = {}

    @property
    def count(self) -> int:
        """How many nonces were used."""
        return len(self._sealed)

    def watched(self, keys: SrtpKeys) -> OutboundSrtp:
        """The sending half of these keys, looked at."""
        key, srtp, word = keys.local, outbound(keys), _WORDS[keys.profile]

        def seal(nonce: bytes, payload: bytes, header: bytes) -> bytes:
            self._note(key, nonce, payload, header)
            return srtp.seal(nonce, payload, header)

        def seal_into(
            nonce: bytes | memoryview, payload: bytes, header: memoryview, sealed: memoryview
        ) -> int:
            self._note(key, bytes(nonce), payload, bytes(header))
            return srtp.seal_into(nonce, payload, header, sealed)

        def protect_rtcp(data: bytes) -> bytes:
            sealed = srtp.protect_rtcp(data)
            self._note(key, b"rtcp" + data[_SSRC] + sealed[word], data, b"")
            return sealed

        return OutboundSrtp(seal, seal_into, srtp.tag_length, srtp.nonce_base(0), protect_rtcp)

    def _note(self, key: bytes, nonce: bytes, payload: bytes, header: bytes) -> None:
        digest = hash((payload, header))
        before = self._sealed.get((key, nonce))
        if before is None:
            self._sealed[key, nonce] = digest
        elif before == digest:
            self.again += 1
        else:
            self.violations.append(f"nonce {nonce.hex()} seals two datagrams")
