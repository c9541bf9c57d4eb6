"""The checker of documentation: what it lets pass and what it finds."""

import ast

import pytest

from tests.support import docs
from tests.support.docs import Names

WORKER = """
LIMIT = 1
METRIC = "worker_seen"
class Worker:
    def receive(self):
        self.drops = 1
def forward(): ...
"""

PEER = """
export class Peer {
  async restart() {
  }
}
"""


def names() -> Names:
    files = frozenset({"sfu/io/udp.py", "sfu/worker.py", "docs/a.md"})
    found = Names(files, frozenset({"bench"}))
    found.add_python("sfu/worker.py", WORKER)
    found.add_script(PEER)
    return found


@pytest.mark.parametrize(
    "span",
    [
        *("sfu/worker.py", "sfu/io/", "sfu/*.py", "a.md"),
        *("sfu.worker", "sfu.worker.LIMIT", "sfu.worker.Worker", "sfu.worker.Worker.receive"),
        *("worker.forward", "Worker.receive", "Worker.drops", "Peer.restart()", "forward()"),
        *("make bench", "plain words", "worker_seen_total"),
    ],
)
def test_what_there_is_passes(span: str) -> None:
    assert not docs.unknown(span, names(), frozenset())


@pytest.mark.parametrize(
    "span",
    [
        *("sfu/gone.py", "sfu/gone/", "sfu/*.js", "b.md"),
        *("sfu.gone", "sfu.worker.GONE", "sfu.worker.Gone", "sfu.worker.Worker.gone"),
        *("worker.gone", "Worker.gone", "Gone.receive", "Peer.gone()", "gone()", "Gone"),
        *("is_gone", "make gone", "use Worker.gone now"),
    ],
)
def test_what_is_gone_is_found(span: str) -> None:
    assert docs.unknown(span, names(), frozenset())


def test_what_is_named_as_foreign_passes() -> None:
    assert not docs.unknown("RTCPeerConnection", names(), frozenset({"RTCPeerConnection"}))


def test_spans_carry_their_lines_and_fences_are_left_out() -> None:
    assert list(docs.spans("a `b`\n```\n`c`\n```\n`d`")) == [(1, "b"), (5, "d")]


def test_links_and_pictures_are_read_outside_fences() -> None:
    assert list(docs.links("[a](b.md#c) ![d](e.svg)\n```\n[f](g)\n```\n")) == ["b.md#c", "e.svg"]


def test_headings_become_anchors() -> None:
    assert docs.anchors("# One: `two` & three\n\n```\n# no\n```\n") == {"one-two--three"}


def test_of_a_drawing_only_its_code_is_read() -> None:
    body = '<text>a <tspan class="code">b.c</tspan></text><text class="code end">d</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'
    assert list(docs.drawing_code(svg)) == ["b.c", "d"]


def test_events_are_found_where_they_are_sent() -> None:
    source = 'Send((s,), "one", {}); room.to_all("two", {}); other("three"); Send((s,), name, {})'
    assert docs.sent_events(ast.parse(source)) == {"one", "two"}


def test_events_are_read_from_the_first_column_under_their_heading() -> None:
    text = "\n## A\n| event | x |\n|---|---|\n| `one`, `two` | `x` |\n\n## B\n| `three` | |\n"
    assert docs.table_events(text, "A") == {"one", "two"}
