"""The offer of a class's page in Chromium, and what a bot reads in the answer.

Line for line what Chromium 156 writes, with all its codecs, so that a join costs the server what
a real one does. Pure: no I/O, no clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from sfu.ice.agent import IceCredentials

OPUS, VP8, VP8_RTX = 111, 96, 97
SOURCES = ("microphone", "screen-audio", "camera", "screen")  # the page's sending sections
MIDS = {source: str(place) for place, source in enumerate(SOURCES)}
RIDS = {"camera": ("q", "h", "f"), "screen": ("h", "f")}
# ids of header extensions
AUDIO_LEVEL, ABS_SEND_TIME, TRANSPORT_CC, MID, RID, REPAIRED_RID = 1, 2, 3, 4, 10, 11

_GOOG = "http://www.webrtc.org/experiments/rtp-hdrext"
_IETF = "urn:ietf:params:rtp-hdrext"
_TRANSPORT_CC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
_AUDIO_EXTENSIONS = (
    f"{AUDIO_LEVEL} {_IETF}:ssrc-audio-level",
    f"{ABS_SEND_TIME} {_GOOG}/abs-send-time",
    f"{TRANSPORT_CC} {_TRANSPORT_CC_URI}",
    f"{MID} {_IETF}:sdes:mid",
)
_VIDEO_EXTENSIONS = (
    f"14 {_IETF}:toffset",
    f"{ABS_SEND_TIME} {_GOOG}/abs-send-time",
    "13 urn:3gpp:video-orientation",
    f"{TRANSPORT_CC} {_TRANSPORT_CC_URI}",
    f"5 {_GOOG}/playout-delay",
    f"6 {_GOOG}/video-content-type",
    f"7 {_GOOG}/video-timing",
    f"8 {_GOOG}/color-space",
    f"{MID} {_IETF}:sdes:mid",
    f"{RID} {_IETF}:sdes:rtp-stream-id",
    f"{REPAIRED_RID} {_IETF}:sdes:repaired-rtp-stream-id",
    "12 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    f"9 {_GOOG}/video-layers-allocation00",
)
_AUDIO_FORMATS = (OPUS, 63, 9, 0, 8, 13, 110, 126)
_AUDIO_CODECS = (
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1{stereo}",
    "a=rtpmap:63 red/48000/2",
    "a=fmtp:63 111/111",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:0 PCMU/8000",
    "a=rtpmap:8 PCMA/8000",
    "a=rtpmap:13 CN/8000",
    "a=rtpmap:110 telephone-event/48000",
    "a=rtpmap:126 telephone-event/8000",
)
_FEEDBACK = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
_H264 = "level-asymmetry-allowed=1;packetization-mode={};profile-level-id={}"
# payload type: (name, parameters, payload type of its RTX)
_VIDEO_CODECS = {
    VP8: ("VP8", "", VP8_RTX),
    98: ("VP9", "profile-id=0", 99),
    100: ("VP9", "profile-id=2", 101),
    35: ("VP9", "profile-id=1", 36),
    37: ("VP9", "profile-id=3", 38),
    102: ("H264", _H264.format(1, "42001f"), 103),
    104: ("H264", _H264.format(0, "42001f"), 107),
    108: ("H264", _H264.format(1, "42e01f"), 109),
    114: ("H264", _H264.format(0, "42e01f"), 115),
    116: ("H264", _H264.format(1, "4d001f"), 117),
    39: ("H264", _H264.format(0, "4d001f"), 40),
    41: ("H264", _H264.format(1, "f4001f"), 42),
    43: ("H264", _H264.format(0, "f4001f"), 44),
    45: ("AV1", "level-idx=5;profile=0;tier=0", 46),
    47: ("AV1", "level-idx=5;profile=1;tier=0", 48),
}
_SENT_VIDEO = (VP8, 102, 104, 108, 114, 116, 39, 45, 98, 100)
_RECEIVED_VIDEO = tuple(_VIDEO_CODECS)
_PROTECTION = (
    "a=rtpmap:118 red/90000",
    "a=rtpmap:119 rtx/90000",
    "a=fmtp:119 apt=118",
    "a=rtpmap:120 ulpfec/90000",
)
_FLEXFEC = (
    "a=rtpmap:49 flexfec-03/90000",
    "a=rtcp-fb:49 goog-remb",
    "a=rtcp-fb:49 transport-cc",
    "a=fmtp:49 repair-window=10000000",
)


class AnswerError(Exception):
    """An answer that a bot can't use."""


@dataclass(frozen=True, slots=True)
class Local:
    """The client's own values in its offer."""

    credentials: IceCredentials
    fingerprint: tuple[str, str]
    session_id: int
    stream: str  # of its msid
    ssrcs: tuple[int, int]  # microphone, screen-audio; simulcast sections name none


@dataclass(frozen=True, slots=True)
class AnsweredSlot:
    """A receiving section with its constant SSRCs."""

    mid: str
    kind: str
    ssrc: int
    rtx_ssrc: int | None


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """The server's side; all sections share one transport."""

    credentials: IceCredentials
    fingerprints: tuple[tuple[str, str], ...]
    address: tuple[str, int]  # of its first candidate
    slots: tuple[AnsweredSlot, ...]


def write_offer(local: Local, audio_slots: int, video_slots: int) -> str:
    """The page's sections: what it may send, then the slots for sound, then those for video."""
    text = _template(audio_slots, video_slots)
    values = {
        "{session}": str(local.session_id),
        "{ufrag}": local.credentials.ufrag,
        "{pwd}": local.credentials.pwd,
        "{fingerprint}": " ".join(local.fingerprint),
        "{stream}": local.stream,
        "{ssrc0}": str(local.ssrcs[0]),
        "{ssrc1}": str(local.ssrcs[1]),
    }
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


