"""Whatever publishers, subscribers and networks do: no nonce seals two different datagrams.

The rig's NonceWatch sees every seal of every key, of RTP and RTCP, and fails the test.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest

from sfu.srtp.keys import SrtpProfile
from tests.scenario.test_publishers import begin_again
from tests.support import rtcp_client
from tests.support.netem import Conditions
from tests.support.peers import Peer
from tests.support.room import STUDENT, TEACHER, Room
from tests.support.siege import AnyLine
from tests.support.slots import SlotPolicy

pytestmark = pytest.mark.sweep

ROUGH = Conditions(
    delay=0.02, jitter=0.01, loss=0.05, reorder=0.1, reorder_delay=0.03, duplicate=0.05
)
ANYTHING = SlotPolicy(nack=True, pli=True, line=lambda kind: AnyLine())
GCM, CM = SrtpProfile.AEAD_AES_128_GCM, SrtpProfile.AES128_CM_SHA1_80
HEIGHTS = (180, 360, None)


class Chaos:
    """Two publishers and four subscribers, by cipher and with or without RTX."""

    def __init__(self, seed: int) -> None:
        self.room = Room(seed=seed)
        self.random = self.room.rig.random
        rough = replace(TEACHER, up=ROUGH, down=ROUGH)
        self.publishers = [
            self.room.add(rough),
            self.room.add(replace(rough, profile=CM, rtx=False, pinned=False), "ben"),
        ]
        plan = replace(STUDENT, up=ROUGH, down=ROUGH, video_slots=2, policy=ANYTHING)
        self.students = [
            self.room.add(replace(plan, profile=profile, rtx=rtx), f"{profile.name}-{rtx}")
            for profile in (GCM, CM)
            for rtx in (True, False)
        ]
        self.room.join(*self.publishers, *self.students, within=5.0)
        for student in self.students:
            self.watch(student)
        self.room.run(1.0)
        self.moves: tuple[Callable[[], None], ...] = (
            *(self.leap, self.back, self.restart, self.goodbye, self.rewind, self.probe),
            *(self.turn, self.mute, self.more_slots, self.move, self.ask),
            *(self.ask, self.ask, self.turn, self.leap),
        )

    def live(self, steps: int) -> None:
        for _ in range(steps):
            self.random.choice(self.moves)()
            self.room.run(self.random.choice((0.01, 0.05, 0.2, 0.6)))

    def watch(self, student: Peer) -> None:
        names = ["teacher", "ben", None]
        self.random.shuffle(names)
        self.room.watch(student, names[:2], height=self.random.choice(HEIGHTS))

    # --- what publishers do

    def publisher(self) -> Peer:
        return self.random.choice(self.publishers)

    def leap(self) -> None:
        streams = [s for sender in self.publisher().senders.values() for s in sender.streams]
        stream = self.random.choice(streams)
        ahead = self.random.choice((2, 100, 257, 300, 2_000, 5_000))
        stream.sequence = (stream.sequence + ahead) & 0xFFFF
        if ahead > 2:
            stream.history.clear()  # the peer's libsrtp would not seal what is so old

    def back(self) -> None:
        """What was left out by a leap comes after all, as far as SRTP lets it."""
        stream = self.random.choice(self.publisher().camera.streams)
        stream.sequence = (stream.sequence - self.random.randrange(200)) & 0xFFFF

    def restart(self) -> None:
        encoding = self.random.choice(self.publisher().camera.encodings)
        begin_again(encoding.stream)
        encoding.wants_key = True

    def goodbye(self) -> None:
        publisher = self.publisher()
        streams = [stream.ssrc for stream in publisher.camera.streams]
        compound = rtcp_client.receiver_report(publisher.ssrc, [])
        publisher.send_rtcp(compound + rtcp_client.bye(streams))

    def rewind(self) -> None:
        """An old packet again, by RTX where there is one, with another content."""
        publisher = self.publisher()
        stream = self.random.choice(publisher.camera.streams)
        for sequence, packet in [*stream.history.items()][-30:-1]:
            stream.history[sequence] = packet[:-4] + self.random.randbytes(4)
            if stream.rtx_ssrc is not None:
                stream.resend(publisher, sequence, self.room.rig.now)

    def probe(self) -> None:
        publisher = self.publisher()
        layer = self.random.randrange(3)
        publisher.camera.probe(publisher, layer, self.random.randrange(1, 8), self.room.rig.now)

    def mute(self) -> None:
        source = self.random.choice(("camera", "microphone"))
        self.room.set_source(self.publisher(), source, self.random.random() < 0.7)

    # --- what subscribers do

    def turn(self) -> None:
        self.watch(self.random.choice(self.students))

    def more_slots(self) -> None:
        student = self.random.choice(self.students)
        if student.plan.video_slots < 5:
            student.renegotiate(video_slots=student.plan.video_slots + 1)
            self.watch(student)

    def move(self) -> None:
        self.random.choice(self.students).restart_ice()

    def ask(self) -> None:
        """A NACK for what went out lately, of pictures or sound, now and then for anything."""
        for student in self.students:
            slot = self.random.choice(student.slots)
            newest = slot.newest() if self.random.random() < 0.9 else self.random.getrandbits(16)
            numbers = [(newest - back) & 0xFFFF for back in range(-3, 14)]
            student.send_rtcp(rtcp_client.nack(student.ssrc, slot.ssrc, numbers))


@pytest.mark.parametrize("seed", range(6))
def test_no_nonce_seals_two_datagrams(seed: int) -> None:
    chaos = Chaos(seed)
    chaos.live(50)
    watch, drops = chaos.room.rig.nonces, Counter(chaos.room.totals().drops)
    assert watch.violations == []
    assert watch.count > 2_000
    assert watch.again > 20, "sound, and pictures without RTX"
    assert drops["nonce_refused"] == 0, "nothing of this comes as far as the guard"
    assert drops["rtx_duplicate"] + drops["rtp_leaping"] > 0
    assert drops["transport_error"] == 0
