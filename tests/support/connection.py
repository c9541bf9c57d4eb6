"""A scripted peer's connection: offer, STUN, handshake, then SRTP over its own links.

It is an end of its own: aioice for STUN, libsrtp for the keys. Pure: no I/O, no clock.
"""

import random
from dataclasses import dataclass, field, replace
from typing import Protocol

from sfu.srtp.keys import SrtpProfile
from tests.support.dtls import FINISHED, NONCE_LENGTH, close_notify, handshake, master_keys
from tests.support.netem import Conditions
from tests.support.peer_sdp import OfferPlan, ReadAnswer, read_answer, write_offer
from tests.support.peer_srtp import PeerSrtp
from tests.support.rig import GOOD, Address, Path, Rig
from tests.support.senders import Numbers
from tests.support.slots import SlotPolicy
from tests.support.stun_client import (
    REQUEST_TYPE,
    Credentials,
    binding_answer,
    binding_request,
    is_success,
)

CHECK_INTERVAL = 0.05
CONSENT_INTERVAL = 2.5
HANDSHAKE_INTERVAL = 0.1


@dataclass(slots=True)
class PeerPlan:
    """Who takes part and how: what it publishes, its slots, its links, its habits."""

    name: str
    publish: tuple[str, ...] = ()
    audio_slots: int = 0
    video_slots: int = 0
    rids: tuple[str, ...] = ("q", "h", "f")
    rtx: bool = True
    feedback: bool = True
    pinned: bool = False
    router: str = "class"
    profile: SrtpProfile = SrtpProfile.AEAD_AES_128_GCM
    up: Conditions = GOOD
    down: Conditions = GOOD
    wall_offset: float = 0.0
    policy: SlotPolicy = field(default_factory=SlotPolicy)
    numbers: Numbers | None = None
    template: str = ""


class Owner(Protocol):
    """Whose connection it is: told when media can flow and what comes in."""

    def answered(self, answer: ReadAnswer, *, fresh: bool) -> None: ...
    def connected(self, now: float) -> None: ...
    def receive_rtp(self, packet: bytes, now: float) -> None: ...
    def receive_rtcp(self, data: bytes, now: float) -> None: ...


