"""Incoming SSRCs of one transport: which layer each belongs to, as media or as RTX.

An SSRC's parameters come from the SDP where it names SSRCs, else from the mid and rid header
extensions of its first authentic packets (RFC 8852, RFC 8843 9.2). Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sfu.negotiation.capabilities import (
    AUDIO_LEVEL,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    VIDEO_ORIENTATION,
    Published,
)
from sfu.publish.producer import Layer, Producer
from sfu.srtp.rtp import InboundStream


@dataclass(slots=True)
class IncomingSsrc:
    """One SSRC: its SRTP state and, once known, its layer and role.

    The ids are those of header extensions in this stream's section; 0 when not negotiated.
    An SSRC that has ended (`ended_at`) is kept for a while: its replay window is still needed.
    """

    srtp: InboundStream
    layer: Layer | None = None
    ended_at: float | None = None
    repair: bool = False
    payload_type: int = -1
    level_id: int = 0
    orientation_id: int = 0


@dataclass(slots=True)
class SendingSection:
    """A sending section of the offer with the producer it feeds."""

    published: Published
    producer: Producer

    def has_payload_type(self, payload_type: int) -> bool:
        """True for the media or the RTX payload type that was answered."""
        codec = self.producer.codec
        return payload_type in (codec.payload_type, codec.rtx_payload_type)


class SsrcTable:
    """Finds the layer for a new SSRC among the sections of an offer."""

    __slots__ = ("_declared", "_mid_id", "_repaired_id", "_rid_id", "sections")

    def __init__(self, sections: Sequence[SendingSection]) -> None:
        self.sections = tuple(sections)
        self._mid_id = self._shared_id(MID)
        self._rid_id = self._shared_id(RTP_STREAM_ID)
        self._repaired_id = self._shared_id(REPAIRED_RTP_STREAM_ID)
        self._declared = self._declared_ssrcs()

    def _shared_id(self, uri: str) -> int:
        """RFC 8843 9.2: one id means one extension in all sections of a BUNDLE group."""
        ids = (section.published.extensions.get(uri) for section in self.sections)
        return next((number for number in ids if number), 0)

    def _declared_ssrcs(self) -> dict[int, tuple[SendingSection, Layer, bool]]:
        declared = {}
        for section in self.sections:
            if section.published.rids:  # their packets name the layer; the order here may not
                continue
            for ssrc, rtx_ssrc in section.published.ssrcs[:1]:
                layer = section.producer.layers[0]
                declared[ssrc] = (section, layer, False)
                if rtx_ssrc is not None:
                    declared[rtx_ssrc] = (section, layer, True)
        return declared

    def resolve(
        self, incoming: IncomingSsrc, ssrc: int, payload_type: int, ext: dict[int, bytes]
    ) -> bool:
        """Fills in the SSRC's layer and role; False while they can't be told."""
        found = self._declared.get(ssrc) or self._by_extensions(payload_type, ext)
        if found is None:
            return False
        section, layer, repair = found
        codec = section.producer.codec
        incoming.layer = layer
        incoming.repair = repair
        wanted = codec.rtx_payload_type if repair else codec.payload_type
        incoming.payload_type = -1 if wanted is None else wanted
        incoming.level_id = section.published.extensions.get(AUDIO_LEVEL, 0)
        incoming.orientation_id = section.published.extensions.get(VIDEO_ORIENTATION, 0)
        return True

    def _by_extensions(
        self, payload_type: int, ext: dict[int, bytes]
    ) -> tuple[SendingSection, Layer, bool] | None:
        section = self._section(payload_type, ext)
        if section is None:
            return None
        repair = payload_type == section.producer.codec.rtx_payload_type
        rid = ext.get(self._repaired_id if repair else self._rid_id)
        if rid is None and section.published.rids:
            return None
        layer = section.producer.layer_by_rid("" if rid is None else rid.decode("ascii", "replace"))
        return None if layer is None else (section, layer, repair)

    def _section(self, payload_type: int, ext: dict[int, bytes]) -> SendingSection | None:
        """By mid; without one by a payload type that only one section has."""
        mid = ext.get(self._mid_id) if self._mid_id else None
        if mid is not None:
            wanted = mid.decode("ascii", "replace")
            return next((s for s in self.sections if s.published.mid == wanted), None)
        matching = [s for s in self.sections if s.has_payload_type(payload_type)]
        return matching[0] if len(matching) == 1 else None
