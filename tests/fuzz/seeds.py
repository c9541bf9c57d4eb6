"""Where the corpora begin: what real browsers send, and one of everything that the formats have.

`python -m tests.fuzz --seeds` writes them; what has been found since stays.
"""

import struct
from collections.abc import Iterable, Iterator

from aiortc.rtp import RtcpReceiverInfo

from tests.fuzz import corpus, dtls, rtcp, rtp, stun
from tests.fuzz.pieces import join
from tests.support import offers, recorded, rtcp_client
from tests.support.media import Mark, write_rtp, write_video
from tests.support.stun_client import Credentials, binding_request

Named = Iterator[tuple[str, bytes]]
SHORT = 120  # bytes of a recorded packet; the picture itself is not looked at


def write() -> int:
    """All seeds of all targets."""
    for name, make in SEEDS.items():
        for label, data in make():
            corpus.write(name, f"seed-{label}", data)
        print(f"{name}: {len(corpus.load(name))} files")
    return 0


def of_stun() -> Named:
    credentials = Credentials("abcd", "p" * 24, "efgh", "q" * 24)
    priority = struct.pack(">HHI", 0x24, 4, 0x6E7F1EFF)
    controlling = struct.pack(">HHQ", 0x802A, 8, 7)
    controlled = struct.pack(">HHQ", 0x8029, 8, 7)
    good = stun.NAMED | stun.SIGNED | stun.PRINTED
    yield "whole", join([(stun.WHOLE, binding_request(credentials, bytes(12)))])
    yield "check", join([(good | 2, priority + controlling), (good | 2, priority)])
    yield "nomination", join([(good | stun.NOMINATING | 2, priority)])
    yield "elsewhere", join([(good | 3, priority), (good | stun.LATER | 2, b"")])
    yield "moved", join([(good | stun.NOMINATING | 3, priority), (stun.LATER | good | 2, priority)])
    false = stun.INTEGRITY + bytes(20)
    yield "forged", join((stun.NAMED | where, priority + false) for where in (0, 2, 3))
    yield "conflict", join([(good | 3, controlled)])
    yield "short", join((stun.NAMED | stun.SIGNED | where, b"") for where in (2, 3))
    yield "unsigned", join([(stun.NAMED | stun.PRINTED | 1, priority), (stun.SIGNED, b"")])
    yield "many", join([(good | 2, struct.pack(">HHI", 0x8000, 4, 1) * 33)])


def of_rtp() -> Named:
    for label, chosen in (("sound", recorded.SOUND), ("small", recorded.SMALL)):
        packets = [packet for _, ssrc, packet in recorded.packets() if ssrc == chosen][:3]
        number = 0 if label == "sound" else 1
        yield f"recorded-{label}", join((rtp.WHOLE | number, p[:SHORT]) for p in packets)
    probe = next(p for _, _, p in recorded.packets() if p[0] & 0x20)
    yield "recorded-probe", join([(rtp.WHOLE | 3, probe)])
    pictures = [write_video(Mark(9, 0, n == 0, n, 0, 1, 1.0), n, n, 60) for n in range(3)]
    yield "vp8", join((rtp.MARKER | 1, data) for data in pictures)
    yield "vp8-plain", join([(rtp.MARKER | 2, b"\x10\x10\x00\x00\x9d\x01\x2a\x40\x01\xb4\x00")])
    yield (
        "vp8-flags",
        join((1, bytes([0x90, flags, 5, 6, 7, 8, 9])) for flags in (0x80, 0x40, 0x30)),
    )
    idr, parameters = b"\x65\x88" + bytes(20), b"\x67\x42\xe0\x1f"
    aggregate = b"\x78" + b"".join(len(n).to_bytes(2, "big") + n for n in (parameters, idr))
    fragment = b"\x7c\x85" + bytes(20)
    for label, body in (("idr", idr), ("stap-a", aggregate), ("fu-a", fragment)):
        yield f"h264-{label}", join([(rtp.HARRY | rtp.MARKER | 1, body)])
    whole = write_rtp(96, True, 9, 9, 9, [(3, b"\0\1"), (4, b"1"), (10, b"q")], pictures[0], 4)
    repair = write_rtp(97, False, 5, 9, 9, [(4, b"1"), (11, b"q")], b"\0\7" + pictures[1])
    level = write_rtp(111, False, 5, 9, 9, [(1, b"\x85"), (4, b"0")], b"sound")
    empty = write_rtp(96, False, 9, 9, 9, [], b"", 200)
    yield "padding", join((rtp.WHOLE | rtp.NEXT | 1, packet) for packet in (whole, empty, whole))
    yield "repair", join((rtp.WHOLE | rtp.NEXT | n, repair) for n in (4, 5, 4))
    yield "level", join([(rtp.WHOLE, level), (rtp.WHOLE | rtp.BARE, level)])
    wide = b"\x90\x60" + bytes(10) + b"\x10\x00\x00\x02\x03\x02\0\1\x04\x011\0"
    yield "two-byte", join([(rtp.WHOLE | 1, wide + pictures[0])])
    leap = [b"\x80\x60" + n.to_bytes(2, "big") + bytes(8) + pictures[1] for n in (9, 400, 33_000)]
    yield "leaps", join((rtp.WHOLE | rtp.LATER | 1, packet) for packet in leap)


