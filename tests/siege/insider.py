"""A student with bad intentions: joins as a bot does, then seals whatever it likes."""

import asyncio
import os
import time

from loadtest.bot import offer
from loadtest.bot.bot import Bot, BotContext
from loadtest.bot.receiver import ReceivedStream
from loadtest.bot.sender import OutgoingStream
from loadtest.records import BotPlan, Failed
from sfu.ice.agent import new_credentials
from sfu.srtp.keys import SrtpKeys
from sfu.srtp.rtp import OutboundSrtp, inbound, outbound
from sfu.wire import demux, stun
from sfu.wire.rtcp import RtcpRecord, build_compound

SECURED_WITHIN = 15.0  # s
LOUD = 10  # -dBov


class Insider(Bot):
    """A bot whose keys are its owner's. `requests` are its own binding requests, as sent."""

    def __init__(self, plan: BotPlan, around: BotContext) -> None:
        super().__init__(plan, around, phase=0.5)
        self.secured = asyncio.Event()
        self.requests: list[bytes] = []
        self.failure = ""
        self.drawn = 0  # bytes of STUN and DTLS that came
        self._sealing: OutboundSrtp | None = None
        self._number = 0

    async def enter(self) -> None:
        """Until it has keys; raises RuntimeError when it is not let in."""
        await self.join()
        try:
            async with asyncio.timeout(SECURED_WITHIN):
                await self.secured.wait()
        except TimeoutError:
            raise RuntimeError(f"{self.plan.name} has no keys: {self.failure}") from None

    def connected(self, keys: SrtpKeys) -> None:
        assert self.connection is not None
        self._sealing = outbound(keys)
        now = time.monotonic()
        self.connection.connect(inbound(keys), self._sealing, None, 0.5, now)
        self.secured.set()

    def heard_failure(self, failed: Failed) -> None:
        """The one end of a bot that is told."""
        self.failure = f"{failed.code} after {failed.at:.1f} s"

    @property
    def participant(self) -> str:
        return self._participant

    @property
    def sealing(self) -> OutboundSrtp:
        assert self._sealing is not None, "it has no keys"
        return self._sealing

    @property
    def streams(self) -> list[ReceivedStream]:
        """Its slots that have begun."""
        return list(self.connection.streams.values()) if self.connection is not None else []

    def send(self, data: bytes) -> None:
        if demux.classify(data) == demux.STUN:
            self.requests.append(data)
        super().send(data)

    def receive_dtls(self, data: bytes) -> None:
        self.drawn += len(data)
        super().receive_dtls(data)

    # -- what it seals ------------------------------------------------------------------------

    def seal_rtcp(self, compound: bytes) -> bytes:
        """SRTCP of any bytes that begin like RTCP."""
        return self.sealing.protect_rtcp(compound)

    def seal_records(self, *records: RtcpRecord) -> bytes:
        return self.seal_rtcp(build_compound(records))

    def voice(self) -> OutgoingStream:
        """The stream of its microphone."""
        mid = offer.MIDS["microphone"]
        return OutgoingStream(self.sealing, offer.OPUS, self._ssrcs[0], mid, "", None, os.urandom)

    def picture(self) -> OutgoingStream:
        """The highest layer of its camera."""
        mid, rid = offer.MIDS["camera"], offer.RIDS["camera"][-1]
        ssrc, rtx_ssrc = (int.from_bytes(os.urandom(4), "big") for _ in range(2))
        return OutgoingStream(self.sealing, offer.VP8, ssrc, mid, rid, rtx_ssrc, os.urandom)

    def speak(self, line: OutgoingStream, payload: bytes, *, number: int = 1) -> bytes:
        """The next packet of a voice; the transport-wide number goes on by `number`."""
        self._number = self._number + number & 0xFFFF
        now = time.monotonic()
        return line.write(False, int(now * 48_000) & 0xFFFFFFFF, payload, LOUD, self._number, now)

    def show_picture(self, line: OutgoingStream, payload: bytes) -> bytes:
        """A whole picture in one packet."""
        self._number = self._number + 1 & 0xFFFF
        now = time.monotonic()
        return line.write(True, int(now * 90_000) & 0xFFFFFFFF, payload, None, self._number, now)

    def binding_request(self) -> bytes:
        """A new one of its own connection: authentic, and it nominates where it comes from."""
        assert self.connection is not None
        sent = stun.parse(self.requests[0])
        names = (stun.USERNAME, stun.ICE_CONTROLLING, stun.USE_CANDIDATE, stun.PRIORITY)
        attributes = [(name, sent.attributes[name]) for name in names]
        key = self.connection.answer.credentials.pwd.encode()
        return stun.build(stun.BINDING_REQUEST, os.urandom(12), attributes, key)

    def spare_offer(self, video_slots: int) -> str:
        """Another offer of the same client, as an ICE restart would write it."""
        local = offer.Local(
            new_credentials(os.urandom),
            self._around.dtls.fingerprints[0],
            int.from_bytes(os.urandom(7), "big"),
            "siege",
            self._ssrcs,
        )
        return offer.write_offer(local, 1, video_slots)

    async def ask_layout(self, slots: list[dict[str, str]]) -> None:
        """What its slots shall show; raises SignalError."""
        await self._signal.request("layout", {"slots": slots})
