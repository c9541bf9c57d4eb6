"""SRTCP of one transport: AES-GCM here (RFC 7714 9), the older profile by libsrtp.

libsrtp's two sessions would take 10 kB of each participant.
Pure: no I/O, no clock.
"""

from collections.abc import Callable

import pylibsrtp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pylibsrtp import Policy, Session

from sfu.srtp.key_derivation import MASTER_KEY_LENGTH, Label, derive
from sfu.srtp.keys import SALT_LENGTHS, SrtpError, SrtpProfile
from sfu.srtp.replay import ReplayError, with_index

Protect = Callable[[bytes], bytes]  # compound packet -> SRTCP packet, or the other way round

MAX_RTCP_STREAMS = 256  # senders of RTCP that one transport may have
MAX_RTCP = 1352  # bytes that libsrtp's Python face can protect
REPLAY_WINDOW = 128  # packets of one sender, as libsrtp's

_HEADER_LENGTH = 8  # up to the sender's SSRC; not encrypted
_TAG_LENGTH = 16
_WORD_LENGTH = 4  # ESRTCP word
_SHORTEST = _HEADER_LENGTH + _TAG_LENGTH + _WORD_LENGTH
_ENCRYPTED = 1 << 31  # the E flag in it


def protector(profile: SrtpProfile, master: bytes) -> Protect:
    """Protects what is sent under a master key and salt; raises SrtpError."""
    if profile is SrtpProfile.AEAD_AES_128_GCM:
        return GcmSender(*_session_keys(profile, master)).protect
    return LibsrtpSender(master).protect


def unprotector(profile: SrtpProfile, master: bytes) -> Protect:
    """Opens what comes under a master key and salt; raises SrtpError."""
    if profile is SrtpProfile.AEAD_AES_128_GCM:
        return GcmReceiver(*_session_keys(profile, master)).unprotect
    return LibsrtpReceiver(master).unprotect


def _session_keys(profile: SrtpProfile, master: bytes) -> tuple[AESGCM, int]:
    key, salt = master[:MASTER_KEY_LENGTH], master[MASTER_KEY_LENGTH:]
    session_salt = derive(key, salt, Label.RTCP_SALT, SALT_LENGTHS[profile])
    cipher = AESGCM(derive(key, salt, Label.RTCP_ENCRYPTION, MASTER_KEY_LENGTH))
    return cipher, int.from_bytes(session_salt, "big")


def _nonce_base(salt: int, ssrc: bytes) -> int:
    """RFC 7714 9.1: zeros, SSRC, zeros and index, XOR the salt; without the index."""
    return salt ^ int.from_bytes(ssrc, "big") << 48


class GcmSender:
    """Counts one index for all SSRCs, so that no nonce comes twice."""

    __slots__ = ("_encrypt", "_index", "_salt")

    def __init__(self, cipher: AESGCM, salt: int) -> None:
        self._encrypt = cipher.encrypt
        self._salt = salt
        self._index = 0

    def protect(self, data: bytes) -> bytes:
        """Header, ciphertext, tag and ESRTCP word, RFC 7714 9.2."""
        if len(data) < _HEADER_LENGTH:
            raise SrtpError("malformed")
        index = self._index
        if index >= _ENCRYPTED:
            raise SrtpError("used_up")
        self._index = index + 1
        header, word = data[:_HEADER_LENGTH], (_ENCRYPTED | index).to_bytes(_WORD_LENGTH, "big")
        nonce = (_nonce_base(self._salt, header[4:]) ^ index).to_bytes(12, "big")
        return header + self._encrypt(nonce, data[_HEADER_LENGTH:], header + word) + word


class GcmReceiver:
    """A replay window for each sender, which moves only after authentication."""

    __slots__ = ("_decrypt", "_salt", "_senders")

    def __init__(self, cipher: AESGCM, salt: int) -> None:
        self._decrypt = cipher.decrypt
        self._salt = salt
        # by SSRC: the base of its nonces, the newest index, and the window below that
        self._senders: dict[bytes, tuple[int, int, int]] = {}

    def unprotect(self, data: bytes) -> bytes:
        """The compound packet inside. An authentic packet that is not encrypted is refused, too:
        RFC 7714 9.3 has it, WebRTC has not."""
        if len(data) < _SHORTEST:
            raise SrtpError("malformed")
        header, word = data[:_HEADER_LENGTH], data[-_WORD_LENGTH:]
        index = int.from_bytes(word, "big") - _ENCRYPTED
        if index < 0:
            raise SrtpError("malformed")
        sender = header[4:]
        base, newest, window = self._senders.get(sender) or self._first(sender)
        try:
            newest, window = with_index(newest, window, index, REPLAY_WINDOW)
        except ReplayError as error:
            raise SrtpError(error.reason) from None
        nonce = (base ^ index).to_bytes(12, "big")
        try:
            plain = self._decrypt(nonce, data[_HEADER_LENGTH:-_WORD_LENGTH], header + word)
        except InvalidTag:
            raise SrtpError("unauthentic") from None
        self._senders[sender] = (base, newest, window)
        return header + plain

    def _first(self, sender: bytes) -> tuple[int, int, int]:
        """A sender without history; kept once a packet of it is authentic."""
        if len(self._senders) >= MAX_RTCP_STREAMS:
            raise SrtpError("too_many_streams")
        return _nonce_base(self._salt, sender), -1, 0


class LibsrtpSender:
    """AES-CM with SHA-1, for peers without GCM."""

    __slots__ = ("_session",)

    def __init__(self, master: bytes) -> None:
        self._session = _session(master, Policy.SSRC_ANY_OUTBOUND)

    def protect(self, data: bytes) -> bytes:
        """SRTCP of a compound packet of at most MAX_RTCP bytes."""
        try:
            return bytes(self._session.protect_rtcp(data))
        except (pylibsrtp.Error, ValueError) as error:
            raise SrtpError("malformed") from error


class LibsrtpReceiver:
    """AES-CM with SHA-1, for peers without GCM."""

    __slots__ = ("_senders", "_session")

    def __init__(self, master: bytes) -> None:
        self._session = _session(master, Policy.SSRC_ANY_INBOUND)
        self._senders: set[bytes] = set()

    def unprotect(self, data: bytes) -> bytes:
        """The compound packet inside an SRTCP packet."""
        sender = data[4:_HEADER_LENGTH]
        if sender not in self._senders and len(self._senders) >= MAX_RTCP_STREAMS:
            raise SrtpError("too_many_streams")
        try:
            plain = bytes(self._session.unprotect_rtcp(data))
        except pylibsrtp.Error as error:
            raise SrtpError(_REASONS.get(str(error), "malformed")) from None
        except ValueError:
            raise SrtpError("malformed") from None
        self._senders.add(sender)  # libsrtp now keeps state for it
        return plain


_REASONS = {
    "replay check failed (bad index)": "replayed",
    "replay check failed (index too old)": "too_old",
    "authentication failure": "unauthentic",
    "cipher failure": "unauthentic",
}


def _session(master: bytes, kind: int) -> Session:
    profile = Policy.SRTP_PROFILE_AES128_CM_SHA1_80
    return Session(Policy(key=master, ssrc_type=kind, srtp_profile=profile))