def of_rtcp() -> Named:
    block = RtcpReceiverInfo(2, 30, 5, 700, 90, 1, 2)
    report, own = (
        rtcp_client.receiver_report(1, [block]),
        rtcp_client.sender_report(1, 9.0, 9, 9, 9),
    )
    yield "reports", join([(0, report), (rtcp.SENT, own)])
    yield "nack", join((n, rtcp_client.nack(1, 2, [*range(9)])) for n in range(8))
    yield "nack-masks", join([(2, _feedback(205, 1, b"\0\1\xff\xff" * 20))])
    yield "pli", join((n, rtcp_client.pli(1, 2)) for n in range(8))
    yield "fir", join([(2, _feedback(206, 4, struct.pack(">IB3x", 2, 1) * 3))])
    yield "remb", join((rtcp.LATER, rtcp_client.remb(1, 10**n, [2, 3])) for n in (3, 6, 9))
    yield "bye", join([(rtcp.SENT, rtcp_client.bye([1, 2, 3])), (rtcp.LATER | rtcp.APART, report)])
    for label, count, chunks in (
        ("runs", 10, b"\x20\x05\x40\x05" + bytes(15)),
        ("vectors", 20, b"\xbf\xff\xe5\x55" + bytes(24)),
        ("bomb", 4_096, b"\x1f\xff"),
        ("reserved", 7, b"\xff\xff"),
    ):
        body = struct.pack(">HHI", 7, count, 0x100) + chunks
        yield f"feedback-{label}", join([(1, _feedback(205, 15, body + bytes(-len(body) % 4)))])
    yield "unknown", join([(0, b"\x80\xcc\0\2" + bytes(8)), (0, b"\x80\xcf\0\2" + bytes(8))])


