"""A participant: aiortc's own RTCPeerConnection, which shares no WebRTC code with the worker."""

import asyncio
import re

from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)

from sfu.events import TransportConnected
from sfu.negotiation.offer import parse_offer
from tests.interop.link import Link
from tests.interop.server import ClassServer
from tests.interop.tracks import Sink
from tests.interop.waiting import Signal

_TRANSPORT = ("a=ice-", "a=fingerprint:", "a=setup:", "a=candidate:", "a=end-of-candidates")


class Peer:
    """Joins, offers, and keeps a sink for every receiving slot."""

    def __init__(self, server: ClassServer, name: str, link: Link | None = None) -> None:
        self.name = name
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.signal = Signal()
        self.sinks: dict[str, Sink] = {}
        self._server = server
        self._link = link
        self.connection.on("connectionstatechange", self.signal.ring)

    def publish(self, *tracks: MediaStreamTrack, codec: str | None = None) -> None:
        """Adds sending sections; `codec` names the only video codec to offer."""
        for track in tracks:
            transceiver = self.connection.addTransceiver(track, direction="sendonly")
            if codec is not None and track.kind == "video":
                capabilities = RTCRtpSender.getCapabilities("video").codecs
                wanted = (f"video/{codec}", "video/rtx")
                transceiver.setCodecPreferences([c for c in capabilities if c.mimeType in wanted])

    def add_slots(self, *kinds: str) -> None:
        """Adds receiving sections."""
        for kind in kinds:
            self.connection.addTransceiver(kind, direction="recvonly")

    def open_channel(self, label: str) -> RTCDataChannel:
        """Asks for a data channel in the connection that will be negotiated."""
        return self.connection.createDataChannel(label)

    async def join(self, *, pinned: bool = False) -> None:
        """Joins the class and waits until media can flow."""
        self._server.join(self.name, pinned=pinned)
        await self.negotiate()
        await self._server.told(TransportConnected, lambda e: e.transport_id == self.name)

    async def negotiate(self) -> None:
        """One offer and its answer."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await asyncio.sleep(0)  # aiortc's own tasks go first, as during a real round trip
        answer = self._server.offer(self.name, self.connection.localDescription.sdp).sdp
        if self._link is not None:
            answer = answer.replace(
                f" {self._server.port} typ host", f" {self._link.port} typ host"
            )
        answer = _as_if_accepted(answer)
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        for transceiver in self.connection.getTransceivers():
            mid = transceiver.mid
            receives = transceiver.currentDirection in ("recvonly", "sendrecv")
            if receives and mid and mid not in self.sinks:
                self.sinks[mid] = Sink(transceiver.receiver.track)

    def slots(self, kind: str) -> list[str]:
        """The mids of the receiving sections of a kind."""
        transceivers = self.connection.getTransceivers()
        return [t.mid for t in transceivers if t.kind == kind and t.mid in self.sinks]

    def sink(self, kind: str) -> Sink:
        """The only slot of a kind."""
        (mid,) = self.slots(kind)
        return self.sinks[mid]

    def show(self, producer: str, slot: int = 0) -> None:
        """Points a video slot at a producer."""
        self._server.show(self.name, self.slots("video")[slot], producer)

    def sent_ssrc(self, kind: str) -> int:
        """The SSRC of the first sending section of a kind."""
        sections = parse_offer(self.connection.localDescription.sdp).sections
        return next(s.ssrcs[0][0] for s in sections if s.kind == kind and s.ssrcs)

    def slot_ssrc(self, mid: str) -> int:
        """The SSRC that the answer gave to a slot."""
        sections = parse_offer(self.connection.remoteDescription.sdp).sections
        return next(s.ssrcs[0][0] for s in sections if s.mid == mid)

    async def close(self) -> None:
        """Leaves: BYE, then the end of DTLS."""
        await self.connection.close()
        for sink in self.sinks.values():
            await sink.close()


def _as_if_accepted(answer: str) -> str:
    """aiortc knows no rejected sections: it takes them for accepted ones, and is told so in full.
    Its association for data channels then runs into silence."""
    head, *sections = answer.split("\r\nm=")
    transport = [line for line in sections[0].split("\r\n") if line.startswith(_TRANSPORT)]
    for number, section in enumerate(sections):
        if section.startswith("application 0 "):
            sections[number] = "\r\n".join([section, *transport, "a=sctp-port:5000"])
            head = re.sub(r"(a=group:BUNDLE[ \w]+)", rf"\1 {number}", head)
    return "\r\nm=".join([head, *sections])
