"""The offer against the recorded one of Chromium, and what is read in answers."""

import re

import pytest

from loadtest.bot import offer
from loadtest.bot.offer import AnswerError, Local, read_answer, write_offer
from sfu.ice.agent import IceCredentials
from sfu.negotiation.answer import LocalParameters, SlotIds, build_answer
from sfu.negotiation.capabilities import negotiate
from sfu.negotiation.offer import parse_offer
from tests.support.offers import recorded

LOCAL = Local(
    IceCredentials("uFrg", "p" * 24), ("sha-256", ":".join(["AB"] * 32)), 77, "stream-1", (101, 102)
)
FINGERPRINT = ("sha-256", ":".join(["5E"] * 32))
SERVER = IceCredentials("sUfr", "s" * 24)


def sections(text: str) -> list[list[str]]:
    return [section.split("\n") for section in text.replace("\r\n", "\n").split("\nm=")]


def plain(lines: list[str]) -> list[str]:
    """Without what is another's in every offer, and the page's own wish for stereo."""
    own = re.compile(r"a=(ice-(ufrag|pwd)|fingerprint|mid|msid|ssrc|ssrc-group):")
    return [line.replace(";stereo=1", "") for line in lines if line and not own.match(line)]


def answer_to(text: str) -> str:
    parsed = parse_offer(text)
    negotiation = negotiate(parsed)
    local = LocalParameters(
        SERVER.ufrag, SERVER.pwd, (FINGERPRINT,), (("192.0.2.1", 7_000),), "cname"
    )
    ids = {
        slot.mid: SlotIds(1_000 + n, 2_000 + n, "stream", "track")
        for n, slot in enumerate(negotiation.slots)
    }
    return build_answer(parsed, negotiation, local, ids)


def test_each_kind_of_section_is_chromiums_line_for_line() -> None:
    theirs = sections(recorded("chromium-156-class-offer.sdp"))
    ours = sections(write_offer(LOCAL, 4, 10))
    by_place = {1: 1, 2: 4, 3: 2, 5: 5, 8: 8, 9: 9, 18: 18}  # ours to theirs
    for mine, their in by_place.items():
        assert plain(ours[mine]) == plain(theirs[their])
    assert plain(ours[0])[3:4] == plain(theirs[0])[3:4]


def test_the_server_reads_it_as_it_reads_the_pages() -> None:
    negotiation = negotiate(parse_offer(write_offer(LOCAL, 3, 2)))
    assert [one.source for one in negotiation.published] == list(offer.SOURCES)
    assert [one.rids for one in negotiation.published] == [(), (), ("q", "h", "f"), ("h", "f")]
    assert [slot.kind for slot in negotiation.slots] == ["audio"] * 3 + ["video"] * 2
    assert negotiation.published[0].ssrcs == ((101, None),)


def test_the_answer_tells_all_that_a_bot_needs() -> None:
    answer = read_answer(answer_to(write_offer(LOCAL, 1, 2)))
    assert answer.credentials == SERVER
    assert answer.fingerprints == (FINGERPRINT,)
    assert answer.address == ("192.0.2.1", 7_000)
    assert [(one.mid, one.kind, one.ssrc, one.rtx_ssrc) for one in answer.slots] == [
        ("4", "audio", 1_000, None),
        ("5", "video", 1_001, 2_001),
        ("6", "video", 1_002, 2_002),
    ]


@pytest.mark.parametrize("missing", ["ice-ufrag", "ice-pwd", "fingerprint", "candidate", "ssrc"])
def test_an_answer_that_lacks_something_is_refused(missing: str) -> None:
    lines = answer_to(write_offer(LOCAL, 1, 1)).split("\r\n")
    text = "\r\n".join(line for line in lines if not line.startswith(f"a={missing}"))
    with pytest.raises(AnswerError, match="no "):
        read_answer(text)


def test_an_answer_without_sections_or_with_another_transport_is_refused() -> None:
    with pytest.raises(AnswerError):
        read_answer("v=0\r\n")
    text = answer_to(write_offer(LOCAL, 1, 1)).replace(" udp ", " tcp ")
    with pytest.raises(AnswerError, match="candidate"):
        read_answer(text)
