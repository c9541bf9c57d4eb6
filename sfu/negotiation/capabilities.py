"""Agrees on an offer: which of its sections publish, which are slots, and with which codecs.

Pure: no I/O, no clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from common.errors import PeerError
from sfu.codecs.registry import payload_format
from sfu.negotiation.offer import Codec, Extension, Offer, Section

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RTP_STREAM_ID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
VIDEO_ORIENTATION = "urn:3gpp:video-orientation"

SLOT_EXTENSIONS = frozenset({MID, AUDIO_LEVEL, ABS_SEND_TIME, VIDEO_ORIENTATION})
PUBLISHED_EXTENSIONS = SLOT_EXTENSIONS | {RTP_STREAM_ID, REPAIRED_RTP_STREAM_ID, TRANSPORT_CC}

SOURCES = {"audio": ("microphone", "screen-audio"), "video": ("camera", "screen")}

FEEDBACK = {
    "audio": frozenset[str](),
    "video": frozenset({"nack", "nack pli", "ccm fir", "goog-remb"}),
}
DIGESTS = ("sha-256", "sha-384", "sha-512")  # what the DTLS side can check
MAX_AGREEMENTS = 256

_ANSWER_DIRECTION = {  # (the client sends, the client receives) → the answer's word
    (True, True): "sendrecv",
    (True, False): "recvonly",
    (False, True): "sendonly",
    (False, False): "inactive",
}


@dataclass(slots=True)
class Published:
    """A section in which the client sends one source."""

    mid: str
    kind: str
    source: str
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]
    rids: tuple[str, ...]
    ssrcs: tuple[tuple[int, int | None], ...]


@dataclass(slots=True)
class Slot:
    """A section in which the client receives."""

    mid: str
    kind: str
    codecs: tuple[Codec, ...]
    extensions: dict[str, int]


@dataclass(slots=True)
class AgreedSection:
    """The outcome for one section of the offer; `direction` is the answer's word."""

    mid: str
    kind: str
    rejected: bool
    direction: str = "inactive"
    source: str | None = None
    codecs: tuple[Codec, ...] = ()
    extensions: tuple[Extension, ...] = ()
    rids: tuple[str, ...] = ()
    published: Published | None = None
    slot: Slot | None = None


@dataclass(slots=True)
class Negotiation:
    """The media that both sides will send; `sections` has one entry per section of the offer."""

    published: tuple[Published, ...]
    slots: tuple[Slot, ...]
    sections: tuple[AgreedSection, ...]
    fingerprints: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Agreed:
    """The agreement for all sections of one shape that publish, or that do not."""

    codecs: tuple[Codec, ...]
    outward: tuple[Extension, ...]
    inward: tuple[Extension, ...]
    extensions: tuple[Extension, ...]


class AgreementMemory:
    """Earlier agreements, by the shape of a section (sfu.negotiation.offer.SectionMemory)."""

    def __init__(self) -> None:
        self._agreed: dict[tuple[int, bool], tuple[Section, Agreed]] = {}

    def __len__(self) -> int:
        return len(self._agreed)

    def agree(self, section: Section, published: bool) -> Agreed:
        """The agreement for a section, worked out once for each shape."""
        if (shape := section.shape) is None:
            return _agree_shape(section, published)
        key = (id(shape), published)
        known = self._agreed.get(key)
        if known is None:
            if len(self._agreed) >= MAX_AGREEMENTS:
                self._agreed.clear()
            known = (shape, _agree_shape(section, published))  # the shape lives on with its id
            self._agreed[key] = known
        return known[1]


def negotiate(offer: Offer, memory: AgreementMemory | None = None) -> Negotiation:
    """Sections that can't be used are rejected alone; raises PeerError when nothing is left."""
    memory = AgreementMemory() if memory is None else memory
    if not offer.bundle:
        raise PeerError("unsupported_sdp", "the offer has no BUNDLE group")
    sources = {kind: iter(names) for kind, names in SOURCES.items()}
    sections = [_agree(section, offer.bundle, sources, memory) for section in offer.sections]
    if all(section.rejected for section in sections):
        raise PeerError("unsupported_sdp", "no section of the offer can be used")
    _require_transport(offer)
    return Negotiation(
        published=tuple(section.published for section in sections if section.published),
        slots=tuple(section.slot for section in sections if section.slot),
        sections=tuple(sections),
        fingerprints=tuple(f for f in offer.fingerprints if f[0] in DIGESTS),
    )


