"""The codecs that the SFU forwards. Pure: no I/O, no clock."""

from sfu.codecs.h264 import H264
from sfu.codecs.opus import Opus
from sfu.codecs.payload_format import PayloadFormat
from sfu.codecs.vp8 import Vp8

PAYLOAD_FORMATS: dict[str, PayloadFormat] = {
    payload_format.name.lower(): payload_format for payload_format in (Opus(), Vp8(), H264())
}
"""By name in lower case: media types have none (RFC 4855 3)."""


def payload_format(name: str) -> PayloadFormat | None:
    """The format of a codec by its name in SDP, in any case; None when it is not forwarded."""
    return PAYLOAD_FORMATS.get(name.lower())


def known_format(name: str) -> PayloadFormat:
    """As `payload_format`, for a codec that was negotiated."""
    return PAYLOAD_FORMATS[name.lower()]
