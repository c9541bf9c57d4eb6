"""Opus (RFC 7587). Pure: no I/O, no clock."""

from collections.abc import Mapping

from sfu.codecs.payload_format import PayloadFormat
from sfu.wire.packet import Packet


class Opus(PayloadFormat):
    """A receiver can begin with any packet."""

    name = "opus"
    kind = "audio"
    clock_rate = 48_000  # RFC 7587 7: always 48000/2, whatever is sent
    channels = 2

    def answer_parameters(self, parameters: Mapping[str, str], *, stereo: bool) -> str:
        """As PayloadFormat, whatever was offered."""
        both = ";stereo=1;sprop-stereo=1" if stereo else ""
        return f"minptime=10;useinbandfec=1;usedtx=1{both}"

    def describe(self, packet: Packet) -> None:
        """As PayloadFormat."""
        packet.starts = True

    def can_skip(self, payload: bytes) -> bool:
        """As PayloadFormat: a slot that comes later begins with a later packet."""
        return True
