"""SRTP of one transport: seal, open, roll-over and replay (RFC 3711, RFC 7714).

SRTCP is in sfu.srtp.rtcp; both have their keys from here.
Pure: no I/O, no clock.
"""

from collections.abc import Callable
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sfu.srtp.counter_mode import CounterCipher
from sfu.srtp.key_derivation import MASTER_KEY_LENGTH, Label, derive
from sfu.srtp.keys import SALT_LENGTHS, TAG_LENGTHS, SrtpError, SrtpKeys, SrtpProfile
from sfu.srtp.rtcp import Protect, protector, unprotector

Seal = Callable[[bytes, bytes, bytes], bytes]  # nonce, payload, header -> ciphertext and tag
# nonce, payload, header, where to write -> bytes written; the header may lie in the same buffer
SealInto = Callable[[bytes | memoryview, bytes, memoryview, memoryview], int]
Unseal = Callable[[bytes, bytes, bytes], bytes]  # nonce, ciphertext and tag, header -> payload

REPLAY_WINDOW = 1024  # packets

_WINDOW_MASK = (1 << REPLAY_WINDOW) - 1


class OutboundSrtp:
    """Protects what one transport sends.

    `seal(nonce, payload, header)` gives ciphertext and tag; the caller makes the nonce with
    `(nonce_base(ssrc) ^ index).to_bytes(12, "big")`, where the low 16 bits of the index are the
    header's sequence number. For GCM a packet sent again under the same index must be the same
    in every byte of header and payload: anything else reuses a nonce, which breaks the key.
    `seal_into` does the same in place, with `tag_length` bytes more than the payload.
    `protect_rtcp` gives the SRTCP of a compound packet of at most MAX_RTCP bytes.
    """

    __slots__ = ("_salt", "protect_rtcp", "seal", "seal_into", "tag_length")

    def __init__(
        self, seal: Seal, seal_into: SealInto, tag_length: int, salt: int, protect_rtcp: Protect
    ) -> None:
        self.seal = seal
        self.seal_into = seal_into
        self.tag_length = tag_length
        self.protect_rtcp = protect_rtcp
        self._salt = salt

    def nonce_base(self, ssrc: int) -> int:
        """The constant part of a stream's nonces, RFC 7714 8.1."""
        return self._salt ^ ssrc << 48


class InboundStream:
    """Roll-over counter and replay window of one SSRC; both move only after authentication."""

    __slots__ = ("_highest", "_nonce_base", "_unseal", "_window")

    def __init__(self, unseal: Unseal, nonce_base: int) -> None:
        self._unseal = unseal
        self._nonce_base = nonce_base
        self._highest = -1  # the newest authentic index
        self._window = 0  # bit n: the packet n before the newest one was received

    def open(self, datagram: bytes, header_length: int, seq: int) -> tuple[int, bytes]:
        """The packet's index and plain payload; raises SrtpError.

        `header_length` and `seq` must be those of the datagram's RTP header.
        """
        highest = self._highest
        if highest < 0:
            return self._open_first(datagram, header_length, seq)
        # RFC 3711 3.3.1 and appendix A: of the three candidates the one nearest to the newest.
        index = (highest & ~0xFFFF) | seq
        ahead = index - highest
        if ahead > 0x8000 and index >= 0x10000:
            index -= 0x10000
            ahead -= 0x10000
        elif ahead < -0x8000:
            index += 0x10000
            ahead += 0x10000
        if ahead <= 0:
            if ahead <= -REPLAY_WINDOW:
                raise SrtpError("too_old")
            if self._window >> -ahead & 1:
                raise SrtpError("replayed")
        try:
            payload = self._unseal(
                (self._nonce_base ^ index).to_bytes(12, "big"),
                datagram[header_length:],
                datagram[:header_length],
            )
        except InvalidTag:
            raise SrtpError("unauthentic") from None
        if ahead > 0:
            self._highest = index
            # a leap past the whole window would only build a huge number to mask away
            self._window = (
                (self._window << ahead | 1) & _WINDOW_MASK if ahead < REPLAY_WINDOW else 1
            )
        else:
            self._window |= 1 << -ahead
        return index, payload

    def _open_first(self, datagram: bytes, header_length: int, seq: int) -> tuple[int, bytes]:
        """The first packet has ROC 0, or 1 when a sender began near 65535 and the start is lost."""
        for index in (seq, seq + 0x10000):
            try:
                payload = self._unseal(
                    (self._nonce_base ^ index).to_bytes(12, "big"),
                    datagram[header_length:],
                    datagram[:header_length],
                )
            except InvalidTag:
                continue
            self._highest = index
            self._window = 1
            return index, payload
        raise SrtpError("unauthentic")


class InboundSrtp:
    """Opens what one transport receives.

    `unprotect_rtcp` gives the compound packet inside an SRTCP packet; raises SrtpError.
    """

    __slots__ = ("_make", "_unseal", "unprotect_rtcp")

    def __init__(self, make: Callable[[], tuple[Unseal, int]], unprotect_rtcp: Protect) -> None:
        """`make` gives what opens RTP, and its salt: at the first stream, for most send none."""
        self.unprotect_rtcp = unprotect_rtcp
        self._make = make
        self._unseal: tuple[Unseal, int] | None = None

    def stream(self, ssrc: int) -> InboundStream:
        """A new stream without history; the caller keeps one per SSRC."""
        if self._unseal is None:
            self._unseal = self._make()
        unseal, salt = self._unseal
        return InboundStream(unseal, salt ^ ssrc << 48)


def outbound(keys: SrtpKeys) -> OutboundSrtp:
    """The sending half of a transport's keys."""
    cipher, salt = _cipher(keys.profile, keys.local)
    return OutboundSrtp(
        cipher.encrypt,
        cipher.encrypt_into,
        TAG_LENGTHS[keys.profile],
        salt,
        protector(keys.profile, keys.local),
    )


def inbound(keys: SrtpKeys) -> InboundSrtp:
    """The receiving half of a transport's keys."""
    return InboundSrtp(partial(_opener, keys), unprotector(keys.profile, keys.remote))


def _opener(keys: SrtpKeys) -> tuple[Unseal, int]:
    cipher, salt = _cipher(keys.profile, keys.remote)
    return cipher.decrypt, salt


def _cipher(profile: SrtpProfile, master: bytes) -> tuple[AESGCM | CounterCipher, int]:
    """The cipher of one direction, and the salt its nonces start from."""
    salt_length = SALT_LENGTHS[profile]
    if len(master) != MASTER_KEY_LENGTH + salt_length:
        raise ValueError(f"{profile} needs {MASTER_KEY_LENGTH + salt_length} bytes of key and salt")
    master_key, master_salt = master[:MASTER_KEY_LENGTH], master[MASTER_KEY_LENGTH:]
    key = derive(master_key, master_salt, Label.RTP_ENCRYPTION, 16)
    salt = derive(master_key, master_salt, Label.RTP_SALT, salt_length)
    if profile is SrtpProfile.AEAD_AES_128_GCM:
        return AESGCM(key), int.from_bytes(salt, "big")
    authentication_key = derive(master_key, master_salt, Label.RTP_AUTHENTICATION, 20)
    return CounterCipher(key, salt, authentication_key), 0
