"""Halves of transports without a worker: a publisher's uplink, a subscriber's slots, forwarding.

Media is in the clear, so that tests read it, and a nonce that seals two different packets
fails the test. Pure: no I/O, no clock.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidTag

from sfu.events import Event
from sfu.fanout.forward import Totals, forward
from sfu.fanout.outbox import Collected, Send
from sfu.negotiation.capabilities import Negotiation, negotiate
from sfu.negotiation.offer import parse_offer
from sfu.publish.producer import Layer, Producer
from sfu.publish.uplink import Uplink
from sfu.router import Router
from sfu.srtp.headers import FIXED_HEADER, seal_each
from sfu.srtp.index_space import IndexSpace
from sfu.srtp.rtp import InboundSrtp, OutboundSrtp
from sfu.stats import DropReason
from sfu.subscribe.consumer import Consumer
from sfu.subscribe.downlink import Downlink
from sfu.subscribe.estimator import BandwidthEstimator
from sfu.subscribe.remb_estimator import RembEstimator
from sfu.transport import Transport
from sfu.wire.address import Address
from sfu.wire.packet import VERSION
from tests.support.media import Mark, RtpFields, read_rtp, write_rtp, write_video
from tests.support.offers import EXTENSIONS, Piece, compose, video
from tests.support.workloads import workload

TAG = bytes(16)
STUDENT_ADDRESS: Address = ("198.51.100.9", 40_000)
OPUS_PT, VP8_PT, VP8_RTX_PT = 111, 96, 97
IDS = {name: number for uri, number in EXTENSIONS.items() for name in [uri.rpartition(":")[2]]}


class OpenCipher:
    """Seals without hiding anything, and remembers what each nonce has sealed."""

    def __init__(self, tag_length: int = len(TAG)) -> None:
        self.sealed: dict[bytes, tuple[bytes, bytes]] = {}
        self.tag = bytes(tag_length)

    def seal(self, nonce: bytes, payload: bytes, header: bytes) -> bytes:
        before = self.sealed.setdefault(nonce, (payload, header))
        assert before == (payload, header), "one nonce sealed two different packets"
        return payload + self.tag

    def seal_into(
        self, nonce: bytes | memoryview, payload: bytes, header: memoryview, sealed: memoryview
    ) -> int:
        sealed[:] = self.seal(bytes(nonce), payload, bytes(header))
        return len(sealed)

    def unseal(self, nonce: bytes, data: bytes, header: bytes) -> bytes:
        if data[-len(TAG) :] != TAG:
            raise InvalidTag
        return data[: -len(TAG)]


def open_inbound() -> InboundSrtp:
    """SRTCP is in the clear, too."""
    return InboundSrtp(lambda: (OpenCipher().unseal, 0), bytes)


def open_outbound(cipher: OpenCipher) -> OutboundSrtp:
    return OutboundSrtp(cipher.seal, cipher.seal_into, len(cipher.tag), 0, bytes)


def negotiation(pieces: Sequence[Piece]) -> Negotiation:
    return negotiate(parse_offer(compose(pieces)))


def vp8(*, key: bool = False, start: bool = True, picture: int = 0, tl0: int = 0) -> bytes:
    """One packet's payload; one that doesn't start a frame can't be a key frame's first."""
    mark = Mark(1, 0, key, 0, 0 if start else 1, 2, 0.0)
    return write_video(mark, picture, tl0, 60)


class Source:
    """A publisher's uplink with keys; `receive` writes the packets that come in."""

    def __init__(
        self,
        *pieces: Piece,
        transport_id: str = "teacher",
        max_streams: int = 32,
        connected: bool = True,
    ) -> None:
        self.pending: list[Layer] = []
        self.levels: list[tuple[str, int, float]] = []
        self.due = 0
        self.workload = workload()
        self.uplink = Uplink(
            transport_id,
            7,
            max_streams,
            self.pending.append,
            self._on_level,
            self._on_due,
            self.workload,
        )
        if connected:
            self.uplink.srtp = open_inbound()
        self.negotiate(*(pieces or (video(),)))

    def negotiate(self, *pieces: Piece) -> tuple[list[Producer], list[Producer]]:
        return self.uplink.negotiate(negotiation(pieces))

    def producer(self, source: str = "camera") -> Producer:
        return self.uplink.producers[f"{self.uplink.transport_id}:{source}"]

    def layer(self, number: int = 0, source: str = "camera") -> Layer:
        return self.producer(source).layers[number]

    def receive(
        self,
        sequence: int,
        payload: bytes | None = None,
        *,
        ssrc: int = 11,
        now: float = 0.0,
        timestamp: int | None = None,
        payload_type: int = VP8_PT,
        marker: bool = False,
        extensions: Sequence[tuple[int, bytes]] = (),
        padding: int = 0,
    ) -> DropReason | None:
        """One SRTP packet; without a payload a delta frame's first packet."""
        packet = write_rtp(
            payload_type,
            marker,
            sequence,
            sequence * 3_000 if timestamp is None else timestamp,
            ssrc,
            list(extensions),
            vp8(picture=sequence) if payload is None else payload,
            padding,
        )
        return self.uplink.receive_rtp(packet + TAG, now)

    def repair(
        self, original: int, payload: bytes, *, sequence: int, ssrc: int = 12, now: float = 0.0
    ) -> DropReason | None:
        """A packet again on the RTX stream (RFC 4588 4)."""
        return self.receive(
            sequence,
            original.to_bytes(2, "big") + payload,
            ssrc=ssrc,
            payload_type=VP8_RTX_PT,
            timestamp=original * 3_000,
            now=now,
        )

    def _on_level(self, producer: Producer, level: int, now: float) -> None:
        self.levels.append((producer.producer_id, level, now))

    def _on_due(self) -> None:
        self.due += 1


