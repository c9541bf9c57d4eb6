"""H.264 (RFC 6184). Pure: no I/O, no clock."""

import re
from collections.abc import Mapping

from sfu.codecs.payload_format import PayloadFormat
from sfu.wire import h264
from sfu.wire.packet import Packet

DEFAULT_PROFILE = "420010"  # RFC 6184 8.1


class H264(PayloadFormat):
    """Its payloads have no running numbers, and no height is read from them."""

    name = "H264"
    kind = "video"
    clock_rate = 90_000

    def rank(self, parameters: Mapping[str, str]) -> int:
        """RFC 6184 8.1; constrained baseline is what every browser encodes and decodes."""
        if parameters.get("packetization-mode") != "1":
            return 0
        profile = _profile(parameters)
        if not re.fullmatch("[0-9a-f]{6}", profile):
            return 0
        return {"42e0": 3, "4200": 2}.get(profile[:4], 1)

    def answer_parameters(self, parameters: Mapping[str, str], *, stereo: bool) -> str:
        """As PayloadFormat: the offer's own profile."""
        profile = _profile(parameters)
        return f"level-asymmetry-allowed=1;packetization-mode=1;profile-level-id={profile}"

    def describe(self, packet: Packet) -> None:
        """As PayloadFormat."""
        packet.starts = h264.is_keyframe(packet.payload)


def _profile(parameters: Mapping[str, str]) -> str:
    return parameters.get("profile-level-id", DEFAULT_PROFILE).lower()
