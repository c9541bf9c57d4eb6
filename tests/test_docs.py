"""Documentation stays true: what it names exists, its links lead somewhere, nothing is left out."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from billing.settings import BillingSettings
from common.config import PREFIX
from liveclass.config import Settings
from signalling.classroom.features.registry import FEATURES
from tests.support import docs
from tests.support.docs import Names

ROOT = Path(__file__).parent.parent
PROTOCOL = "signalling/PROTOCOL.md"
SETTINGS = Settings.model_fields.keys() | BillingSettings.model_fields.keys()
VARIABLE = re.compile(rf"{PREFIX}[A-Z_]*[A-Z]")

# Names in code spans that are not ours, by whose they are.
FOREIGN = {
    "browsers": ("RTCPeerConnection", "window.liveclass"),
    "an example's": ("key_frame",),
}


@cache
def files() -> frozenset[str]:
    """Every file that is, or could be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return frozenset(name for name in listed.stdout.split("\0") if (ROOT / name).is_file())


def text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


@cache
def names() -> Names:
    targets = re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE)
    found = Names(files(), frozenset(targets))
    for name in sorted(files()):
        if name.endswith(".py"):
            found.add_python(name, text(name))
        elif name.startswith(("static/js/", "tests/js/")):
            found.add_script(text(name))
    settings = {field.upper() for field in SETTINGS}
    found.words |= settings | {PREFIX + name for name in settings} | series()
    return found


def series() -> set[str]:
    """What the metrics may be called: their names are put together where they are made."""
    makers = ("liveclass/metrics.py", "billing/metrics.py")
    made = "".join(text(name) for name in makers)
    parts = set(re.findall(r"[a-z_]+", made))
    owners = ("", "worker_", "loop_", "class_", "billing_")
    return {f"liveclass_{owner}{part}" for owner in owners for part in parts}


def documents() -> list[str]:
    return sorted(n for n in files() if n == "README.md" or re.fullmatch(r"docs/[^/]+\.md", n))


def drawings() -> list[str]:
    return sorted(name for name in files() if re.fullmatch(r"docs/images/[^/]+\.svg", name))


def foreign() -> frozenset[str]:
    return frozenset(name for owned in FOREIGN.values() for name in owned)


@pytest.mark.parametrize("name", documents())
def test_what_a_document_names_exists(name: str) -> None:
    found = [
        f"{name}:{line}: {word}"
        for line, span in docs.spans(text(name))
        for word in docs.unknown(span, names(), foreign())
    ]
    assert not found


@pytest.mark.parametrize("name", drawings())
def test_what_a_drawing_names_exists(name: str) -> None:
    found = [
        f"{name}: {word}"
        for words in docs.drawing_code(text(name))
        for word in docs.unknown(words, names(), foreign())
    ]
    assert not found


def test_foreign_names_are_named_somewhere() -> None:
    used = {
        word
        for name in documents()
        for _, span in docs.spans(text(name))
        for word in [span, *span.split()]
    }
    assert not foreign() - used


@pytest.mark.parametrize("name", [*documents(), PROTOCOL])
def test_relative_links_lead_somewhere(name: str) -> None:
    folder = (ROOT / name).parent
    for link in docs.links(text(name)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (folder / path).resolve() if path else ROOT / name
        assert target.exists(), f"{name}: {link}"
        assert target.is_relative_to(ROOT), f"{name}: {link} leads out of the project"
        if anchor:
            assert anchor in docs.anchors(target.read_text("utf-8")), f"{name}: {link}"


def words_of(name: str) -> set[str]:
    """Every word in a document's code spans."""
    return {word for _, span in docs.spans(text(name)) for word in re.findall(r"\w+", span)}


def test_every_setting_is_described() -> None:
    described = words_of("README.md") | words_of("docs/operations.md")
    settings = {name.upper() for name in SETTINGS}
    assert not settings - {word.removeprefix(PREFIX) for word in described}


def test_every_variable_that_is_described_exists() -> None:
    sources = [name for name in files() if name.endswith((".py", ".sh", "Makefile"))]
    known = {found for name in sources for found in VARIABLE.findall(text(name))}
    known |= {PREFIX + name.upper() for name in SETTINGS}
    for name in [*documents(), PROTOCOL]:
        assert not set(VARIABLE.findall(text(name))) - known, name


def test_the_protocol_names_every_message_of_clients() -> None:
    assert docs.table_events(text(PROTOCOL), "Client to server") == set(FEATURES.messages)


def test_the_protocol_names_every_event_of_the_server() -> None:
    sources = [n for n in files() if re.fullmatch(r"(signalling|liveclass)/(\w+/)*\w+\.py", n)]
    sent = {event for n in sources for event in docs.sent_events(ast.parse(text(n)))}
    assert docs.table_events(text(PROTOCOL), "Server to client") == sent


def test_the_page_hears_every_event_of_the_server() -> None:
    listed = text("static/js/class/protocol.js").partition("SERVER_EVENTS = Object.freeze([")[2]
    heard = set(re.findall(r'"([a-z-]+)"', listed.partition("])")[0]))
    assert heard == docs.table_events(text(PROTOCOL), "Server to client")
