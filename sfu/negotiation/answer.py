"""Writes the answer to a client's offer: ICE-lite, one BUNDLE group, DTLS passive.

RFC 8829, 8839, 8842, 8843, 8851, 8853. Pure: no I/O, no clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sfu.codecs.registry import known_format
from sfu.ice.agent import IceCredentials
from sfu.negotiation.capabilities import AgreedSection, Negotiation
from sfu.negotiation.offer import Codec, Extension, Offer, Section

_REVERSED = {"sendonly": "recvonly", "recvonly": "sendonly"}


@dataclass(slots=True)
class SlotIds:
    """The constant numbers and names of one receiving slot."""

    ssrc: int
    rtx_ssrc: int
    stream_id: str
    track_id: str


@dataclass(slots=True)
class LocalParameters:
    """What the answer says of this side, the same in every section."""

    credentials: IceCredentials
    fingerprints: tuple[tuple[str, str], ...]
    candidates: tuple[tuple[str, int], ...]
    cname: str


def build_answer(
    offer: Offer,
    negotiation: Negotiation,
    local: LocalParameters,
    slot_ids: Mapping[str, SlotIds],
) -> str:
    """`slot_ids` has an entry for every mid of negotiation.slots."""
    transport = tuple(_transport(local))
    lines = list(_session(offer, negotiation))
    for section, agreed in zip(offer.sections, negotiation.sections, strict=True):
        if agreed.rejected:
            lines += _rejected(section)
            continue
        lines += _opening(section, agreed, local)
        lines += transport
        lines += _media(section, agreed)
        lines += _slot(agreed, local.cname, slot_ids)
    return "\r\n".join(lines) + "\r\n"


def _session(offer: Offer, negotiation: Negotiation) -> Iterator[str]:
    """The offer's session id and version, so that they change when the offer's do."""
    yield "v=0"
    yield f"o=- {offer.session_id} {offer.session_version} IN IP4 0.0.0.0"
    yield "s=-"
    yield "t=0 0"
    yield "a=ice-lite"
    accepted = {section.mid for section in negotiation.sections if not section.rejected}
    yield f"a=group:BUNDLE {' '.join(mid for mid in offer.bundle if mid in accepted)}"
    if offer.extmap_allow_mixed:
        yield "a=extmap-allow-mixed"
    yield "a=msid-semantic: WMS *"


def _rejected(section: Section) -> Iterator[str]:
    """RFC 8843 section 7.3.3: port 0, and out of the group."""
    yield f"m={section.kind} 0 {section.protocol} {' '.join(section.formats)}"
    yield "c=IN IP4 0.0.0.0"
    yield f"a=mid:{section.mid}"
    yield "a=inactive"


def _opening(section: Section, agreed: AgreedSection, local: LocalParameters) -> Iterator[str]:
    host, port = local.candidates[0] if local.candidates else ("0.0.0.0", 9)
    yield f"m={section.kind} {port} {section.protocol} {' '.join(_formats(agreed.codecs))}"
    yield f"c=IN {'IP6' if ':' in host else 'IP4'} {host}"
    yield f"a=mid:{section.mid}"


def _formats(codecs: Sequence[Codec]) -> Iterator[str]:
    for codec in codecs:
        yield str(codec.payload_type)
        if codec.rtx_payload_type is not None:
            yield str(codec.rtx_payload_type)


def _transport(local: LocalParameters) -> Iterator[str]:
    yield f"a=ice-ufrag:{local.credentials.ufrag}"
    yield f"a=ice-pwd:{local.credentials.pwd}"
    for algorithm, value in local.fingerprints:
        yield f"a=fingerprint:{algorithm} {value}"
    yield "a=setup:passive"
    for index, (host, port) in enumerate(local.candidates):
        priority = (126 << 24) + ((65535 - index) << 8) + 255  # RFC 8445 section 5.1.2.1
        yield f"a=candidate:{index + 1} 1 udp {priority} {host} {port} typ host"
    yield "a=end-of-candidates"


def _media(section: Section, agreed: AgreedSection) -> Iterator[str]:
    yield f"a={agreed.direction}"
    yield "a=rtcp-mux"
    if section.rtcp_reduced_size:
        yield "a=rtcp-rsize"
    if section.extmap_allow_mixed:
        yield "a=extmap-allow-mixed"
    yield from map(_extension, agreed.extensions)
    for codec in agreed.codecs:
        yield from _codec(codec, agreed.source)
    for rid in agreed.rids:
        yield f"a=rid:{rid} recv"
    if agreed.rids and section.simulcast:
        yield f"a=simulcast:recv {';'.join(agreed.rids)}"


def _extension(extension: Extension) -> str:
    """RFC 8285 section 6: the answer's direction is the offer's, seen from the other side."""
    way = _REVERSED.get(extension.direction, extension.direction)
    return f"a=extmap:{extension.id}{'/' if way else ''}{way} {extension.uri}"


def _codec(codec: Codec, source: str | None) -> Iterator[str]:
    number = codec.payload_type
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    yield f"a=rtpmap:{number} {codec.name}/{codec.clock_rate}{channels}"
    for feedback in codec.feedback:
        yield f"a=rtcp-fb:{number} {feedback}"
    # Slots may carry anyone's screen audio, so they are stereo; a microphone is not.
    stereo = source != "microphone"
    parameters = known_format(codec.name).answer_parameters(codec.parameters, stereo=stereo)
    if parameters:
        yield f"a=fmtp:{number} {parameters}"
    if codec.rtx_payload_type is not None:
        yield f"a=rtpmap:{codec.rtx_payload_type} rtx/{codec.clock_rate}"
        yield f"a=fmtp:{codec.rtx_payload_type} apt={number}"


def _slot(agreed: AgreedSection, cname: str, slot_ids: Mapping[str, SlotIds]) -> Iterator[str]:
    if agreed.slot is None:
        return
    ids = slot_ids[agreed.mid]
    yield f"a=msid:{ids.stream_id} {ids.track_id}"
    if any(codec.rtx_payload_type is not None for codec in agreed.codecs):
        yield f"a=ssrc-group:FID {ids.ssrc} {ids.rtx_ssrc}"
        yield f"a=ssrc:{ids.ssrc} cname:{cname}"
        yield f"a=ssrc:{ids.rtx_ssrc} cname:{cname}"
    else:
        yield f"a=ssrc:{ids.ssrc} cname:{cname}"