def _feedback(kind: int, form: int, body: bytes) -> bytes:
    return struct.pack(">BBHII", 0x80 | form, kind, 2 + len(body) // 4, 1, 2) + body


def of_dtls() -> Named:
    for number in range(4):
        to_new, to_old = (dtls.GENUINE, bytes([number])), (dtls.GENUINE | dtls.ESTABLISHED, b"\1")
        yield f"genuine-{number}", join([to_new, to_old, to_new])
    flipped = bytes([0]) + bytes(60) + b"\xff"
    yield "changed", join([(dtls.GENUINE, flipped), (dtls.GENUINE | dtls.ESTABLISHED, flipped)])
    for kind, label in enumerate(("cipher", "alert", "handshake", "data")):
        control = dtls.FRAMED | kind
        bodies = [(control, b"\2\x28"), (control | dtls.PROTECTED, bytes(40))]
        both = [(c | to, body) for c, body in bodies for to in (0, dtls.ESTABLISHED)]
        yield f"framed-{label}", join(both)
    fragment = b"\1\0\0\xff\0\0\0\0\1\0\0\x10" + bytes(16)
    yield "fragment", join([(dtls.FRAMED | 2, fragment)] * 2)
    yield "short", join([(0, b"\x16"), (dtls.ESTABLISHED, b"\x17\xfe\xfd"), (0, b"\x14" * 13)])


def of_srtp() -> Named:
    for first in range(0, 64, 5):
        yield f"{first:02}", bytes([first]) + struct.pack(">HBHBHB", first, 1, 20, 0x80, 0, 0)
    yield "cut", bytes([0]) + struct.pack(">HB", 0x1000, 20)
    yield "longer", bytes([1]) + struct.pack(">HB", 0x1001, 20)
    yield "same", bytes([0x20]) + struct.pack(">HB", 0, 0)


def of_sdp() -> Named:
    for name in offers.RECORDED:
        text = offers.recorded(name).encode()
        if len(text) < 8_000:
            yield name.removesuffix(".sdp"), text
    yield "class", offers.compose(offers.class_pieces(1, 2)).encode()
    pieces = [offers.audio("sendrecv"), offers.video("sendonly", offers.H264, offers.VP9)]
    yield "h264", offers.compose(pieces).encode()
    rejected = [offers.video(port=0), offers.audio("inactive"), offers.application()]
    yield "rejected", offers.compose(rejected).encode()
    yield "ssrcs", offers.compose([offers.video(ssrcs=((3, 4), (5, 6)))]).encode()


def of_socket_io() -> Named:
    for label, frames in SCRIPTS.items():
        yield label, "\n".join(frames).encode() + b"\n"


SCRIPTS: dict[str, Iterable[str]] = {
    "chat": (
        't422["chat-message",{"text":"hello"}]',
        's423["chat-message",{"text":"\\ud83d\\ude00","to":"$TEACHER"}]',
        'o4299999["chat-message",{"text":"x","to":"teachers"}]',
        't42["announce",{"text":"quiet","audience":"students"}]',
    ),
    "hands": (
        's421["hand",{"raised":true}]',
        'o422["hand",{"raised":true}]',
        't423["moderate",{"action":"lower-hand","participant":"$ID"}]',
        'o424["reaction",{"kind":"clap"}]',
        's421["hand",{"raised":false}]',
    ),
    "media": (
        's421["video-offer",{"sdp":"v=0","iceRestart":true}]',
        's422["layout",{"slots":[{"mid":"4","want":"pinned","producer":"$TEACHER:camera"},'
        '{"mid":"5","want":"page","maxHeight":360},{"mid":"6","want":"off"}]}]',
        's423["media-state",{"microphone":true,"camera":false}]',
        's424["video-ice",{"candidate":{"candidate":"","sdpMid":"0","sdpMLineIndex":0}}]',
        's425["video-ice",{"candidate":null}]',
        's426["video-leave",{"resumable":true}]',
    ),
    "again": (
        'S40{"token":"$TOKEN"}',
        's421["video-join",{"classId":"demo","resume":"$RESUME"}]',
        "s41",
        "s~",
        's422["video-join",{"classId":"other"}]',
    ),
    "moderate": (
        *(f't42{n}["moderate",{{"action":"{a}"}}]' for n, a in enumerate(("lock", "unlock"))),
        't421["moderate",{"action":"mute","participant":"$ID"}]',
        's422["moderate",{"action":"end"}]',
        't423["moderate",{"action":"remove","participant":"$TEACHER"}]',
    ),
    "class": (
        't421["class-end",{"classId":"demo"}]',
        't422["class-start",{"classId":"demo"}]',
        's421["class-start",{"classId":"demo"}]',
    ),
    "stranger": (
        'x40{"token":"eyJhbGciOiJub25lIn0.e30."}',
        "x40",
        "x40/other,{}",
        'x42["chat-message",{"text":"x"}]',
        "X2probe",
        "X5",
        "X!\x04abc",
        "X40null",
        'X40{"token":{"a":[1]}}',
    ),
    "packets": (
        't451-["x",{"_placeholder":true,"num":0}]',
        't431["unasked"]',
        't44{"message":"x"}',
        "t3",
        "t6",
        "tbAAAA",
        't42["connect"]',
        't42["disconnect","x"]',
        "t421[1,2]",
        "t42[]",
        "t421{}",
    ),
}

SEEDS = {
    "stun": of_stun,
    "rtp": of_rtp,
    "rtcp": of_rtcp,
    "dtls": of_dtls,
    "srtp": of_srtp,
    "sdp": of_sdp,
    "socket_io": of_socket_io,
}