def _require_transport(offer: Offer) -> None:
    """One ICE-lite, DTLS-passive transport for everything is all there is here."""
    if not (offer.ice_ufrag and offer.ice_pwd):
        raise PeerError("unsupported_sdp", "the offer has no ICE credentials")
    if not any(algorithm in DIGESTS for algorithm, _ in offer.fingerprints):
        raise PeerError("unsupported_sdp", f"the offer has no fingerprint of {', '.join(DIGESTS)}")
    if offer.setup not in ("actpass", "active"):
        raise PeerError("unsupported_sdp", "the client must take the DTLS client's part")


def _agree(
    section: Section,
    bundle: tuple[str, ...],
    sources: dict[str, Iterator[str]],
    memory: AgreementMemory,
) -> AgreedSection:
    """A sending section takes its source's name even where its codecs are then refused. What is
    neither sound nor picture is rejected: data channels have no use here."""
    refused = AgreedSection(section.mid, section.kind, rejected=True)
    if section.rejected or section.mid not in bundle:
        return refused
    if section.kind not in sources:
        return refused
    if not section.rtcp_mux:
        raise PeerError("unsupported_sdp", f"section {section.mid} has no rtcp-mux")
    sends = section.direction in ("sendonly", "sendrecv")
    source = next(sources[section.kind], None) if sends else None
    agreed = memory.agree(section, source is not None)
    if not (agreed.codecs and section.protocol.endswith("RTP/SAVPF")):
        return refused
    return _agree_media(section, source, agreed)


def _agree_shape(section: Section, published: bool) -> Agreed:
    """A section that only sends gets the one codec to send; any other one gets all."""
    receives = section.direction in ("recvonly", "sendrecv")
    codecs = _choose_codecs(section)
    if published and not receives:
        codecs = codecs[:1]
    outward = _extensions(section, PUBLISHED_EXTENSIONS, "sendonly") if published else ()
    inward = _extensions(section, SLOT_EXTENSIONS, "recvonly") if receives else ()
    return Agreed(
        tuple(_with_feedback(codec, section.kind, published) for codec in codecs),
        outward,
        inward,
        tuple(e for e in section.extensions if e in outward or e in inward),
    )


def _agree_media(section: Section, source: str | None, agreed: Agreed) -> AgreedSection:
    receives = section.direction in ("recvonly", "sendrecv")
    outcome = AgreedSection(
        section.mid,
        section.kind,
        rejected=False,
        direction=_ANSWER_DIRECTION[source is not None, receives],
        source=source,
        codecs=agreed.codecs,
        extensions=agreed.extensions,
    )
    if source:
        outcome.published = _published(section, source, agreed.codecs, agreed.outward)
        outcome.rids = outcome.published.rids
    if receives:
        outcome.slot = Slot(section.mid, section.kind, agreed.codecs, _by_uri(agreed.inward))
    return outcome


def _published(
    section: Section, source: str, codecs: tuple[Codec, ...], extensions: tuple[Extension, ...]
) -> Published:
    """Layers are told apart by the rid in each packet; without that extension there are none."""
    ids = _by_uri(extensions)
    rids = section.rids if RTP_STREAM_ID in ids else ()
    return Published(section.mid, section.kind, source, codecs, ids, rids, section.ssrcs)


def _extensions(section: Section, uris: frozenset[str], direction: str) -> tuple[Extension, ...]:
    """Those of `uris` that the client can use this way round; of two with one URI the first."""
    ways = ("", "sendrecv", direction)
    usable = (e for e in reversed(section.extensions) if e.uri in uris and e.direction in ways)
    return tuple({extension.uri: extension for extension in usable}.values())


def _by_uri(extensions: tuple[Extension, ...]) -> dict[str, int]:
    return {extension.uri: extension.id for extension in extensions}


def _with_feedback(codec: Codec, kind: str, published: bool) -> Codec:
    wanted = FEEDBACK[kind] | ({"transport-cc"} if published else set())
    return replace(codec, feedback=tuple(name for name in codec.feedback if name in wanted))


def _choose_codecs(section: Section) -> tuple[Codec, ...]:
    """One payload type per supported codec, codecs in the offer's order."""
    best: dict[str, tuple[int, Codec]] = {}
    for codec in section.codecs:
        rank = _rank(section.kind, codec)
        if rank and rank > best.get(codec.name, (0, codec))[0]:
            best[codec.name] = (rank, codec)
    return tuple(codec for _, codec in best.values())


def _rank(kind: str, codec: Codec) -> int:
    """How well an offered payload type suits; 0: not at all."""
    known = payload_format(codec.name)
    if known is None or known.kind != kind or codec.clock_rate != known.clock_rate:
        return 0
    if kind == "audio" and codec.channels != known.channels:
        return 0
    return known.rank(codec.parameters)
