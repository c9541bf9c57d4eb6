"""From an offer to an answer with a table of its sections."""

from collections.abc import Iterator

import pytest

from common.errors import PeerError
from sfu.config import WorkerConfig
from sfu.negotiation.negotiator import MAIN_STREAM, Answer, AnswerSection, Negotiator
from tests.support.offers import Piece, application, audio, compose, video

CANDIDATE = ("203.0.113.7", 7000)
FINGERPRINT = ("sha-256", ":".join(["5E"] * 32))


class Used(list[int]):
    """The SSRCs that a connection has had."""

    room = 1_000

    def has_room(self, count: int) -> bool:
        return len(self) + count <= self.room


class Desk:
    """A negotiator and what it is told of one connection; random words come as they are given,
    then by count."""

    def __init__(self, *words: int) -> None:
        self._words: Iterator[int] = iter([*words, *range(5_000, 6_000)])
        config = WorkerConfig(candidates=(CANDIDATE,))
        self.negotiator = Negotiator(config, (FINGERPRINT,), self._word)
        self.slots: dict[str, tuple[int, int]] = {}
        self.used = Used()

    def _word(self, count: int) -> bytes:
        return next(self._words).to_bytes(count, "big")

    def answer(self, *pieces: Piece) -> Answer:
        offer, negotiation = self.negotiator.read(compose(pieces))
        ids = self.negotiator.slot_ids(negotiation, self.slots, self.used)
        self.slots = {mid: (slot.ssrc, slot.rtx_ssrc) for mid, slot in ids.items()}
        self.used += [ssrc for pair in self.slots.values() for ssrc in pair]
        return self.negotiator.answer(
            offer, negotiation, ids, credentials=("ourUfrag", "ourPassword"), cname="ada"
        )

    def ssrcs(self) -> list[tuple[int, int]]:
        return list(self.slots.values())


def test_table_says_what_each_section_is() -> None:
    answer = Desk().answer(audio(), video(), audio("recvonly"), video("recvonly"), application())
    assert answer.sections == [
        AnswerSection("0", "recvonly", "audio", "microphone"),
        AnswerSection("1", "recvonly", "video", "camera"),
        AnswerSection("2", "sendonly", "audio", None),
        AnswerSection("3", "sendonly", "video", None),
    ]


def test_table_leaves_out_what_was_rejected() -> None:
    unknown = ("a=rtpmap:98 VP9/90000",)
    answer = Desk().answer(audio(), video("recvonly", unknown))
    assert [section.mid for section in answer.sections] == ["0"]


def test_answer_announces_the_worker() -> None:
    desk = Desk()
    text = desk.answer(video("recvonly")).sdp
    assert f"{CANDIDATE[0]} {CANDIDATE[1]} typ host" in text
    assert "a=ice-ufrag:ourUfrag" in text
    assert f"a=fingerprint:sha-256 {FINGERPRINT[1]}" in text


def test_slots_get_numbers_that_are_in_the_answer() -> None:
    desk = Desk()
    text = desk.answer(audio("recvonly"), video("recvonly")).sdp
    assert desk.ssrcs() == [(5_000, 5_001), (5_002, 5_003)]
    assert "a=ssrc:5000 " in text
    assert "a=ssrc-group:FID 5002 5003" in text


def test_numbers_are_never_0_nor_used_twice() -> None:
    desk = Desk(7, 0, 7, 8, 8, 7, 9, 10)
    desk.answer(video("recvonly"), video("recvonly"))
    assert desk.ssrcs() == [(7, 8), (9, 10)]


def test_another_offer_keeps_the_numbers_of_its_slots() -> None:
    desk = Desk()
    desk.answer(video("recvonly"))
    before = desk.ssrcs()
    text = desk.answer(video("recvonly"), video("recvonly")).sdp
    assert desk.ssrcs()[:1] == before
    assert len(desk.ssrcs()) == 2
    assert f"a=ssrc-group:FID {before[0][0]} {before[0][1]}" in text


def test_first_slots_of_both_kinds_are_one_stream_for_lip_sync() -> None:
    text = Desk().answer(*[audio("recvonly"), video("recvonly")] * 2).sdp
    streams = [line.split()[0] for line in text.splitlines() if line.startswith("a=msid:")]
    assert streams == [
        f"a=msid:{MAIN_STREAM}",
        f"a=msid:{MAIN_STREAM}",
        "a=msid:slot-2",
        "a=msid:slot-3",
    ]


def test_unusable_offers_are_refused() -> None:
    desk = Desk()
    with pytest.raises(PeerError):
        desk.negotiator.read("nonsense")
    with pytest.raises(PeerError):
        desk.answer(video("recvonly", ("a=rtpmap:98 VP9/90000",)))
    assert desk.ssrcs() == []


def test_a_connection_has_a_bounded_number_of_ssrcs() -> None:
    desk = Desk()
    desk.used.room = 3
    with pytest.raises(PeerError, match="too many slots"):
        desk.answer(video("recvonly"), video("recvonly"))
    desk.answer(video("recvonly"))


def test_ssrcs_of_slots_that_have_ended_are_not_given_again() -> None:
    desk = Desk(7, 8, 7, 8, 9, 10)
    desk.answer(video("recvonly"))
    desk.slots.clear()
    desk.answer(video("recvonly"))
    assert desk.ssrcs() == [(9, 10)]