class Viewer:
    """A subscriber's slots with keys and an address; the numbers of its lines begin at 0."""

    def __init__(
        self,
        *pieces: Piece,
        name: str = "student",
        address: Address | None = STUDENT_ADDRESS,
        connected: bool = True,
        random: Callable[[int], bytes] = bytes,
        tag_length: int = len(TAG),
        estimator: BandwidthEstimator | None = None,
    ) -> None:
        self.cipher = OpenCipher(tag_length)
        self.drops: Counter[DropReason] = Counter()
        self.told = 0
        self.downlink = Downlink(
            name, "cname", random, self._on_slots, self.drops, estimator or RembEstimator()
        )
        self.negotiate(*(pieces or (video("recvonly"),)))
        self.downlink.address = address
        if connected:
            self.downlink.connect(open_outbound(self.cipher))

    def negotiate(self, *pieces: Piece) -> None:
        agreed = negotiation(pieces)
        numbers = {
            slot.mid: (1_000 + int(slot.mid), 2_000 + int(slot.mid)) for slot in agreed.slots
        }
        self.downlink.negotiate(agreed, numbers, 0.0)

    def slot(self, mid: str = "0") -> Consumer:
        return self.downlink.consumers[mid]

    def _on_slots(self) -> None:
        self.told += 1


def sealed(space: IndexSpace, index: int, payload: bytes) -> bytes:
    """A datagram that is sealed with an index of this space."""
    datagram = memoryview(bytearray(FIXED_HEADER + len(payload) + space.tag_length))
    place = (payload, datagram[:FIXED_HEADER], datagram[FIXED_HEADER:])
    seal_each([space.context(0, 0, VP8_PT)], [(index, VERSION, 0, 0)], iter([place]))
    return bytes(datagram)


@dataclass(slots=True)
class Sent:
    """One datagram that left, read."""

    address: Address
    rtp: RtpFields


def read_sent(sends: Sequence[Send]) -> list[Sent]:
    return [Sent(address, read_rtp(data[: -len(TAG)])) for address, run in sends for data in run]


def flush(source: Source, now: float = 0.0, stamp: int = 1) -> list[Sent]:
    """Forwards what the source has received; what left, in order."""
    outbox = Collected()
    pending, source.pending[:] = source.pending[:], []
    for layer in pending:
        layer.active = True
        forward(layer, stamp, now, outbox, Totals())
    return read_sent(outbox)


