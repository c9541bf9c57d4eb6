"""A load-test bot's connection beside a Worker in virtual time: the rig's paths, ready keys.

Pure: no I/O, no clock.
"""

from collections.abc import Sequence
from struct import Struct

from loadtest.bot import offer
from loadtest.bot.connection import Action, Connection
from loadtest.bot.sender import Publisher
from loadtest.bot.sources import SourceMaker
from loadtest.media.footage import FPS, Clip, ClipLayer, SoundPacket
from loadtest.media.packets import cut_picture
from loadtest.media.stamp import PLACE
from loadtest.records import BotPlan
from sfu.ice.agent import new_credentials
from sfu.layout import SlotWant
from sfu.srtp.keys import SrtpKeys, SrtpProfile
from sfu.srtp.rtp import inbound, outbound
from sfu.timers import Timers
from tests.support.dtls import FINISHED, NONCE_LENGTH, handshake, master_keys
from tests.support.netem import Conditions
from tests.support.rig import GOOD, Address, Path, Rig

GCM = SrtpProfile.AEAD_AES_128_GCM
WALL_NS = 1_800_000_000_000_000_000  # at virtual time 0
_SIZE = Struct("<HH")


def picture(height: int, keyframe: bool, size: int) -> bytes:
    """The beginning of a VP8 frame (RFC 6386 9.1) and nothing that could be decoded."""
    tag = bytes((0 if keyframe else 1, 0, 0))
    body = b"\x9d\x01\x2a" + _SIZE.pack(height * 16 // 9, height) if keyframe else bytes(7)
    return tag + body + bytes(size - 10)


def toy_clip(seconds: int = 10) -> Clip:
    """Layers of 1, 2 and 4 packets a frame; a key frame is no larger."""
    layers = tuple(
        ClipLayer(
            height * 16 // 9,
            height,
            tuple(
                cut_picture(picture(height, n == 0, size), 0, False) for n in range(seconds * FPS)
            ),
        )
        for height, size in ((180, 300), (360, 2_000), (720, 4_200))
    )
    speech = (SoundPacket(bytes(80) + PLACE, 20),)
    return Clip(layers, speech, (SoundPacket(bytes(8) + PLACE, 90),))


class VirtualBot:
    """Connection, its hooks, and the end of its path."""

    def __init__(
        self,
        rig: Rig,
        plan: BotPlan,
        address: Address,
        up: Conditions = GOOD,
        down: Conditions = GOOD,
    ) -> None:
        self.rig = rig
        self.plan = plan
        self.conditions = (up, down)
        self.path: Path = rig.attach(address, self, up, down)
        self.other: Path | None = None
        self.timers: Timers[Action] = Timers()
        self.latencies: list[float] = []
        self.failures: list[str] = []
        self.probes: list[bool] = []
        self.answers = True  # False: deaf
        self.connected = False
        self._ssrcs = (self._number(), self._number())
        self._nonce = rig.random.randbytes(NONCE_LENGTH)
        self._armed: float | None = None

    def join(self) -> None:
        """Create the transport, offer, and begin with ICE."""
        name, plan, rig = self.plan.name, self.plan, self.rig
        credentials = new_credentials(rig.random.randbytes)
        self.fingerprint = ("sha-256", ":".join(["B0"] * 32))
        local = offer.Local(credentials, self.fingerprint, 1, "bot", self._ssrcs)
        text = offer.write_offer(local, plan.audio_slots, plan.video_slots)
        rig.call(lambda worker, now: worker.create_transport("class", name, now))
        result = rig.call(lambda worker, now: worker.accept_offer(name, text, now))
        answer = offer.read_answer(result.sdp)
        self.connection = Connection(
            answer, credentials, self, self.timers, rig.random.randbytes, rig.now
        )
        self._arm()

    def watch(self, producer: str, max_height: int | None = None) -> None:
        """Shows it in the first video slot."""
        (slot,) = [slot for slot in self.connection.answer.slots if slot.kind == "video"][:1]
        want = SlotWant(slot.mid, "pinned", producer, max_height)
        self.rig.call(lambda worker, now: worker.set_layout(self.plan.name, [want], now))

    def move(self, address: Address) -> None:
        """Tries a second address."""
        self.other = self.rig.attach(address, self, *self.conditions)
        self.connection.try_path(self.rig.now)
        self._arm()

    # --- the far end of its paths

    def receive(self, data: bytes, address: Address, now: float) -> None:
        if not self.answers:
            return
        if self.plan.sampled:
            self.connection.receive_sampled(data, self.wall_ns(now), now)
        else:
            self.connection.receive_unread(data, now)
        self._arm()

    def wall_ns(self, now: float) -> int:
        return WALL_NS + round(now * 1e9)

    # --- hooks

    def send(self, data: bytes) -> None:
        self.rig.send(self.path, data)

    def receive_dtls(self, data: bytes) -> None:
        if data == FINISHED and not self.connected:
            self._connect()

    def ice_connected(self) -> None:
        self._shake_hands(self.rig.now)

    def _shake_hands(self, now: float) -> None:
        if not self.connected:
            self.send(handshake(self.fingerprint, self._nonce, GCM))
            self.rig.agenda.at(now + 0.2, self._shake_hands)

    def probe(self, data: bytes) -> None:
        assert self.other is not None
        self.rig.send(self.other, data)

    def probed(self, found: bool) -> None:
        self.probes.append(found)
        if found:
            assert self.other is not None
            self.path = self.other

    def lost(self, code: str, message: str) -> None:
        self.failures.append(code)
        self.connection.close(self.rig.now)

    def queued(self, now: float) -> float:
        return 0.0

    def latency(self, stamp: int, arrival_ns: int) -> None:
        self.latencies.append((arrival_ns - stamp) / 1e6)

    # --- what it does by itself

    def _connect(self) -> None:
        self.connected = True
        keys = master_keys(self._nonce, GCM)
        mine = SrtpKeys(GCM, local=keys.client, remote=keys.server)
        sealing = outbound(mine)
        publisher = None
        if self.plan.publish:
            studio = SourceMaker(toy_clip(), sealing, self.rig.started, self.rig.random.randbytes)
            sources = studio.sources(self.plan, self._ssrcs[0], self.rig.now)
            publisher = Publisher(
                sources, self.send, lambda: self.wall_ns(self.rig.now), self.plan.name
            )
        self.connection.connect(inbound(mine), sealing, publisher, 0.5, self.rig.now)

    def _arm(self) -> None:
        deadline = self.timers.next_deadline()
        if deadline is not None and (self._armed is None or deadline < self._armed):
            self._armed = deadline
            self.rig.agenda.at(max(deadline, self.rig.now), self._run_due)

    def _run_due(self, now: float) -> None:
        self._armed = None
        for action in self.timers.pop_due(now):
            action(now)
        self._arm()

    def _number(self) -> int:
        return self.rig.random.getrandbits(32)


def plan(name: str, publish: Sequence[str] = (), **wishes: object) -> BotPlan:
    """A bot of a test; a publisher watches nothing unless asked to."""
    role = "teacher" if publish else "student"
    base = BotPlan(name, role, "", 0.0, publish=tuple(publish))
    values = {field: getattr(base, field) for field in BotPlan.__slots__} | wishes
    return BotPlan(**values)
