"""Offers for tests: recorded ones, and Chromium-like ones composed from sections.

Pure but for reading the recordings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sfu.negotiation.capabilities import (
    ABS_SEND_TIME,
    AUDIO_LEVEL,
    MID,
    REPAIRED_RTP_STREAM_ID,
    RTP_STREAM_ID,
    TRANSPORT_CC,
    VIDEO_ORIENTATION,
)

DATA = Path(__file__).parent.parent / "data"
RECORDED = (
    "chromium-156-publish-offer.sdp",
    "chromium-156-class-offer.sdp",
    "firefox-153-publish-offer.sdp",
)

CLIENT_UFRAG = "uFrg"
CLIENT_PWD = "clientPasswordOf24Chars0"
CLIENT_FINGERPRINT = ("sha-256", ":".join(["C1"] * 32))

EXTENSIONS = {  # the ids Chromium gives them
    AUDIO_LEVEL: 1,
    ABS_SEND_TIME: 2,
    TRANSPORT_CC: 3,
    MID: 4,
    "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay": 5,
    RTP_STREAM_ID: 10,
    REPAIRED_RTP_STREAM_ID: 11,
    VIDEO_ORIENTATION: 13,
    "urn:ietf:params:rtp-hdrext:toffset": 14,
}
_VIDEO_ONLY = {RTP_STREAM_ID, REPAIRED_RTP_STREAM_ID, VIDEO_ORIENTATION}
_AUDIO_ONLY = {AUDIO_LEVEL}
_FEEDBACK = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")

OPUS = (
    "a=rtpmap:111 opus/48000/2",
    "a=rtcp-fb:111 transport-cc",
    "a=fmtp:111 minptime=10;useinbandfec=1",
)


def video_codec(name: str, payload_type: int, fmtp: str = "") -> tuple[str, ...]:
    """The lines of one video codec and of its RTX, which has the next payload type."""
    lines = [f"a=rtpmap:{payload_type} {name}/90000"]
    lines += (f"a=rtcp-fb:{payload_type} {value}" for value in _FEEDBACK)
    if fmtp:
        lines.append(f"a=fmtp:{payload_type} {fmtp}")
    rtx = payload_type + 1
    return (*lines, f"a=rtpmap:{rtx} rtx/90000", f"a=fmtp:{rtx} apt={payload_type}")


def h264(payload_type: int, profile: str = "42e01f", mode: int = 1) -> tuple[str, ...]:
    parameters = f"level-asymmetry-allowed=1;packetization-mode={mode};profile-level-id={profile}"
    return video_codec("H264", payload_type, parameters)


VP8 = video_codec("VP8", 96)
VP9 = video_codec("VP9", 98, "profile-id=0")
H264 = h264(108)


@dataclass(slots=True)
class Piece:
    """One section to be; `codecs` are the lines as above, one tuple per codec."""

    kind: str
    direction: str = "sendonly"
    codecs: tuple[tuple[str, ...], ...] = ()
    rids: tuple[str, ...] = ()
    ssrcs: tuple[tuple[int, int], ...] = ()
    port: int = 9
    bundled: bool = True
    extra: tuple[str, ...] = ()


def audio(direction: str = "sendonly", *codecs: tuple[str, ...], port: int = 9) -> Piece:
    return Piece("audio", direction, codecs or (OPUS,), port=port)


def video(
    direction: str = "sendonly",
    *codecs: tuple[str, ...],
    rids: tuple[str, ...] = (),
    ssrcs: tuple[tuple[int, int], ...] = (),
    port: int = 9,
) -> Piece:
    return Piece("video", direction, codecs or (VP8, H264), rids, ssrcs, port)


def application() -> Piece:
    return Piece("application")


def compose(
    pieces: Sequence[Piece],
    *,
    ufrag: str = CLIENT_UFRAG,
    pwd: str = CLIENT_PWD,
    fingerprint: tuple[str, str] = CLIENT_FINGERPRINT,
    version: int = 2,
) -> str:
    """An offer whose mids are the pieces' positions."""
    mids = [str(mid) for mid, piece in enumerate(pieces) if piece.bundled and piece.port]
    lines = [
        "v=0",
        f"o=- 4611731400430051336 {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=extmap-allow-mixed",
        "a=msid-semantic: WMS",
    ]
    transport = (
        f"a=ice-ufrag:{ufrag}",
        f"a=ice-pwd:{pwd}",
        "a=ice-options:trickle",
        f"a=fingerprint:{fingerprint[0]} {fingerprint[1]}",
        "a=setup:actpass",
    )
    for mid, piece in enumerate(pieces):
        lines += _section(str(mid), piece, transport)
    return "\r\n".join(lines) + "\r\n"


