"""The recording as another browser would send it: its payload types and extension ids.

Chromium's packets, told by Firefox's offer. Pure but for reading the recording.
"""

import re
from dataclasses import dataclass, field

from sfu.wire.rtp import build_extensions, header_length, parse_extensions
from tests.support import offers
from tests.support.recorded import OFFER, Recording

_EXTENSION = re.compile(r"a=extmap:(\d+)(?:/\w+)? (\S+)")
_CODEC = re.compile(r"a=rtpmap:(\d+) (opus/48000|VP8/90000)", re.IGNORECASE)


def with_slots(template: str, audio: int, video: int) -> str:
    """A recorded offer with so many receiving sections more, made of its own two."""
    head, sound, picture = template.split("m=")
    sections = ["m=" + sound, "m=" + picture]
    for text in [sound] * audio + [picture] * video:
        lines = [line for line in text.splitlines() if not _sends(line)]
        mid = str(len(sections))
        named = [f"a=mid:{mid}" if line.startswith("a=mid:") else line for line in lines]
        received = ["a=recvonly" if line == "a=sendonly" else line for line in named]
        sections.append("m=" + "\r\n".join(received).replace("video 0 ", "video 9 ") + "\r\n")
    mids = " ".join(str(mid) for mid in range(len(sections)))
    return head.replace("BUNDLE 0 1", f"BUNDLE {mids}") + "".join(sections)


def _sends(line: str) -> bool:
    starts = ("a=rid:", "a=simulcast:", "a=ssrc", "a=msid:", "a=bundle-only")
    return line.startswith(starts) or "/sendonly " in line


@dataclass(slots=True)
class Numbers:
    """Payload types and extension ids by the recording's own."""

    payload_types: dict[int, int] = field(default_factory=dict)
    extensions: dict[int, int] = field(default_factory=dict)


def numbers_of(name: str) -> Numbers:
    """How the browser of a recorded offer writes what the recording holds."""
    theirs, ours = offers.recorded(OFFER), offers.recorded(name)
    types = {codec.lower(): int(number) for number, codec in reversed(_CODEC.findall(ours))}
    ids = {uri: int(number) for number, uri in _EXTENSION.findall(ours)}
    return Numbers(
        {int(n): types[codec.lower()] for n, codec in _CODEC.findall(theirs)},
        {int(n): ids[uri] for n, uri in _EXTENSION.findall(theirs) if uri in ids},
    )


def translate(packet: bytes, numbers: Numbers) -> bytes:
    """One packet of the recording in the other browser's numbers; unknown extensions go."""
    length = header_length(packet)
    found = parse_extensions(packet, length)
    known = [(numbers.extensions[n], v) for n, v in found.items() if n in numbers.extensions]
    second = packet[1] & 0x80 | numbers.payload_types[packet[1] & 0x7F]
    first = packet[0] & ~0x10 | (0x10 if known else 0)
    block = build_extensions(known) if known else b""
    return bytes((first, second)) + packet[2:12] + block + packet[length:]


@dataclass(slots=True)
class Restamped(Recording):
    """Plays the recording in the numbers of a browser."""

    numbers: Numbers = field(default_factory=Numbers)

    def write(self, packet: bytes) -> bytes:
        return translate(packet, self.numbers)


def restamped(name: str, mid: str, ssrcs: tuple[int, ...]) -> Recording:
    """A sender for the offer of that name."""
    return Restamped(mid, ssrcs, numbers=numbers_of(name))