class Connection:
    """One transport from the peer's side, over as many addresses as the peer moves to."""

    def __init__(
        self, rig: Rig, plan: PeerPlan, rng: random.Random, address: Address, owner: Owner
    ) -> None:
        self.rig = rig
        self.plan = plan
        self.random = rng
        self.owner = owner
        self.path: Path = rig.attach(address, self, plan.up, plan.down)
        self.online = True
        self.connected = False
        self.handshakes = True
        self.answers = True  # the server's checks
        self.replayed = 0
        self.unreadable = 0
        self.credentials: Credentials
        self._srtp: PeerSrtp | None = None
        self._answered = False
        self._transactions: list[bytes] = []
        self._nonce = b""
        self._life = 0  # what an earlier life has scheduled is ignored
        self.new_page()

    # --- what the peer does

    def new_page(self) -> None:
        """Forgets everything; a new certificate and new ICE credentials."""
        self._srtp = None
        self.connected = False
        fingerprint = ":".join(f"{byte:02X}" for byte in self.random.randbytes(32))
        self.offer = self._plan_offer(("sha-256", fingerprint))

    def new_credentials(self) -> None:
        """For an ICE restart: the certificate stays."""
        self.offer = self._plan_offer(self.offer.fingerprint)

    def written_offer(self) -> str:
        """The present offer as text."""
        return write_offer(self.offer)

    def more_slots(self) -> None:
        """The same page's next offer: its credentials and certificate stay."""
        now = self.offer
        planned = self._plan_offer(now.fingerprint)
        self.offer = replace(planned, ufrag=now.ufrag, pwd=now.pwd)

    def negotiate(self) -> None:
        """Sends the offer of the present page, reads the answer, begins the checks."""
        text = self.written_offer()
        result = self.rig.call(lambda worker, now: worker.accept_offer(self.plan.name, text, now))
        answer = read_answer(result.sdp)
        assert answer.lite
        self.credentials = Credentials(self.offer.ufrag, self.offer.pwd, answer.ufrag, answer.pwd)
        self.owner.answered(answer, fresh=self._srtp is None)
        self._begin_checks()

    def move(self, address: Address) -> None:
        """Another network: same credentials, another address."""
        self.path = self.rig.attach(address, self, self.plan.up, self.plan.down)
        self._begin_checks()

    def stop(self) -> None:
        """No more checks: nobody is there."""
        self._life += 1

    def shake_hands(self) -> None:
        """Begins the handshake that `handshakes` held back."""
        self.handshakes = True
        self._shake_hands(self._life, self.rig.now)

    def close(self) -> None:
        """Says good-bye by the connection itself, as a closed tab does."""
        self._send(close_notify())
        self.stop()

    def send_rtp(self, packet: bytes) -> None:
        if self._srtp is not None:
            self._send(self._srtp.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        if self._srtp is not None:
            self._send(self._srtp.protect_rtcp(packet))

    def sealed(self, packet: bytes) -> bytes:
        """A packet under this peer's keys, for tests that send it themselves."""
        assert self._srtp is not None
        return self._srtp.protect_anything(packet)

    def sealed_rtcp(self, packet: bytes) -> bytes:
        """As sealed, for control packets."""
        assert self._srtp is not None
        return self._srtp.protect_rtcp(packet)

    # --- arrivals

    def receive(self, data: bytes, address: Address, now: float) -> None:
        if not self.online:
            return
        if data[0] >= 128:
            self._receive_media(data, now)
        elif data[:2] == REQUEST_TYPE:
            if self.answers:
                answer = binding_answer(data, self.credentials)
                self.rig.send(self.rig.path_at(address), answer)
        elif data[0] <= 3:
            if any(is_success(data, asked, self.credentials) for asked in self._transactions):
                self._validated(now)
        elif data == FINISHED and not self.connected and self._nonce:
            self._connect(now)

    def _receive_media(self, data: bytes, now: float) -> None:
        if self._srtp is None:
            self.unreadable += 1
            return
        control = 192 <= data[1] <= 223
        packet = self._srtp.unprotect_rtcp(data) if control else self._srtp.unprotect(data)
        if packet is None:
            self.replayed += 1
        elif control:
            self.owner.receive_rtcp(packet, now)
        else:
            self.owner.receive_rtp(packet, now)

    # --- checks and handshake

    def _plan_offer(self, fingerprint: tuple[str, str]) -> OfferPlan:
        plan = self.plan
        return OfferPlan(
            ufrag=self.random.randbytes(4).hex(),
            pwd=self.random.randbytes(12).hex(),
            fingerprint=fingerprint,
            publish=plan.publish,
            audio_slots=plan.audio_slots,
            video_slots=plan.video_slots,
            rids=plan.rids,
            rtx=plan.rtx,
            feedback=plan.feedback,
            template=plan.template,
        )

    def _begin_checks(self) -> None:
        self._life += 1
        self._answered = False
        life = self._life
        self.rig.agenda.at(self.rig.now, lambda now: self._check(life, now))

    def _check(self, life: int, now: float) -> None:
        """Connectivity checks until one is answered, consent checks from then on (RFC 7675)."""
        if life != self._life:
            return
        transaction = self.random.randbytes(12)
        self._transactions = [*self._transactions[-9:], transaction]
        self._send(binding_request(self.credentials, transaction))
        interval = CONSENT_INTERVAL if self._answered else CHECK_INTERVAL
        self.rig.agenda.at(now + interval, lambda later: self._check(life, later))

    def _validated(self, now: float) -> None:
        first, self._answered = not self._answered, True
        if first and self._srtp is None:
            self._nonce = self.random.randbytes(NONCE_LENGTH)
            self._shake_hands(self._life, now)

    def _shake_hands(self, life: int, now: float) -> None:
        if life != self._life or self.connected or not self.handshakes:
            return
        self._send(handshake(self.offer.fingerprint, self._nonce, self.plan.profile))
        self.rig.agenda.at(now + HANDSHAKE_INTERVAL, lambda later: self._shake_hands(life, later))

    def _connect(self, now: float) -> None:
        self.connected = True
        keys = master_keys(self._nonce, self.plan.profile)
        self._srtp = PeerSrtp(keys, self.plan.profile)
        self.owner.connected(now)

    def _send(self, data: bytes) -> None:
        if self.online:
            self.rig.send(self.path, data)
