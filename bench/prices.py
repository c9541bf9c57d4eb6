"""What a unit of each kind of work costs, beside its price in common.work.

A price is right when it is not below the figure on the machine of docs/benchmarks.md: budgets then
bound the time that one participant takes.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import signalling
from bench.figures import Figure
from bench.scene import ROUTER, Scene, lecture, nowhere
from common.work import Price
from sfu.publish.twcc import TwccRecorder
from sfu.wire.rtcp import build_compound
from sfu.worker import Worker
from tests.support.offers import class_pieces, compose
from tests.support.rtcp_client import nack, pli, remb

REPEATS = 200
ADDRESSES = [("192.0.2.9", 10_000 + number) for number in range(3)]
RECORDS = 16  # of a full datagram


@dataclass(slots=True)
class Work:
    """Something done `count` times in one go; `run` gets what `make` made for it."""

    price: str
    make: Callable[[], Sequence[object]]
    run: Callable[[object], object]
    units: float = 1.0


def measure(rounds: int) -> list[Figure]:
    """µs of one unit of each, its price in the column of the lean loop: the ratio is what share
    of the price it takes."""
    scene = Scene(lecture(2), ADDRESSES)
    scene.point_at(nowhere())
    found = []
    for work in (*_of_media(scene), *_of_feedback(scene), *_of_signalling(scene.worker)):
        value = statistics.median(_once(work) for _ in range(rounds)) / work.units
        found.append(_figure(work.price, value))
    return found + [_figure(name, value) for name, value in signalling.measure(rounds).items()]


def _figure(name: str, value: float) -> Figure:
    price = getattr(Price, name)
    return Figure("prices", name, value, "µs", price, f"price {price:g}")


def _once(work: Work) -> float:
    """µs of one run."""
    made = work.make()
    started = time.process_time()
    for one in made:
        work.run(one)
    return (time.process_time() - started) / len(made) * 1e6


def _of_media(scene: Scene) -> list[Work]:
    teacher = scene.publishers[0]

    def receive(data: object) -> None:
        assert isinstance(data, bytes)
        scene.worker.receive(data, teacher.address, time.monotonic())

    def frames() -> list[bytes]:
        return [data for _ in range(REPEATS // 7) for data in teacher.frame()]

    def broken() -> list[bytes]:
        return [data[:-1] + bytes([data[-1] ^ 1]) for data in frames()]

    return [
        Work("DATAGRAM", frames, receive),
        Work("FAILED_CHECK", broken, receive),
        Work("STUN", lambda: [teacher.check() for _ in range(REPEATS)], receive),
    ]


def _of_feedback(scene: Scene) -> list[Work]:
    viewer = scene.subscribers[0]
    slot = next(slot for slot in viewer.peer.slots if slot.kind == "video")

    def receive(data: object) -> None:
        assert isinstance(data, bytes)
        scene.worker.receive(data, viewer.address, time.monotonic())

    def sealed(record: bytes) -> list[bytes]:
        return [viewer._sealed(record) for _ in range(REPEATS)]

    def recorders() -> list[TwccRecorder]:
        return [_filled(TwccRecorder()) for _ in range(REPEATS)]

    def told(recorder: object) -> object:
        assert isinstance(recorder, TwccRecorder)
        return build_compound(recorder.build(1.0, 1, 2))

    nobody = 4_000_000_000
    old = [(30_000 + 17 * n) & 0xFFFF for n in range(RECORDS)]
    return [
        Work("RTCP_DATAGRAM", lambda: sealed(pli(1, nobody)), receive),
        Work("RTCP_RECORD", lambda: sealed(pli(1, nobody) * RECORDS), receive, RECORDS),
        Work("REMB", lambda: sealed(remb(1, 50_000_000, [slot.ssrc])), receive),
        Work("NACK_ENTRY", lambda: sealed(nack(1, slot.ssrc, old)), receive, RECORDS),
        Work("FEEDBACK_STATUS", recorders, told, 400),
        _of_retransmission(scene),
    ]


def _of_retransmission(scene: Scene) -> Work:
    """The copy alone: what asks for it, and what bounds it, are priced and counted elsewhere."""
    transport = scene.worker.routers[ROUTER].transports[scene.subscribers[0].name]
    (slot,) = transport.downlink.slots("video")

    def sent() -> list[object]:
        found = [slot.find_sent((slot.index_space.highest - back) & 0xFFFF) for back in range(100)]
        return [one for one in found if one is not None]

    def again(found: object) -> object:
        assert isinstance(found, tuple)
        return slot.retransmit(*found)

    return Work("RETRANSMISSION", sent, again)


def _filled(recorder: TwccRecorder) -> TwccRecorder:
    """Every second packet of 400 has come."""
    for number in range(0, 400, 2):
        recorder.receive(number, number / 10_000)
    return recorder


def _of_signalling(worker: Worker) -> list[Work]:
    text = json.dumps({"classId": "a" * 4_000})
    nodes = "[" + "[]," * 20_000 + "[]]"
    offers = [compose(class_pieces(), version=number) for number in range(2, 12)]

    def accept(offer: object) -> object:
        assert isinstance(offer, str)
        return worker.accept_offer("s1", offer, time.monotonic())

    def load(text: object) -> object:
        assert isinstance(text, str)
        return json.loads(text)

    return [
        Work("JSON_BYTE", lambda: [text] * REPEATS, load, len(text)),
        Work("JSON_NODE", lambda: [nodes] * 5, load, nodes.count("[") + nodes.count(",")),
        Work("SDP_LINE", lambda: offers, accept, offers[0].count("\n")),
    ]
