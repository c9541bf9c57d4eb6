"""Profiles and keys of SRTP, and the error of a packet that must be dropped.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from enum import StrEnum


class SrtpProfile(StrEnum):
    """The protection profiles that are negotiated, by their names in RFC 5764 and RFC 7714."""

    AEAD_AES_128_GCM = "SRTP_AEAD_AES_128_GCM"
    AES128_CM_SHA1_80 = "SRTP_AES128_CM_SHA1_80"


SALT_LENGTHS = {SrtpProfile.AEAD_AES_128_GCM: 12, SrtpProfile.AES128_CM_SHA1_80: 14}
TAG_LENGTHS = {SrtpProfile.AEAD_AES_128_GCM: 16, SrtpProfile.AES128_CM_SHA1_80: 10}  # of RTP


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Master key followed by master salt, per direction."""

    profile: SrtpProfile
    local: bytes
    remote: bytes


class SrtpError(Exception):
    """A packet that must be dropped.

    `reason`: "replayed", "too_old", "unauthentic", "malformed", "too_many_streams" or "used_up".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
