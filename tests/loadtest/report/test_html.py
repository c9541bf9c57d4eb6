"""The page: well-formed, whole in itself, everything escaped."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from loadtest.figures.summary import summarise
from loadtest.figures.thresholds import Thresholds
from loadtest.records import RunRecord
from loadtest.report.html import render
from tests.support.run_records import Shape, empty_run, made_run

VOID = {"meta", "link", "br"}
LIMITS = Thresholds(max_cpu=0.01, max_join_p95=900)
EVIL = "\"><script>alert('&')</script>"


class Page(HTMLParser):
    """Fails where tags do not close in order; notes ids, references and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.references: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, dict(attrs))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._note(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def _note(self, tag: str, given: dict[str, str | None]) -> None:
        self.tags.append(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.references += (given.get("aria-labelledby") or "").split()
        self.links += [given[name] or "" for name in ("href", "src") if name in given]


def page(record: RunRecord, limits: Thresholds | None = None) -> Page:
    return Page(render(record, summarise(record), limits))


@pytest.mark.parametrize(
    "record",
    [made_run(Shape(viewers=30, late=9, failing=2, browsers=2)), empty_run()],
    ids=["full", "empty"],
)
def test_the_page_is_well_formed_and_asks_for_nothing(record: RunRecord) -> None:
    text = render(record, summarise(record), Thresholds(max_loss=0.01, max_p99=1))
    assert not re.search(r"@import|url\((?!#)", text)
    found = Page(text)
    assert len(found.ids) == len(set(found.ids))
    assert set(found.references) <= set(found.ids)
    assert all(link.startswith(("data:", "#")) for link in found.links)
    assert "script" not in found.tags
    assert found.tags.count("h1") == 1


def test_whatever_others_wrote_is_text() -> None:
    record = made_run(Shape(viewers=5, failing=1, browsers=1, notes=(EVIL,)))
    record.title = record.scenario = record.machine = record.commit = record.url = EVIL
    record.command = record.failed[0].code = record.browsers[0].error = EVIL
    record.results[0] = replace(record.results[0], left=EVIL)
    record.server[-1].drops = {EVIL: 3}
    found = page(record)
    assert "script" not in found.tags
    assert found.text.count(EVIL) >= 9


def test_breaches_and_notes_stand_at_the_top() -> None:
    text = page(made_run(Shape(notes=("Turbo was off.",))), LIMITS).text
    top = text.partition("What was tested")[0]
    assert "CPU 13.3\u00a0% is above the limit of 1.0\u00a0%" in top
    assert "Turbo was off." in top


def test_a_limited_figure_has_a_tile() -> None:
    top = page(made_run(Shape(viewers=30)), LIMITS).text.partition("What was tested")[0]
    assert "limit 900 ms kept" in top


def test_it_tells_what_was_tested_and_holds_the_json() -> None:
    record = made_run(Shape(viewers=30))
    found = page(record)
    for words in ("abc1234", "--viewers 30", "2 cores", "24 November 2025, 16:00 UTC", "core 0"):
        assert words in found.text
    link = next(link for link in found.links if "json" in link)
    data = json.loads(base64.b64decode(link.partition("base64,")[2]))
    assert data == json.loads(json.dumps(summarise(record).to_json()))
