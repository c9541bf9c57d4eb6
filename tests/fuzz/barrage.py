"""Millions of hostile datagrams for one worker with a running class, each of them accounted for.

Some come from nowhere, some with the address of a participant, some from guests with good keys.
Batches of one kind arrive at one instant; between them time passes and the class goes on.
Pure: no I/O, no clock.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pylibsrtp

from sfu.events import TransportClosed
from sfu.stats import DropReason
from tests.fuzz import corpus
from tests.fuzz.mutate import mutate
from tests.fuzz.pieces import split
from tests.fuzz.world import Guests, streams_of
from tests.support.peers import Heard, Peer
from tests.support.rig import Address
from tests.support.siege import STRANGER, nobody
from tests.support.stun_client import binding_request

BATCH = 64  # datagrams at one instant
PAUSE_EVERY = 10  # batches
PAUSE = 0.1  # s: 6,400 hostile datagrams a second
KEPT = 4_000  # genuine datagrams to be changed and replayed, the newest
SETTLE = 0.1  # s until what was sent has arrived
FINGERPRINT = 8  # bytes at the end of a check that its integrity does not cover
STAY = 100  # pauses that a guest stays: its numbers would come round under one key
STRANGERS = 500  # addresses that nobody has

# Reasons that count copies, retransmissions, or what had been accepted and waited in a queue. All
# others count datagrams that arrived.
LATER = {
    *(DropReason.BEFORE_SWITCH, DropReason.NONCE_REFUSED, DropReason.ADDRESS_SILENT),
    *(DropReason.DTLS_QUEUE_FULL, DropReason.DTLS_CROWDED, DropReason.DTLS_UNPROVEN),
    DropReason.CHECK_TOO_LARGE,
    *(DropReason.DTLS_DATA, DropReason.NACK_OVER_LIMIT, DropReason.KEYFRAME_OVER_BUDGET),
    *(DropReason.RTX_EXPIRED, DropReason.RTX_RECENT, DropReason.RTX_OVER_BUDGET),
    *(reason for reason in DropReason if reason.startswith(("backlog_", "send_"))),
}

Datagrams = Iterator[tuple[bytes, Address]]


class Kind(NamedTuple):
    """A kind of datagram: how many of a hundred, and whether it may have an answer."""

    share: int
    make: Callable[["Barrage"], tuple[bytes, Address]]
    authentic: bool


class Barrage:
    """The class, what is thrown at it, and the books."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = Guests()
        self.rig, self.worker = self.world.rig, self.world.rig.worker
        self.thrown: Counter[str] = Counter()
        self.removed: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.noise = self.random.randbytes(1 << 16)
        self.media = [p.body for data in corpus.load("rtp").values() for p in split(data)]
        self.control = [p.body for data in corpus.load("rtcp").values() for p in split(data)]
        self.checks = self.pauses = 0
        self.genuine: list[tuple[bytes, Address]] = []
        self.world.room.run(1.0)
        self._pause()

    def run(self, count: int, tell: Callable[[int], None] = lambda done: None) -> None:
        """So many datagrams, in whole batches; raises AssertionError at the first wrong count."""
        names, shares = list(KINDS), [kind.share for kind in KINDS.values()]
        done = batches = 0
        while done < count:
            [name] = self.random.choices(names, shares)
            self._batch(name, min(BATCH, count - done))
            done = self.thrown.total()
            batches += 1
            if not batches % PAUSE_EVERY:
                self._pause()
            tell(done)
        self._pause()
        self.world.assert_only_she_suffers()

    def _batch(self, name: str, count: int) -> None:
        kind = KINDS[name]
        datagrams = [kind.make(self) for _ in range(count)]
        before = self.books()
        receive, now = self.worker.receive, self.rig.now
        if kind.authentic:
            for data, address in datagrams:
                self.rig.inject(address, data)  # which looks at everything that is sent
        else:
            for data, address in datagrams:
                receive(data, address, now)
            self.worker.flush(now)
            assert not self.rig.collected.take(), f"{name}: something was sent"
        self.thrown[name] += count
        self._close_books(name, before, count)

    def _close_books(self, name: str, before: Counter[str], count: int) -> None:
        now = self.books()
        arrived = now.pop("arrived") - before.pop("arrived")
        assert arrived == count, f"{name}: {arrived} of {count} datagrams were counted"
        accounted = now.total() - before.total()
        assert accounted == count, f"{name}: {accounted} of {count} accounted for: {now - before}"
        assert not self.world.faults, self.world.faults
        assert not now[DropReason.TRANSPORT_ERROR]

    def books(self) -> Counter[str]:
        """Datagrams that arrived, and the buckets they went to."""
        books: Counter[str] = Counter()
        for router in self.worker.routers.values():
            for transport in router.transports.values():
                books.update(transport.drops)
        books.update(self.worker.drops)
        for reason in LATER:
            del books[reason]
        arrivals = self.worker.arrivals
        books["arrived"], books["accepted"] = arrivals.datagrams, arrivals.accepted
        books["answered"] = arrivals.stun_answers
        return books

    def _pause(self) -> None:
        """Time passes; guests that were put out, or leave, come back with other keys."""
        self.pauses += 1
        if not self.pauses % STAY:
            self.world.mallory.leave()
            self.world.harry.leave()
        self.genuine = [(data, where) for where, data in self.world.captured[-KEPT:]]
        self.world.room.run(max(PAUSE, SETTLE))
        del self.world.captured[:-KEPT]
        for peer in self._put_out():
            self._bring_back(peer)
        self._forget()
        self._measure()

    def _forget(self) -> None:
        """What the rig and its peers remember for tests would grow without end."""
        self.rig.events.clear()
        self.rig.stray.clear()
        self.world.stray = 0
        for peer in self.world.room.peers.values():
            peer.heard = Heard()
            for slot in peer.slots:
                del slot.line.frames[:-1], slot.reports[:-1]

    def _bring_back(self, guest: Peer) -> None:
        before = guest.connected_at
        guest.join_anew()
        assert self.rig.run_until(lambda: guest.connected_at != before, 2.0)
        self.world.room.watch(guest, ["teacher"])
        self.world.room.run(0.3)  # its streams are heard
        guest.camera.stopped = guest.microphone.stopped = True

    def _put_out(self) -> list[Peer]:
        """The guests that are gone; nobody else may be."""
        gone = [event for _, event in self.rig.events if isinstance(event, TransportClosed)]
        guests = {"mallory": self.world.mallory, "harry": self.world.harry}
        assert {event.transport_id for event in gone} <= set(guests), gone
        self.removed.update(event.reason for event in gone)
        return [guests[event.transport_id] for event in gone]

    def _measure(self) -> None:
        """The largest size of each table so far."""
        transports = [t for r in self.worker.routers.values() for t in r.transports.values()]
        sizes = {
            "transports": len(transports),
            "addresses": len(self.worker.by_address),
            "bound addresses of one": max(len(t.agent.addresses()) for t in transports),
            "streams of one": max(len(t.uplink._incoming) for t in transports),
        }
        for name, size in sizes.items():
            self.most[name] = max(self.most[name], size)

    # -- what is thrown

    def _somewhere(self) -> Address:
        """The teacher's address, any participant's, or a stranger's."""
        place = self.random.random()
        if place < 0.3:
            return self.world.teacher.connection.path.address
        if place < 0.6:
            return self._known()
        return STRANGER if place < 0.8 else nobody(self.random.randrange(STRANGERS))

    def _known(self) -> Address:
        peers = list(self.world.room.peers.values())
        return self.random.choice(peers).connection.path.address

    def _bytes(self, size: int) -> bytes:
        at = self.random.randrange(len(self.noise) - 2_000)
        return self.noise[at : at + size]

    def anything(self) -> tuple[bytes, Address]:
        first = self.random.choice((0, 1, 20, 22, 63, 128, 144, 191, self.random.randrange(256)))
        data = bytes([first]) + self._bytes(self.random.randrange(1_600))
        return data[: self.random.choice((0, 1, 2, 12, 1_500, 1_501, 2_000))], self._somewhere()

    def changed(self) -> tuple[bytes, Address]:
        """A genuine datagram with a few bytes changed or cut off, from its place or another."""
        genuine, where = self.random.choice(self.genuine)
        end = len(genuine) - (FINGERPRINT if genuine[0] <= 3 else 0)
        data = bytearray(genuine)
        for _ in range(self.random.choice((1, 1, 2, 4))):
            data[self.random.randrange(end)] ^= self.random.randrange(1, 256)
        if data == genuine or self.random.random() < 0.2:
            data = data[: self.random.randrange(end)]
        return bytes(data), where if self.random.random() < 0.6 else self._somewhere()

    def forged(self) -> tuple[bytes, Address]:
        """The right SSRC and a number that comes next, from the right address, without the key."""
        while True:
            genuine, where = self.random.choice(self.genuine)
            if genuine[0] >= 128:
                ahead = self.random.randrange(-2_000, 2_000)
                number = int.from_bytes(genuine[2:4], "big") + ahead & 0xFFFF
                head = genuine[:2] + number.to_bytes(2, "big") + genuine[4:12]
                return head + self._bytes(self.random.randrange(1_400)), where

    def replayed(self) -> tuple[bytes, Address]:
        """Media as it was, from where it came or from elsewhere."""
        while True:
            genuine, where = self.random.choice(self.genuine)
            if genuine[0] >= 128:
                return genuine, where if self.random.random() < 0.7 else self._somewhere()

    def media_of_guests(self) -> tuple[bytes, Address]:
        """Sealed by mallory or harry; what libsrtp does not write comes without a seal."""
        guest = self.random.choice((self.world.mallory, self.world.harry))
        body = mutate(self.random.choice(self.media), self.random, self.media, text=False)
        stream = self.random.choice(streams_of(guest))
        leap = 1 if self.random.random() < 0.9 else self.random.randrange(-20, 300)
        stream.sequence = (stream.sequence + leap) & 0xFFFF
        head = b"\x90\x60" if self.random.random() < 0.2 else bytes([0x80, stream.payload_type])
        ssrc = stream.ssrc if self.random.random() < 0.9 else self.random.getrandbits(32)
        head += stream.sequence.to_bytes(2, "big") + bytes(4) + ssrc.to_bytes(4, "big")
        return self._sealed(guest.connection.sealed, head + body[:1_300]), _address(guest)

    def control_of_guests(self) -> tuple[bytes, Address]:
        mallory = self.world.mallory
        body = self.random.choice(self.control)
        if self.random.random() < 0.7:
            body = mutate(body, self.random, self.control, text=False)
        return self._sealed(mallory.connection.sealed_rtcp, body[:1_300]), _address(mallory)

    def check_of_guest(self) -> tuple[bytes, Address]:
        """An authentic binding request, from her address and from others; now and then cut."""
        mallory = self.world.mallory
        self.checks += 1
        transaction = self.checks.to_bytes(12, "big")
        data = binding_request(mallory.connection.credentials, transaction, nominate=False)
        if self.random.random() < 0.3:
            data = data[: self.random.randrange(len(data))]
        return data, _address(mallory) if self.random.random() < 0.5 else self._somewhere()

    def _sealed(self, seal: Callable[[bytes], bytes], packet: bytes) -> bytes:
        try:
            return seal(packet)
        except (pylibsrtp.Error, ValueError):
            return packet


def _address(peer: Peer) -> Address:
    return peer.connection.path.address


KINDS = {
    "random": Kind(25, Barrage.anything, False),
    "changed": Kind(35, Barrage.changed, False),
    "forged": Kind(15, Barrage.forged, False),
    "replayed": Kind(10, Barrage.replayed, False),
    "guests' media": Kind(8, Barrage.media_of_guests, True),
    "guests' control": Kind(5, Barrage.control_of_guests, True),
    "guest's checks": Kind(2, Barrage.check_of_guest, True),
}
