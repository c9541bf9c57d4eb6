"""Drawings that stand in a page."""

import re
from xml.etree import ElementTree

from loadtest.report.svg import FIRST, PROPERTIES, drawing, inline


def drawn(text: str = "") -> str:
    with drawing(2) as (figure, (upper, lower)):
        upper.plot([1, 2], [3, 4], color=FIRST, label=text or "line")
        upper.legend()
        lower.bar([1, 2], [3, 4])
        return inline(figure, "speed", "speed-finding")


def test_it_is_one_element_named_by_its_caption() -> None:
    root = ElementTree.fromstring(drawn())
    assert root.tag == "svg"
    assert root.get("aria-labelledby") == "speed-finding"
    assert root.get("role") == "img"


def test_colours_and_fonts_are_the_pages() -> None:
    found = drawn()
    assert "var(--first)" in found
    assert not set(PROPERTIES) & set(re.findall(r"#[0-9a-f]{6}", found))
    assert "font-family" not in found
    assert "<style" not in found


def test_ids_are_its_own_and_all_references_lead_to_one() -> None:
    found = drawn()
    ids = re.findall(r'\bid="([^"]+)"', found)
    assert all(name.startswith("speed-") for name in ids)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', found)) <= set(ids)


def test_text_is_text_and_escaped() -> None:
    assert "a &lt; b &amp; c" in drawn("a < b & c")


def test_the_same_drawing_is_the_same_text() -> None:
    assert drawn() == drawn()
