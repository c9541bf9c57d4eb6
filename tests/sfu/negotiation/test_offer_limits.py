"""How much an offer may make the server read: lines and characters, in all and of a part."""

import re
from contextlib import suppress

import pytest

from common.errors import PeerError
from sfu.negotiation.offer import (
    MAX_LENGTH,
    MAX_LINE,
    MAX_LINES,
    MAX_READ,
    MAX_SECTION_LINES,
    MAX_SECTIONS,
    Offer,
    SectionMemory,
    _Parser,
    parse_offer,
)
from tests.support.offers import COSTLY_LINES, audio, compose, costly, recorded

MINIMAL = compose([audio()])
HEAD_LINES = MINIMAL[: MINIMAL.index("m=")].count("\n")
BODY_LINES = MINIMAL.count("\n") - HEAD_LINES
OWN_LINES = 5  # of each section: mid, ICE, fingerprint, setup


def refusal(text: str, memory: SectionMemory | None = None) -> str:
    """Why the offer is not read."""
    with pytest.raises(PeerError) as caught:
        parse_offer(text, memory)
    assert caught.value.code == "bad_sdp"
    return caught.value.message


def test_text_at_the_limit_is_read_and_one_more_character_is_not() -> None:
    text = costly("a=x:" + "y" * 900, 370)
    text += ("a=z:" + "y" * 900 + "\n") * ((MAX_LENGTH - len(text)) // 905)
    text += "a=" + "y" * (MAX_LENGTH - len(text) - 2)
    assert len(text) == MAX_LENGTH
    assert parse_offer(text).sections
    assert "longer than 400000 characters" in refusal(text + "y")


def test_lines_are_counted_before_anything_is_read() -> None:
    assert refusal("\n" * MAX_LINES) == "the offer has more than 11000 lines"
    assert refusal("\n" * (MAX_LINES - 1)).startswith("line 1 ")


def test_a_section_has_250_lines_at_most() -> None:
    full = MINIMAL + "a=x\r\n" * (MAX_SECTION_LINES - 1 - BODY_LINES)
    assert parse_offer(full).sections
    assert refusal(full + "a=x\r\n").startswith(f"line {HEAD_LINES + 1} (m=): more than 250 lines")


def test_what_comes_before_the_sections_has_250_lines_at_most() -> None:
    before = "a=x\r\n" * (MAX_SECTION_LINES - HEAD_LINES)
    assert parse_offer(MINIMAL.replace("m=", before + "m=", 1)).sections
    assert refusal(MINIMAL.replace("m=", before + "a=x\r\nm=", 1)).startswith("line 1 (v=)")


def test_a_line_has_1000_characters_at_most() -> None:
    long = MINIMAL.replace("a=recvonly", "").replace("a=sendonly", "a=" + "x" * (MAX_LINE - 2))
    assert parse_offer(long).sections
    assert "(a=): more than 1000 characters" in refusal(long.replace("a=x", "a=xx"))


@pytest.mark.parametrize("line", ["a=ssrc:11 cname:{}", "a=candidate:{}", "a=msid:{}"])
def test_lines_of_a_sections_own_are_bounded_in_all(line: str) -> None:
    room = MAX_READ - HEAD_LINES - MAX_SECTIONS * OWN_LINES - BODY_LINES
    assert parse_offer(costly(line, room - MAX_SECTIONS)).sections
    assert "3000 lines that differ" in refusal(costly(line, room + MAX_SECTIONS))


def test_lines_of_sections_that_are_all_different_are_bounded_in_all() -> None:
    room = MAX_READ - HEAD_LINES - MAX_SECTIONS * BODY_LINES
    assert parse_offer(costly("a=x:{}", room - MAX_SECTIONS)).sections
    assert "3000 lines that differ" in refusal(costly("a=x:{}", room + MAX_SECTIONS))


def test_what_a_memory_knows_does_not_widen_the_bounds() -> None:
    memory = SectionMemory()
    text = costly("a=x:{}", MAX_READ)
    assert refusal(text, memory) == refusal(text, memory) == refusal(text)


def test_64_slots_as_chromium_writes_them_fit() -> None:
    assert len(chromiums_largest().sections) == MAX_SECTIONS


def chromiums_largest() -> Offer:
    """Its longest section, 64 times."""
    head, *sections = recorded("chromium-156-class-offer.sdp").split("\r\nm=")
    slot = next(one for one in reversed(sections) if one.startswith("video"))
    slots = (re.sub(r"a=mid:\d+", f"a=mid:{mid}", slot) for mid in range(MAX_SECTIONS))
    return parse_offer("\r\nm=".join([head, *slots]) + "\r\n")


def test_an_origin_within_a_section_is_read_over() -> None:
    origin = MINIMAL.split("\r\n")[1]
    moved = MINIMAL.replace(origin + "\r\n", "") + origin + "\r\n"
    memory = SectionMemory()
    for _ in range(2):
        assert "no o= line" in refusal(moved, memory)


def lines_read(text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many lines are looked at, by whoever reads them."""
    count = 0
    real = _Parser._take_line

    def take_line(self: _Parser, line: str) -> None:
        nonlocal count
        count += 1
        real(self, line)

    with monkeypatch.context() as patch:
        patch.setattr(_Parser, "_take_line", take_line)
        with suppress(PeerError):
            parse_offer(text)
    return count


@pytest.mark.parametrize("line", COSTLY_LINES)
@pytest.mark.parametrize("lines", [1_000, 2_000, 3_000, 10_000, 130_000])
def test_no_offer_has_more_lines_read_than_the_limit(
    line: str, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lines_read(costly(line, lines), monkeypatch) <= MAX_READ


def test_130000_lines_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines_read(MINIMAL + "b=\n" * 98_000, monkeypatch) == 0


def test_a_browsers_offer_stays_far_from_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    text = recorded("chromium-156-class-offer.sdp")
    assert lines_read(text, monkeypatch) < MAX_READ / 4