def class_pieces(audio_slots: int = 4, video_slots: int = 10) -> list[Piece]:
    """What the page offers: microphone, camera, screen, screen audio, slots; and a data channel."""
    return [
        audio(),
        video(rids=("q", "h", "f")),
        video(ssrcs=((3001, 3002),)),
        audio(),
        *(audio("recvonly") for _ in range(audio_slots)),
        *(video("recvonly") for _ in range(video_slots)),
        application(),
    ]


def costly(line: str, lines: int, sections: int = 64) -> str:
    """An offer of so many lines that no two sections have in common: none is known from another.

    `{}` in the line is a number that no other line has.
    """
    head, *texts = compose([audio("recvonly")] * sections).rstrip("\r\n").split("\r\nm=")
    for number in range(lines):
        texts[number % sections] += "\r\n" + line.format(number + 1)
    return "\r\nm=".join([head, *texts]) + "\r\n"


COSTLY_LINES = (  # what takes longest to read, each by its own reader
    "a=fmtp:111 " + ";".join(f"a{number}=b" for number in range(15)) + ";c={}",
    "a=simulcast:send a;b;c;d{} recv e;f;g;h",
    "a=extmap:1/sendonly urn:x {}",
    "a=rtpmap:111 opus{}/48000/2",
    "a=ssrc-group:FID 11 12",
    "a=candidate:{} 1 udp 2130706431 192.0.2.1 5 typ host",
    "a=x:{}",
)


def recorded(name: str) -> str:
    """A recorded offer with its line ends as they are."""
    return (DATA / name).read_bytes().decode()


def _section(mid: str, piece: Piece, transport: Sequence[str]) -> Iterator[str]:
    if piece.kind == "application":
        yield f"m=application {piece.port} UDP/DTLS/SCTP webrtc-datachannel"
    else:
        yield f"m={piece.kind} {piece.port} UDP/TLS/RTP/SAVPF {' '.join(_formats(piece))}"
    yield "c=IN IP4 0.0.0.0"
    yield from transport
    yield f"a=mid:{mid}"
    if piece.kind == "application":
        yield from ("a=sctp-port:5000", "a=max-message-size:262144")
    else:
        yield from _media(piece)
    yield from piece.extra


def _formats(piece: Piece) -> list[str]:
    lines = (line for codec in piece.codecs for line in codec if line.startswith("a=rtpmap:"))
    return [line.removeprefix("a=rtpmap:").partition(" ")[0] for line in lines]


def _media(piece: Piece) -> Iterator[str]:
    foreign = _VIDEO_ONLY if piece.kind == "audio" else _AUDIO_ONLY
    for uri, number in EXTENSIONS.items():
        if uri not in foreign:
            yield f"a=extmap:{number} {uri}"
    yield f"a={piece.direction}"
    if piece.direction in ("sendonly", "sendrecv"):
        yield "a=msid:stream track"
    yield from ("a=rtcp-mux", "a=rtcp-rsize")
    for codec in piece.codecs:
        yield from codec
    for rid in piece.rids:
        yield f"a=rid:{rid} send"
    if piece.rids:
        yield f"a=simulcast:send {';'.join(piece.rids)}"
    for ssrc, repair in piece.ssrcs:
        yield f"a=ssrc-group:FID {ssrc} {repair}"
        yield f"a=ssrc:{ssrc} cname:client"
        yield f"a=ssrc:{repair} cname:client"
