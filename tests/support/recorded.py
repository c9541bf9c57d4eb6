"""A recorded Chromium publisher, played back in virtual time, and the judge of its pictures.

Pure but for reading the recording.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import av

from tests.support import offers, rtcp_client, rtpdump
from tests.support.continuity import Frame
from tests.support.media import RTP_HEADER, RtpFields
from tests.support.senders import Carrier, OutStream

RECORDING = offers.DATA / "chromium-720p-simulcast.rtpdump"
OFFER = "chromium-156-publish-offer.sdp"
SOUND, SMALL, MIDDLE, LARGE = 2565182308, 4144005354, 2871424204, 3966508212
# The three encodings' timestamps of one picture, 1.05 s into the recording.
ALIGNED_AT = 1.05
ALIGNED = {SMALL: 3486338200, MIDDLE: 3129613550, LARGE: 434835873}
VIDEO_RATE = 90_000


@cache
def packets() -> tuple[tuple[float, int, bytes], ...]:
    """(seconds since the start, SSRC, packet)."""
    return tuple(
        (milliseconds / 1000, RTP_HEADER.unpack_from(packet)[4], packet)
        for milliseconds, packet in rtpdump.read(RECORDING)
    )


@dataclass(slots=True)
class Recording:
    """A sender that plays the recording's packets of some streams, byte for byte."""

    mid: str
    ssrcs: tuple[int, ...]
    reports: bool = True
    stopped: bool = False
    epoch: float = 0.0
    keyframes_asked: int = 0
    resent: int = 0
    _sent: dict[tuple[int, int], bytes] = field(default_factory=dict)

    @property
    def streams(self) -> list[OutStream]:
        """Their numbers are the recording's own."""
        return []

    def start(self, carrier: Carrier, now: float) -> None:
        self.epoch = now
        self._play(carrier, (record for record in packets() if record[1] in self.ssrcs))

    def keyframe(self, ssrc: int) -> None:
        """A recording cannot answer."""
        self.keyframes_asked += ssrc in self.ssrcs

    def resend(self, carrier: Carrier, ssrc: int, sequence: int, now: float) -> None:
        packet = self._sent.get((ssrc, sequence))
        if packet is not None:
            self.resent += 1
            carrier.send_rtp(packet)

    def report(self, carrier: Carrier, now: float) -> None:
        """Sender Reports, which the recording does not have, from the pictures' alignment."""
        if not self.reports:
            return
        elapsed = now - self.epoch - ALIGNED_AT
        for ssrc, timestamp in ALIGNED.items():
            if ssrc in self.ssrcs:
                there = timestamp + round(elapsed * VIDEO_RATE)
                carrier.send_rtcp(rtcp_client.sender_report(ssrc, carrier.wall(now), there, 0, 0))

    def write(self, packet: bytes) -> bytes:
        """A packet of the recording as it is sent."""
        return packet

    def _play(self, carrier: Carrier, rest: Iterator[tuple[float, int, bytes]]) -> None:
        record = next(rest, None)
        if record is None:
            return
        offset, ssrc, packet = record

        def send(now: float) -> None:
            if self.stopped:
                return
            written = self.write(packet)
            self._sent[ssrc, RTP_HEADER.unpack_from(packet)[2]] = written
            carrier.send_rtp(written)
            self._play(carrier, rest)

        carrier.agenda.at(self.epoch + offset, send)


@dataclass(slots=True)
class Vp8Picture:
    """One picture as it arrived: its bytes, and what its first packet said."""

    timestamp: int
    picture_id: int
    temporal_id: int
    tl0picidx: int
    data: bytes

    @property
    def key(self) -> bool:
        return not self.data[0] & 1


@dataclass(slots=True)
class PictureLine:
    """Puts VP8 pictures together (RFC 7741 4.2) and checks what must hold for any of them."""

    rate: int = VIDEO_RATE
    frames: list[Frame] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    pictures: list[Vp8Picture] = field(default_factory=list)
    padding: int = 0
    _current: Vp8Picture | None = None

    def complain(self, now: float, what: str) -> None:
        self.violations.append(f"{now:.3f}: {what}")

    def gap(self) -> None:
        self._current = None

    def packet(self, packet: RtpFields, now: float) -> None:
        if not packet.payload:
            self.padding += 1
            return
        first, picture = _parse(packet)
        if first:
            self._begin(picture, now)
        elif self._current is None:
            self.complain(now, "a picture without its beginning")
        else:
            if _numbers(picture) != _numbers(self._current):
                self.complain(now, f"numbers change within a picture at {packet.sequence}")
            self._current.data += picture.data
        if packet.marker and self._current is not None:
            self.pictures.append(self._current)
            self._current = None

    def _begin(self, picture: Vp8Picture, now: float) -> None:
        if self._current is not None:
            self.complain(now, "a picture was cut off")
        if self.pictures:
            self._check_step(self.pictures[-1], picture, now)
        elif not picture.key:
            self.complain(now, "the first picture is no key frame")
        self._current = picture

    def _check_step(self, before: Vp8Picture, picture: Vp8Picture, now: float) -> None:
        if (picture.picture_id - before.picture_id) & 0x7FFF != 1:
            self.complain(now, f"picture id {picture.picture_id} follows {before.picture_id}")
        if not 0 < (picture.timestamp - before.timestamp) & 0xFFFFFFFF < 1 << 31:
            self.complain(now, f"timestamp {picture.timestamp} follows {before.timestamp}")
        step = (picture.tl0picidx - before.tl0picidx) & 0xFF
        if step != (picture.temporal_id == 0):
            self.complain(now, f"TL0PICIDX goes by {step}")


def _numbers(picture: Vp8Picture) -> tuple[int, int, int]:
    return picture.timestamp, picture.picture_id, picture.tl0picidx


def _parse(packet: RtpFields) -> tuple[bool, Vp8Picture]:
    """Chromium's descriptor: six bytes with a long picture id, TL0PICIDX and TID."""
    payload = packet.payload
    assert payload[0] & 0x80
    assert payload[1] == 0xE0
    picture = Vp8Picture(
        packet.timestamp,
        int.from_bytes(payload[2:4], "big") & 0x7FFF,
        payload[5] >> 6,
        payload[4],
        payload[6:],
    )
    return payload[0] & 0x17 == 0x10, picture


def decode(pictures: list[Vp8Picture]) -> list[tuple[int, int]]:
    """(width, height) of each picture that libvpx gives back; raises when it cannot."""
    decoder = av.CodecContext.create("vp8", "r")
    sizes: list[tuple[int, int]] = []
    for picture in pictures:
        for image in decoder.decode(av.Packet(picture.data)):
            assert isinstance(image, av.VideoFrame)
            sizes.append((image.width, image.height))
    return sizes
