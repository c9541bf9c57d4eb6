"""One section of a session description: its records and the readers of its attributes.

A reader raises LineError with the reason; the parser in sfu.negotiation.offer adds the number of
the line.
Pure: no I/O, no clock.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from sfu.codecs.registry import payload_format

MAX_FORMATS = 128
MAX_FEEDBACK = 12  # lines for one format; browsers have five
MAX_PARAMETERS = 16  # of one format; browsers have four
MAX_EXTENSIONS = 64
MAX_RIDS = 4
MAX_SSRCS = 64
MAX_FINGERPRINTS = 8

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
SETUP_ROLES = ("actpass", "active", "passive", "holdconn")

_MEDIA = re.compile(r"([a-z]{1,16}) (\d{1,5}) ([A-Z/]{1,32}) ([!-~]+(?: [!-~]+)*)", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}")
_ICE_CHARS = re.compile(r"[A-Za-z0-9+/=_-]{4,256}")  # browsers go beyond RFC 8839's set
_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,16}) ((?:[0-9A-Fa-f]{2}:){15,63}[0-9A-Fa-f]{2})")
_RTPMAP = re.compile(r"(\d{1,3}) ([!-.0-~]{1,32})/(\d{1,7})(?:/(\d{1,2}))?", re.ASCII)
_EXTMAP = re.compile(
    r"(\d{1,4})(?:/(sendrecv|sendonly|recvonly|inactive))? ([!-~]{1,255})(?: .*)?", re.ASCII
)
_RID = re.compile(r"([A-Za-z0-9_-]{1,16}) (send|recv)(?: .*)?")


class LineError(Exception):
    """The line that is being read is wrong; the message says how."""


@dataclass(slots=True)
class Codec:
    """One payload type of a section with what belongs to it; its RTX is folded in."""

    name: str
    payload_type: int
    clock_rate: int
    channels: int
    parameters: dict[str, str]
    feedback: tuple[str, ...]
    rtx_payload_type: int | None


@dataclass(slots=True)
class Extension:
    """A header extension (RFC 8285); `direction` is empty when the line has none."""

    id: int
    uri: str
    direction: str


@dataclass(slots=True)
class Section:
    """One m= section; `direction` is the client's own word."""

    mid: str
    kind: str
    protocol: str
    formats: tuple[str, ...]
    direction: str
    rejected: bool = False
    codecs: tuple[Codec, ...] = ()
    extensions: tuple[Extension, ...] = ()
    rids: tuple[str, ...] = ()
    simulcast: bool = False
    ssrcs: tuple[tuple[int, int | None], ...] = ()
    msid: str | None = None
    rtcp_mux: bool = False
    rtcp_reduced_size: bool = False
    extmap_allow_mixed: bool = False
    shape: "Section | None" = field(default=None, compare=False, repr=False)
    """The same object in all sections that differ in mid, msid, sources and transport alone."""


@dataclass(slots=True)
class TransportDraft:
    """ICE and DTLS values of one level; the section's come before the session's."""

    ice_ufrag: str = ""
    ice_pwd: str = ""
    fingerprints: list[tuple[str, str]] = field(default_factory=list)
    setup: str = ""


@dataclass(slots=True)
class SectionDraft:
    """A section while its lines are read; fmtp and rtcp-fb may come before their rtpmap."""

    section: Section
    port: int
    payload_types: dict[str, int]
    transport: TransportDraft = field(default_factory=TransportDraft)
    bundle_only: bool = False
    rtpmaps: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    parameters: dict[int, dict[str, str]] = field(default_factory=dict)
    feedback: dict[str, list[str]] = field(default_factory=dict)  # by payload type or *
    extensions: dict[int, Extension] = field(default_factory=dict)
    rids: dict[str, None] = field(default_factory=dict)
    simulcast: tuple[str, ...] = ()
    ssrcs: dict[int, None] = field(default_factory=dict)
    repairs: dict[int, int] = field(default_factory=dict)

    def finish(self) -> Section:
        """The section with everything that needs all of its lines."""
        section = self.section
        if not section.mid:
            fail("the section has no a=mid")
        if section.shape is None:
            self._finish_shape()
        repairs = set(self.repairs.values())
        section.ssrcs = tuple(
            (ssrc, self.repairs.get(ssrc)) for ssrc in self.ssrcs if ssrc not in repairs
        )
        return section

    def _finish_shape(self) -> None:
        section = self.section
        section.rejected = self.port == 0 and not self.bundle_only  # RFC 8843 section 6
        section.codecs = tuple(_codecs(self))
        section.extensions = tuple(self.extensions.values())
        ordered = tuple(rid for rid in self.simulcast if rid in self.rids)
        section.rids = ordered or tuple(self.rids)
        section.simulcast = bool(ordered)

    def make_shape(self) -> Section:
        """The part that the section has in common with others of its kind; it is its own shape."""
        self._finish_shape()
        shape = replace(self.section, mid="", ssrcs=(), msid=None)
        shape.shape = self.section.shape = shape
        return shape


