"""Offers: real ones with lines that are swapped, repeated, missing or from another browser.

An input is the offer's text; bytes that are no UTF-8 become the lone surrogates that JSON can hold.
Invariants: only LiveclassErrors come out, and they are short; an answer has as many sections as the
offer, only printable lines, and can be read by aiortc; the same offer again is answered alike; the
class goes on. Pure: no I/O, no clock.
"""

import re

from aiortc.sdp import SessionDescription

from common.errors import CapacityError, PeerError, StateError
from sfu.negotiation.negotiator import Answer
from sfu.negotiation.offer import parse_offer
from tests.fuzz.world import Kept
from tests.support.peer_sdp import read_answer
from tests.support.room import ROUTER
from tests.support.siege import Siege

TEXT = True
REFUSALS = (PeerError, CapacityError, StateError)
MAX_MESSAGE = 500  # characters of a refusal
LINES_PER_SECTION = 120
LINE = re.compile(r"[a-z]=[ -~]*")

_world: Kept[Siege] = Kept(lambda: Siege(seconds=0.2))


def run(data: bytes) -> None:
    """The offer of a participant who joins, twice; then the participant leaves."""
    siege = _world.get()
    worker, now = siege.rig.worker, siege.rig.now
    text = data.decode("utf-8", "surrogateescape")
    worker.create_transport(ROUTER, "guest", now)
    try:
        first = _answer(siege, text)
        if first is not None:
            _check(text, first)
            second = _answer(siege, text)
            assert second is not None, "the same offer was refused the second time"
            assert second.sdp == first.sdp
    finally:
        worker.close_transport("guest", now)
        siege.rig.drain()


def renew() -> None:
    """Who was there before still gets every picture."""
    if (siege := _world.take()) is not None:
        siege.assert_class_goes_on(0.3)
        assert siege.counts()["transport_error"] == 0


def _answer(siege: Siege, text: str) -> Answer | None:
    try:
        return siege.rig.worker.accept_offer("guest", text, siege.rig.now)
    except REFUSALS as error:
        refused = error.message
    assert len(refused) <= MAX_MESSAGE, refused
    return None


def _check(text: str, answer: Answer) -> None:
    offer = parse_offer(text)
    lines = answer.sdp.removesuffix("\r\n").split("\r\n")
    wrong = [line for line in lines if not LINE.fullmatch(line)]
    assert not wrong, wrong
    opened = [line for line in lines if line.startswith("m=")]
    assert len(opened) == len(offer.sections) == len(re.findall(r"^m=", text, re.MULTILINE))
    assert len(lines) <= LINES_PER_SECTION * (1 + len(opened)) + text.count("\n")
    read = read_answer(answer.sdp)
    assert list(read.sections) == [section.mid for section in offer.sections]
    assert {section.mid for section in answer.sections} <= set(read.sections)
    SessionDescription.parse(answer.sdp)
