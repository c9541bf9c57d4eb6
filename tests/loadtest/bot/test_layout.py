"""Layouts for each of the ways to watch."""

from loadtest.bot.layout import layout
from tests.support.bots import plan

PEOPLE = {"ada": "p1", "ben": "p2", "cleo": "p3", "dev": "p4"}


def test_the_teacher_is_pinned_in_the_first_slot() -> None:
    wanted = layout(plan("eve", max_height=360), ["7", "8"], PEOPLE, "p9")
    pinned = {"mid": "7", "want": "pinned", "producer": "p9:camera", "maxHeight": 360}
    assert wanted == {"slots": [pinned, {"mid": "8", "want": "off"}]}


def test_nobody_is_shown_before_there_is_a_teacher_nor_the_teacher_to_itself() -> None:
    off = {"slots": [{"mid": "7", "want": "off"}]}
    assert layout(plan("eve"), ["7"], {}, None) == off
    assert layout(plan("ada"), ["7"], PEOPLE, "p1") == off


def test_a_gallery_is_a_round_that_begins_behind_oneself() -> None:
    wanted = layout(plan("cleo", show="gallery"), ["1", "2", "3", "4"], PEOPLE, None)
    shown = [slot.get("producer") for slot in wanted["slots"]]
    assert shown == ["p4:camera", "p1:camera", "p2:camera", None]
    assert [slot["want"] for slot in wanted["slots"]] == ["page", "page", "page", "off"]


def test_the_speaker_and_nothing() -> None:
    assert layout(plan("eve", show="speaker"), ["1"], PEOPLE, None)["slots"] == [
        {"mid": "1", "want": "speaker"}
    ]
    assert layout(plan("eve", show="nothing"), ["1"], PEOPLE, "p1")["slots"] == [
        {"mid": "1", "want": "off"}
    ]
    assert layout(plan("eve"), [], PEOPLE, "p1") == {"slots": []}
