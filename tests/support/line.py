"""A transport with its peer in the test. Pure: no I/O, no clock."""

from collections import Counter
from itertools import count

from sfu.fanout.outbox import Collected
from sfu.ice.agent import parse_binding_request
from sfu.negotiation.capabilities import Negotiation, negotiate
from sfu.negotiation.offer import Offer, parse_offer
from sfu.publish.producer import Layer
from sfu.srtp.keys import SrtpKeys, SrtpProfile
from sfu.subscribe.remb_estimator import RembEstimator
from sfu.transport import (
    Services,
    Transport,
)
from sfu.wire.rtcp import (
    RtcpRecord,
    build_compound,
    parse_compound,
)
from tests.support.core import (
    TAG,
    VP8_PT,
    OpenCipher,
    Source,
    flush,
    open_inbound,
    open_outbound,
    vp8,
)
from tests.support.dtls import ReadyDtls, handshake
from tests.support.media import write_rtp
from tests.support.offers import CLIENT_FINGERPRINT, CLIENT_PWD, Piece, compose, video
from tests.support.stun_client import Credentials, binding_answer, binding_request
from tests.support.workloads import workload

HOME, CAFE = ("192.0.2.1", 1), ("192.0.2.2", 2)
KEYS = SrtpKeys(SrtpProfile.AEAD_AES_128_GCM, b"l" * 28, b"r" * 28)
PIECES = (video(), video("recvonly"))
SLOT = 1_001
_NUMBERS = count(1)


class Line:
    """A transport and its surroundings: what it sends and what it tells its worker."""

    def __init__(self, *pieces: Piece) -> None:
        self.sent = Collected()
        self.pending: list[Layer] = []
        self.told: Counter[str] = Counter()
        self.dtls = ReadyDtls()
        self._draws = 0
        self.pieces = pieces or PIECES
        self.transport = Transport("class", "ada", self._services(), 0.0, pinned=False)

    def _services(self) -> Services:
        return Services(
            dtls=self.dtls,
            random=self._draw,
            outbox=self.sent,
            listener=self,
            on_pending=self.pending.append,
            on_level=lambda producer, level, now: None,
            max_streams=32,
            workload=workload(),
            new_estimator=RembEstimator,
        )

    def on_state(self, transport: Transport) -> None:
        self.told.update(["state"])

    def on_deadline(self, transport: Transport) -> None:
        self.told.update(["deadline"])

    def on_slots(self, transport: Transport) -> None:
        self.told.update(["slots"])

    def _draw(self, count: int) -> bytes:
        self._draws += 1
        return bytes([self._draws]) * count

    def offer(self, ufrag: str = "client") -> tuple[Offer, Negotiation]:
        offer = parse_offer(compose(self.pieces, ufrag=ufrag))
        return offer, negotiate(offer)

    def begin(self, now: float = 0.0) -> "Line":
        offer, negotiation = self.offer()
        self.transport.begin(offer, negotiation, now)
        numbers = {slot.mid: (SLOT + n, 2_000 + n) for n, slot in enumerate(negotiation.slots)}
        self.transport.downlink.negotiate(negotiation, numbers, now)
        self.transport.uplink.negotiate(negotiation)
        return self

    @property
    def state(self) -> str:
        return self.transport.state.value

    def check(
        self,
        address: tuple[str, int] = HOME,
        now: float = 0.0,
        *,
        nominate: bool = True,
        integrity: bool = True,
    ) -> bytes:
        """A binding request of the peer from this address; its answer."""
        credentials, number = self._credentials(), next(_NUMBERS).to_bytes(12, "big")
        data = binding_request(credentials, number, nominate=nominate, integrity=integrity)
        return self.transport.receive_stun(parse_binding_request(data), address, now)

    def _credentials(self) -> Credentials:
        own = self.transport.agent.credentials
        return Credentials("client", CLIENT_PWD, own.ufrag, own.pwd)

    def shake_hands(self, address: tuple[str, int] = HOME) -> None:
        """The whole handshake, over one address."""
        hello = handshake(CLIENT_FINGERPRINT, bytes(16), KEYS.profile)
        self.transport.receive_dtls(hello, address, 0.0)

    def answer_check(self, address: tuple[str, int], now: float = 0.0) -> None:
        """Lets the agent ask at this address; the peer is there."""
        self.sent.clear()
        self.transport.handle_timers(now)
        [check] = [run[0] for where, run in self.sent if where == address]
        answer = binding_answer(check, self._credentials())
        self.transport.receive_stun_answer(answer, address, now)

    def connected(self) -> "Line":
        """With keys, an address, and media in the clear."""
        self.begin()
        self.check()
        self.shake_hands()
        self.transport.uplink.srtp = open_inbound()
        self.transport.downlink.connect(open_outbound(OpenCipher()))
        self.sent.clear()
        self.told.clear()
        return self

    def rtcp(self, *records: RtcpRecord, now: float = 1.0) -> None:
        self.transport.receive_rtcp(build_compound(records), now)

    def rtp(self, sequence: int, now: float = 0.0, payload: bytes | None = None) -> None:
        body = vp8(key=True) if payload is None else payload
        data = write_rtp(VP8_PT, False, sequence, sequence * 3_000, 11, [], body)
        self.transport.receive_rtp(data + TAG, now)

    def take_records(self) -> list[RtcpRecord]:
        """The RTCP that was sent since the last look."""
        datagrams = [data for _, run in self.sent for data in run]
        self.sent.clear()
        return [record for data in datagrams for record in parse_compound(data)]

    def watch(self, source: Source, now: float = 0.0) -> None:
        """The slot shows the source from its first packet on."""
        source.receive(1, vp8(key=True), now=now)
        consumer = next(iter(self.transport.downlink.consumers.values()))
        consumer.assign(source.producer(), now)
        consumer.set_target(source.layer(), now)
        flush(source, now)