def like(shape: Section) -> SectionDraft:
    """A section of a known shape: what differs is still to be read."""
    return SectionDraft(replace(shape), 0, {})


def fail(reason: str) -> NoReturn:
    raise LineError(reason)


def integer(text: str, low: int, high: int) -> int:
    """Decimal digits alone: int() would take signs, spaces and underscores too."""
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and low <= int(text) <= high):
        fail(f"a number from {low} to {high} is expected")
    return int(text)


def token(text: str) -> str:
    if not _TOKEN.fullmatch(text):
        fail("a token of at most 32 characters is expected")
    return text


def new_section(value: str, direction: str) -> SectionDraft:
    """The section that an m= line opens."""
    match = _MEDIA.fullmatch(value) or fail("not a media description")
    formats = tuple(match[4].split(" "))
    if len(formats) > MAX_FORMATS:
        fail(f"more than {MAX_FORMATS} formats")
    types: dict[str, int] = {}
    if match[1] in ("audio", "video"):
        types = {text: integer(text, 0, 127) for text in formats}
    section = Section("", match[1], match[3], formats, direction)
    return SectionDraft(section, integer(match[2], 0, 65535), types)


def _payload_type(draft: SectionDraft, text: str) -> int | None:
    """None: a format that the m= line does not name, so its lines say nothing."""
    number = draft.payload_types.get(text)
    if number is None:
        integer(text, 0, 127)
    return number


def _codecs(draft: SectionDraft) -> list[Codec]:
    """The section's codecs in the order of its m= line, each with its RTX payload type."""
    rtx: dict[str, int] = {}
    primary: list[int] = []
    for payload_type in dict.fromkeys(draft.payload_types.values()):
        # RFC 5761 section 4: with rtcp-mux 64 to 95 would look like RTCP.
        if payload_type not in draft.rtpmaps or 64 <= payload_type <= 95:
            continue
        if draft.rtpmaps[payload_type][0].lower() != "rtx":
            primary.append(payload_type)
        elif apt := draft.parameters.get(payload_type, {}).get("apt"):
            rtx.setdefault(apt, payload_type)
    return [_codec(draft, payload_type, rtx.get(str(payload_type))) for payload_type in primary]


def _codec(draft: SectionDraft, payload_type: int, rtx: int | None) -> Codec:
    name, clock_rate, channels = draft.rtpmaps[payload_type]
    feedback = draft.feedback.get("*", []) + draft.feedback.get(str(payload_type), [])
    known = payload_format(name)
    return Codec(
        name=name if known is None else known.name,
        payload_type=payload_type,
        clock_rate=clock_rate,
        channels=channels,
        parameters=draft.parameters.get(payload_type, {}),
        feedback=tuple(dict.fromkeys(feedback)),
        rtx_payload_type=rtx,
    )


def _read_ice_ufrag(transport: TransportDraft, value: str) -> None:
    if not _ICE_CHARS.fullmatch(value):
        fail("4 to 256 ICE characters are expected")
    transport.ice_ufrag = value


def _read_ice_pwd(transport: TransportDraft, value: str) -> None:
    if not (_ICE_CHARS.fullmatch(value) and len(value) >= 22):
        fail("22 to 256 ICE characters are expected")
    transport.ice_pwd = value


def _read_fingerprint(transport: TransportDraft, value: str) -> None:
    match = _FINGERPRINT.fullmatch(value) or fail("not a fingerprint")
    if len(transport.fingerprints) == MAX_FINGERPRINTS:
        fail(f"more than {MAX_FINGERPRINTS} fingerprints")
    transport.fingerprints.append((match[1].lower(), match[2].upper()))


def _read_setup(transport: TransportDraft, value: str) -> None:
    if value not in SETUP_ROLES:
        fail("not a setup role")
    transport.setup = value


def _read_mid(draft: SectionDraft, value: str) -> None:
    draft.section.mid = token(value)


def _read_msid(draft: SectionDraft, value: str) -> None:
    draft.section.msid = value[:200]


def _read_rtpmap(draft: SectionDraft, value: str) -> None:
    match = _RTPMAP.fullmatch(value) or fail("not a codec")
    payload_type = _payload_type(draft, match[1])
    if payload_type is not None:
        draft.rtpmaps[payload_type] = (match[2], int(match[3]), int(match[4] or 1))


