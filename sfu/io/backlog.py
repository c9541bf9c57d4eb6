"""Datagrams that the socket did not take: bounded by destination, sound before pictures.

A destination's datagrams wait in three lanes: control (STUN, DTLS, RTCP), sound, and video by
whole frames. They leave in that order and are given up in the opposite one, the oldest first.
A frame that lost one packet is useless to a decoder, so the rest of it goes, too.
Destinations take turns. Pure: no I/O, no clock.
"""

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sfu.fanout.gso_batch import MAX_SEGMENTS
from sfu.fanout.outbox import Send
from sfu.stats import DropReason
from sfu.wire.address import Address
from sfu.wire.demux import RTP, classify

MAX_AGE = 0.5  # s; media that waited longer comes too late
MAX_SPOILT = 32  # frames a destination remembers, the rest of which is not wanted

CONTROL, SOUND, VIDEO = range(3)
Key = tuple[int, int]  # a frame's SSRC and timestamp; of anything else a number of its own
IsVideo = Callable[[Address, int], bool]

_FULL = (DropReason.BACKLOG_CONTROL, DropReason.BACKLOG_AUDIO, DropReason.BACKLOG_VIDEO)


@dataclass(frozen=True, slots=True)
class BacklogLimits:
    """Bounds in datagrams and bytes: of one destination, and of all together."""

    datagrams: int = 512
    bytes: int = 524_288
    total_datagrams: int = 16_384
    total_bytes: int = 16_777_216


@dataclass(slots=True)
class Unit:
    """Datagrams that are dropped together: a frame's packets so far, or one other datagram."""

    since: float
    datagrams: list[bytes] = field(default_factory=list)
    bytes: int = 0


@dataclass(slots=True)
class Queue:
    """One destination."""

    lanes: tuple[OrderedDict[Key, Unit], ...] = field(
        default_factory=lambda: (OrderedDict(), OrderedDict(), OrderedDict())
    )
    spoilt: OrderedDict[Key, None] = field(default_factory=OrderedDict)
    datagrams: int = 0
    bytes: int = 0

    def spoil(self, frame: Key) -> None:
        """Later packets of this frame are dropped on arrival."""
        self.spoilt[frame] = None
        if len(self.spoilt) > MAX_SPOILT:
            self.spoilt.popitem(last=False)


