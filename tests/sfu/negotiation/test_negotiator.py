"""From an offer to an answer with a table of its sections."""

from collections.abc import Iterator

import pytest

from common.errors import PeerError
from sfu.config import WorkerConfig
from sfu.fanout.outbox import Collected
from sfu.negotiation.negotiator import MAIN_STREAM, Answer, AnswerSection, Negotiator
from sfu.transport import Services, Transport
from tests.support.dtls import ReadyDtls
from tests.support.offers import H264, Piece, application, audio, compose, video
from tests.support.workloads import workload

CANDIDATE = ("203.0.113.7", 7000)


class Desk:
    """A negotiator and one transport; random words come as they are given, then by count."""

    def __init__(self, *words: int) -> None:
        self.dtls = ReadyDtls()
        self._words: Iterator[int] = iter([*words, *range(5_000, 6_000)])
        config = WorkerConfig(candidates=(CANDIDATE,))
        self.negotiator = Negotiator(config, self.dtls, self._word)
        services = Services(
            dtls=self.dtls,
            random=lambda count: bytes(count),
            outbox=Collected(),
            on_pending=lambda layer: None,
            on_level=lambda producer, level, now: None,
            on_changed=lambda transport: None,
            on_due=lambda transport: None,
            on_slots=lambda transport: None,
            max_streams=32,
            workload=workload(),
        )
        self.transport = Transport("class", "ada", services, 0.0, pinned=False)

    def _word(self, count: int) -> bytes:
        return next(self._words).to_bytes(count, "big")

    def answer(self, *pieces: Piece) -> Answer:
        offer, negotiation = self.negotiator.read(compose(pieces))
        return self.negotiator.answer(self.transport, offer, negotiation, 0.0)

    def ssrcs(self) -> list[tuple[int, int]]:
        return [(c.ssrc, c.rtx_ssrc) for c in self.transport.downlink.consumers.values()]


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
    assert f"a=ice-ufrag:{desk.transport.agent.credentials.ufrag}" in text
    assert f"a=fingerprint:sha-256 {desk.dtls.fingerprints[0][1]}" in text


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


def test_slots_know_the_codecs_of_their_section() -> None:
    desk = Desk()
    desk.answer(video("recvonly", H264))
    [consumer] = desk.transport.downlink.consumers.values()
    assert list(consumer.payload_types) == ["H264"]