def sequences(sent: Sequence[Sent]) -> list[int]:
    return [one.rtp.sequence for one in sent]


def show(viewer: Viewer, source: Source, now: float = 0.0, *, mid: str = "0") -> Consumer:
    """Points a slot at the source's only layer; it begins with the next start."""
    consumer = viewer.slot(mid)
    producer = next(iter(source.uplink.producers.values()))
    consumer.assign(producer, now)
    consumer.set_target(producer.layers[0], now)
    return consumer


@dataclass(slots=True)
class Member:
    """What a router sees of a transport: both halves, without ICE and DTLS."""

    transport_id: str
    source: Source
    viewer: Viewer
    pinned: bool = False

    @property
    def uplink(self) -> Uplink:
        return self.source.uplink

    @property
    def downlink(self) -> Downlink:
        return self.viewer.downlink

    @property
    def transport(self) -> Transport:
        return cast(Transport, self)


class Classroom:
    """A router and its members; `speak` and `film` are packets that come in from them."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.faults: list[str] = []  # whose they were
        self.router = Router("class", self.events.append, self._on_fault)
        self.members: dict[str, Member] = {}
        self.expected: tuple[type[Exception], ...] = ()  # faults of subscribers that may come
        self._sequence = 0

    def _on_fault(self, transport: Transport, error: Exception) -> None:
        if not isinstance(error, self.expected):
            raise error
        self.faults.append(transport.transport_id)

    def join(self, name: str, *pieces: Piece, pinned: bool = False, now: float = 0.0) -> Member:
        """A member comes in with the sections of its offer, and is connected."""
        source, viewer = Source(*pieces, transport_id=name), Viewer(*pieces, name=name)
        member = self.members[name] = Member(name, source, viewer, pinned)
        self.router.add(member.transport)
        opened = list(source.uplink.producers.values())
        self.router.producers_changed(member.transport, opened, [], now)
        return member

    def leave(self, name: str, now: float = 0.0) -> None:
        self.router.remove(self.members.pop(name).transport, now)

    def film(self, name: str, now: float = 0.0, *, mid: str | None = None) -> None:
        """A key frame of the member's only camera, or of the section with this mid."""
        extensions = [(IDS["mid"], mid.encode())] if mid else []
        ssrc = 60 + int(mid or 0)
        self._receive(name, vp8(key=True), VP8_PT, ssrc, extensions, now)

    def speak(self, name: str, level: int = 20, now: float = 0.0, *, mid: str = "0") -> None:
        """One packet of sound at -`level` dBov."""
        extensions = [(IDS["ssrc-audio-level"], bytes([level])), (IDS["mid"], mid.encode())]
        self._receive(name, b"opus", OPUS_PT, 80 + int(mid), extensions, now)

    def _receive(
        self,
        name: str,
        payload: bytes,
        payload_type: int,
        ssrc: int,
        extensions: list[tuple[int, bytes]],
        now: float,
    ) -> None:
        source = self.members[name].source
        self._sequence += 1
        source.receive(
            self._sequence,
            payload,
            payload_type=payload_type,
            ssrc=ssrc,
            extensions=extensions,
            now=now,
        )
        for producer_id, level, at in source.levels:
            self.router.on_level(source.uplink.producers[producer_id], level, at)
        source.levels.clear()
        for layer in source.pending:
            if not layer.active:
                self.router.layer_started(layer, now)
        flush(source, now)

    def talk(self, name: str, since: float, until: float, level: int = 20) -> None:
        """Sound every 20 ms, with the router's clock running."""
        for tick in range(round((until - since) / 0.02)):
            now = since + tick * 0.02
            self.speak(name, level, now)
            deadline = self.router.next_deadline()
            if deadline is not None and deadline <= now:
                self.router.handle_timers(now)

    def shown(self, name: str, kind: str = "video") -> list[str | None]:
        """Whose producers the member's slots are pointed at, in order."""
        slots = self.members[name].downlink.slots(kind)
        return [slot.producer.producer_id if slot.producer else None for slot in slots]