class Backlog:
    """Queues by destination, served round-robin: `peek`, then `advance`.

    `is_video` tells a video SSRC from a sound one; what is dropped is counted in `drops`.
    """

    def __init__(
        self, is_video: IsVideo, drops: Counter[DropReason], limits: BacklogLimits | None = None
    ) -> None:
        self.limits = limits or BacklogLimits()
        self.datagrams = 0
        self.bytes = 0
        self._is_video = is_video
        self._drops = drops
        self._queues: OrderedDict[Address, Queue] = OrderedDict()
        self._numbers = 0

    def __bool__(self) -> bool:
        return bool(self._queues)

    def __contains__(self, address: Address) -> bool:
        return address in self._queues

    def addresses(self) -> list[Address]:
        """The destinations with waiting datagrams."""
        return list(self._queues)

    # -- in ---------------------------------------------------------------------------------

    def push(self, address: Address, datagrams: Iterable[bytes], now: float) -> None:
        """Keeps what fits; something less important goes for it, or it goes itself."""
        queue = self._queues.get(address) or self._queues.setdefault(address, Queue())
        self._drop_stale(queue, now)
        for datagram in datagrams:
            self._put(queue, address, datagram, now)
        self._trim(queue, self.limits.datagrams, self.limits.bytes)
        self._trim_all()
        self._forget_if_empty(address)

    def _put(self, queue: Queue, address: Address, datagram: bytes, now: float) -> None:
        lane, key = self._classify(address, datagram)
        if lane == VIDEO and key in queue.spoilt:
            self._drops[DropReason.BACKLOG_VIDEO] += 1
            return
        units = queue.lanes[lane]
        unit = units.get(key) or units.setdefault(key, Unit(now))
        unit.datagrams.append(datagram)
        unit.bytes += len(datagram)
        self._grow(queue, 1, len(datagram))

    def _classify(self, address: Address, datagram: bytes) -> tuple[int, Key]:
        """The lane, and which unit of it (SRTP leaves the header readable, RFC 3711 3.1)."""
        if classify(datagram) == RTP and len(datagram) >= 12:
            ssrc = int.from_bytes(datagram[8:12], "big")
            if self._is_video(address, ssrc):
                return VIDEO, (ssrc, int.from_bytes(datagram[4:8], "big"))
            lane = SOUND
        else:
            lane = CONTROL
        self._numbers += 1
        return lane, (-1, self._numbers)

    # -- out --------------------------------------------------------------------------------

    def peek(self, now: float) -> Send | None:
        """The datagrams of the destination whose turn it is, of one lane; None when none waits."""
        while self._queues:
            address, queue = next(iter(self._queues.items()))
            self._drop_stale(queue, now)
            for lane in queue.lanes:
                if lane:
                    return address, _first(lane)
            del self._queues[address]
        return None

    def advance(self, count: int) -> None:
        """The first `count` datagrams of the last `peek` are gone; it is the next one's turn."""
        address, queue = self._queues.popitem(last=False)
        lane = next(lane for lane in queue.lanes if lane)
        while count:
            key, unit = next(iter(lane.items()))
            gone = unit.datagrams[:count]
            size = sum(map(len, gone))
            del unit.datagrams[: len(gone)]
            unit.bytes -= size
            if not unit.datagrams:
                del lane[key]
            self._grow(queue, -len(gone), -size)
            count -= len(gone)
        if queue.datagrams:
            self._queues[address] = queue

    def discard(self, address: Address) -> None:
        """Drops media queued for a closed transport; keeps control packets."""
        if (queue := self._queues.get(address)) is None:
            return
        for lane in (SOUND, VIDEO):
            while queue.lanes[lane]:
                self._give_up(queue, lane, DropReason.BACKLOG_CLOSED)
        self._forget_if_empty(address)

    # -- giving up --------------------------------------------------------------------------

    def _trim(self, queue: Queue, datagrams: int, size: int) -> None:
        """Gives up video frames, then sound, then control, until the queue is within bounds."""
        while queue.datagrams > datagrams or queue.bytes > size:
            lane = next(lane for lane in (VIDEO, SOUND, CONTROL) if queue.lanes[lane])
            self._give_up(queue, lane, _FULL[lane])

    def _trim_all(self) -> None:
        """Within the total, each has an equal share: the next in turn that has more is cut."""
        limits = self.limits
        for address in self.addresses() if self._is_over() else ():
            count = len(self._queues)
            share = limits.total_datagrams // count, limits.total_bytes // count
            self._trim(self._queues[address], *share)
            self._forget_if_empty(address)
            if not self._is_over():
                return

    def _is_over(self) -> bool:
        limits = self.limits
        return self.datagrams > limits.total_datagrams or self.bytes > limits.total_bytes

    def _drop_stale(self, queue: Queue, now: float) -> None:
        for lane in (SOUND, VIDEO):
            units = queue.lanes[lane]
            while units and next(iter(units.values())).since < now - MAX_AGE:
                self._give_up(queue, lane, DropReason.BACKLOG_STALE)

    def _give_up(self, queue: Queue, lane: int, reason: DropReason) -> None:
        """The oldest unit of a lane."""
        key, unit = queue.lanes[lane].popitem(last=False)
        if lane == VIDEO:
            queue.spoil(key)
        self._grow(queue, -len(unit.datagrams), -unit.bytes)
        self._drops[reason] += len(unit.datagrams)

    def _grow(self, queue: Queue, datagrams: int, size: int) -> None:
        queue.datagrams += datagrams
        queue.bytes += size
        self.datagrams += datagrams
        self.bytes += size

    def _forget_if_empty(self, address: Address) -> None:
        queue = self._queues.get(address)
        if queue is not None and not queue.datagrams:
            del self._queues[address]

    def clear(self) -> None:
        """Everything goes: the socket is closed."""
        self._queues.clear()
        self.datagrams = self.bytes = 0


def _first(lane: OrderedDict[Key, Unit]) -> Sequence[bytes]:
    """As many datagrams as one send may hold, in order."""
    taken: list[bytes] = []
    for unit in lane.values():
        taken += unit.datagrams[: MAX_SEGMENTS - len(taken)]
        if len(taken) == MAX_SEGMENTS:
            break
    return taken