def _read_fmtp(draft: SectionDraft, value: str) -> None:
    to, _, text = value.partition(" ")
    payload_type = _payload_type(draft, to)
    if text.count(";") >= MAX_PARAMETERS:
        fail(f"more than {MAX_PARAMETERS} parameters")
    if payload_type is not None:
        pairs = (pair.partition("=") for pair in text.split(";"))
        draft.parameters[payload_type] = {
            key.strip().lower(): content.strip() for key, _, content in pairs if key.strip()
        }


def _read_feedback(draft: SectionDraft, value: str) -> None:
    to, _, text = value.partition(" ")
    if to != "*" and _payload_type(draft, to) is None:
        return
    feedback = draft.feedback.setdefault(to, [])
    if len(feedback) == MAX_FEEDBACK:
        fail(f"more than {MAX_FEEDBACK} feedback lines for one format")
    feedback.append(text)


def _read_extension(draft: SectionDraft, value: str) -> None:
    match = _EXTMAP.fullmatch(value) or fail("not a header extension")
    number = integer(match[1], 1, 9999)
    if number > 255:  # RFC 8285 section 6: 4096 to 4351 wait for a free id
        return
    extension = Extension(number, match[3], match[2] or "")
    if draft.extensions.setdefault(number, extension) != extension:
        fail(f"id {number} is used twice")
    if len(draft.extensions) > MAX_EXTENSIONS:
        fail(f"more than {MAX_EXTENSIONS} header extensions")


def _read_rid(draft: SectionDraft, value: str) -> None:
    match = _RID.fullmatch(value) or fail("not a rid")
    if match[2] == "recv":
        return
    draft.rids[match[1]] = None
    if len(draft.rids) > MAX_RIDS:
        fail(f"more than {MAX_RIDS} layers")


def _read_simulcast(draft: SectionDraft, value: str) -> None:
    """RFC 8853 section 5.1: `send q;~h;f,g recv …`; of alternatives the first one counts."""
    if value.count(";") > 2 * MAX_RIDS:
        fail(f"more than {MAX_RIDS} layers each way")
    words = value.split()
    if len(words) not in (2, 4) or any(word not in ("send", "recv") for word in words[::2]):
        fail("not a simulcast description")
    for direction, streams in zip(words[::2], words[1::2], strict=True):
        if direction == "send":
            first = (stream.split(",")[0] for stream in streams.split(";"))
            draft.simulcast = tuple(dict.fromkeys(rid.removeprefix("~") for rid in first))


def _read_ssrc(draft: SectionDraft, value: str) -> None:
    draft.ssrcs[integer(value.partition(" ")[0], 1, 0xFFFFFFFF)] = None
    if len(draft.ssrcs) > MAX_SSRCS:
        fail(f"more than {MAX_SSRCS} sources")


def _read_ssrc_group(draft: SectionDraft, value: str) -> None:
    """RFC 5576, RFC 4588: FID joins a source and its retransmissions."""
    semantics, _, text = value.partition(" ")
    if semantics != "FID":
        return
    ssrcs = text.split(" ")
    if len(ssrcs) != 2:
        fail("a FID group has two sources")
    source, repair = (integer(ssrc, 1, 0xFFFFFFFF) for ssrc in ssrcs)
    draft.repairs[source] = repair
    if len(draft.repairs) > MAX_SSRCS:
        fail(f"more than {MAX_SSRCS} sources")


def _read_rtcp_mux(draft: SectionDraft, value: str) -> None:
    draft.section.rtcp_mux = True


def _read_rtcp_rsize(draft: SectionDraft, value: str) -> None:
    draft.section.rtcp_reduced_size = True


def _read_allow_mixed(draft: SectionDraft, value: str) -> None:
    draft.section.extmap_allow_mixed = True


def _read_bundle_only(draft: SectionDraft, value: str) -> None:
    draft.bundle_only = True


TRANSPORT_READERS: dict[str, Callable[[TransportDraft, str], None]] = {
    "ice-ufrag": _read_ice_ufrag,
    "ice-pwd": _read_ice_pwd,
    "fingerprint": _read_fingerprint,
    "setup": _read_setup,
}
SECTION_READERS: dict[str, Callable[[SectionDraft, str], None]] = {
    "rtcp-fb": _read_feedback,
    "rtpmap": _read_rtpmap,
    "fmtp": _read_fmtp,
    "extmap": _read_extension,
    "mid": _read_mid,
    "msid": _read_msid,
    "rid": _read_rid,
    "simulcast": _read_simulcast,
    "ssrc": _read_ssrc,
    "ssrc-group": _read_ssrc_group,
    "rtcp-mux": _read_rtcp_mux,
    "rtcp-rsize": _read_rtcp_rsize,
    "extmap-allow-mixed": _read_allow_mixed,
    "bundle-only": _read_bundle_only,
}
