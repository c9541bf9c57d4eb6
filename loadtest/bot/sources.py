"""Makes what a bot publishes: players of the clip and the streams of its camera and microphone.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass

from loadtest.bot import offer
from loadtest.bot.sender import Camera, Microphone, OutgoingStream, Random, Source
from loadtest.media.footage import Clip
from loadtest.media.player import AudioPlayer, VideoPlayer
from loadtest.records import BotPlan
from sfu.srtp.rtp import OutboundSrtp


@dataclass(frozen=True, slots=True)
class SourceMaker:
    """Makes the sources of one bot. `began` is the run's start on the caller's clock."""

    clip: Clip
    srtp: OutboundSrtp
    began: float
    random: Random

    def sources(self, plan: BotPlan, microphone_ssrc: int, start: float) -> list[Source]:
        """The plan's sources; they begin at `start`."""
        sources: list[Source] = []
        if "microphone" in plan.publish:
            sources.append(self._microphone(plan, microphone_ssrc, start))
        if "camera" in plan.publish:
            layers = min(plan.layers, len(self.clip.layers))  # a low clip has fewer
            lines = [self._layer(rid) for rid in offer.RIDS["camera"][:layers]]
            player = VideoPlayer(self.clip, layers, start, self._number(8))
            sources.append(Camera(player, lines))
        return sources

    def _microphone(self, plan: BotPlan, ssrc: int, start: float) -> Microphone:
        mid = offer.MIDS["microphone"]
        line = OutgoingStream(self.srtp, offer.OPUS, ssrc, mid, "", None, self.random)
        speaks = plan.speaks
        if speaks is not None:
            speaks = tuple((self.began + begin, self.began + end) for begin, end in speaks)
        return Microphone(AudioPlayer(self.clip, start, self._number(8)), line, speaks)

    def _layer(self, rid: str) -> OutgoingStream:
        mid, ssrc, rtx_ssrc = offer.MIDS["camera"], self._number(4), self._number(4)
        return OutgoingStream(self.srtp, offer.VP8, ssrc, mid, rid, rtx_ssrc, self.random)

    def _number(self, size: int) -> int:
        return int.from_bytes(self.random(size), "big")