@cache
def _template(audio_slots: int, video_slots: int) -> str:
    names = [*SOURCES, *["audio"] * audio_slots, *["video"] * video_slots]
    lines = [
        "v=0",
        "o=- {session} 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(str(mid) for mid in range(len(names)))}",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS {stream}",
    ]
    for mid, name in enumerate(names):
        lines += _section(mid, name)
    return "\r\n".join(lines) + "\r\n"


def _section(mid: int, name: str) -> Iterator[str]:
    sends = name in SOURCES
    is_audio = "audio" in name or name == "microphone"
    formats = _AUDIO_FORMATS if is_audio else _video_formats(sends)
    kind = "audio" if is_audio else "video"
    yield f"m={kind} 9 UDP/TLS/RTP/SAVPF {' '.join(map(str, formats))}"
    yield "c=IN IP4 0.0.0.0"
    yield "a=rtcp:9 IN IP4 0.0.0.0"
    yield "a=ice-ufrag:{ufrag}"
    yield "a=ice-pwd:{pwd}"
    yield "a=ice-options:trickle"
    yield "a=fingerprint:{fingerprint}"
    yield "a=setup:actpass"
    yield f"a=mid:{mid}"
    for extension in _AUDIO_EXTENSIONS if is_audio else _VIDEO_EXTENSIONS:
        yield f"a=extmap:{extension}"
    yield "a=sendonly" if sends else "a=recvonly"
    if sends:
        yield f"a=msid:{{stream}} {name}"
    yield from ("a=rtcp-mux", "a=rtcp-rsize", "a=rtcp-xr:rcvr-rtt=all")
    # the page asks for stereo where it receives (static/js/class/sdp.js)
    stereo = "" if sends else ";stereo=1"
    codecs = _AUDIO_CODECS if is_audio else _video_codecs(sends)
    yield from (line.replace("{stereo}", stereo) for line in codecs)
    yield from _streams(mid, name)


def _streams(mid: int, name: str) -> Iterator[str]:
    """How a sending section's streams are known: by SSRC, or by the rids of its layers."""
    if rids := RIDS.get(name):
        yield from (f"a=rid:{rid} send" for rid in rids)
        yield f"a=simulcast:send {';'.join(rids)}"
    elif name in SOURCES:
        yield f"a=ssrc:{{ssrc{mid}}} cname:{{stream}}"
        yield f"a=ssrc:{{ssrc{mid}}} msid:{{stream}} {name}"


def _video_formats(sends: bool) -> list[int]:
    chosen = _SENT_VIDEO if sends else _RECEIVED_VIDEO
    formats = [number for one in chosen for number in (one, _VIDEO_CODECS[one][2])]
    return [*formats, 118, 119, 120, *([] if sends else [49])]


@cache
def _video_codecs(sends: bool) -> tuple[str, ...]:
    lines: list[str] = []
    for number in _SENT_VIDEO if sends else _RECEIVED_VIDEO:
        name, parameters, rtx = _VIDEO_CODECS[number]
        lines.append(f"a=rtpmap:{number} {name}/90000")
        lines += (f"a=rtcp-fb:{number} {value}" for value in _FEEDBACK)
        if parameters:
            lines.append(f"a=fmtp:{number} {parameters}")
        lines += (f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={number}")
    return (*lines, *_PROTECTION, *(() if sends else _FLEXFEC))


def read_answer(text: str) -> ReadAnswer:
    """Raises AnswerError when something that a bot needs is not there."""
    session, *sections = text.replace("\r\n", "\n").split("\nm=")
    if not sections:
        raise AnswerError("the answer has no section")
    lines = sections[0].split("\n") + session.split("\n")
    ufrag, pwd = _value(lines, "a=ice-ufrag:"), _value(lines, "a=ice-pwd:")
    fingerprints = tuple(
        (algorithm, value)
        for line in lines
        if line.startswith("a=fingerprint:")
        for algorithm, _, value in [line.removeprefix("a=fingerprint:").partition(" ")]
    )
    if not fingerprints:
        raise AnswerError("the answer has no a=fingerprint: line")
    slots = tuple(slot for one in sections if (slot := _read_slot(one)) is not None)
    return ReadAnswer(IceCredentials(ufrag, pwd), fingerprints, _address(lines), slots)


def _value(lines: list[str], prefix: str) -> str:
    for line in lines:
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    raise AnswerError(f"the answer has no {prefix} line")


def _address(lines: list[str]) -> tuple[str, int]:
    """Host and port of the first UDP candidate (RFC 8839 5.1)."""
    fields = _value(lines, "a=candidate:").split(" ")
    if len(fields) < 6 or fields[2].lower() != "udp" or not fields[5].isdecimal():
        raise AnswerError("the answer's candidate is not understood")
    return fields[4], int(fields[5])


def _read_slot(section: str) -> AnsweredSlot | None:
    """None for sections in which the server sends nothing."""
    lines = section.split("\n")
    if "a=sendonly" not in lines:
        return None
    kind = lines[0].partition(" ")[0]
    groups = [line.split(" ")[1:3] for line in lines if line.startswith("a=ssrc-group:FID ")]
    if groups:
        ssrc, rtx = groups[0]
        return AnsweredSlot(_value(lines, "a=mid:"), kind, int(ssrc), int(rtx))
    ssrc = _value(lines, "a=ssrc:").partition(" ")[0]
    return AnsweredSlot(_value(lines, "a=mid:"), kind, int(ssrc), None)
