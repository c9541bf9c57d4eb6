"""The rules of tests/support/layout.py catch what they are for, and nothing else."""

import ast

import pytest

from tests.support import layout


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import monotonic",
        "def f():\n    import os.path",
        "import asyncio as a",
    ],
)
def test_an_impure_import_is_found_wherever_it_stands(source: str) -> None:
    assert layout.impure_imports(ast.parse(source))


def test_names_that_only_begin_like_impure_modules_are_free() -> None:
    assert not layout.impure_imports(ast.parse("import timers\nfrom sfu.time import x"))


def test_the_public_face_is_matched_module_by_module() -> None:
    tree = ast.parse(
        "from sfu.worker import Worker\nfrom sfu.fanout.forward import Forwarder\nimport sfux"
    )
    assert layout.imports_beyond(tree, "sfu", frozenset({"sfu.worker"})) == [
        "line 2: imports sfu.fanout.forward"
    ]


def test_underscore_names_of_a_foreign_package_are_found() -> None:
    source = "from aiortc import _x\nself._mine = 1\ntransport._role = 2\ntransport.__class__"
    assert sorted(layout.foreign_underscores(ast.parse(source), "aiortc")) == [
        "line 1: takes aiortc._x",
        "line 3: uses ._role",
    ]
    assert not layout.foreign_underscores(ast.parse("transport._role = 2"), "aiortc")


@pytest.mark.parametrize(("lines", "is_long"), [(40, False), (41, True)])
def test_a_function_may_have_forty_lines(lines: int, is_long: bool) -> None:
    source = "@decorated\ndef f():\n" + "    pass\n" * (lines - 1)
    assert bool(layout.long_functions(ast.parse(source))) is is_long


def test_waiting_is_found_and_yielding_is_not() -> None:
    tree = ast.parse("await asyncio.sleep(1)\nsleep(delay)\nawait asyncio.sleep(0)\nx.sleeps(3)")
    assert sorted(layout.sleeps(tree)) == ["line 1: sleeps", "line 2: sleeps"]


def test_addresses_are_found_and_urls_of_our_own_are_not() -> None:
    host = ".".join(("registry", "npmjs", "org"))
    path = "/".join(("", "home", "someone"))
    assert layout.addresses(f"fine\nhttps://{host}/preact\n{path}/x") == [
        f"line 2: {host[:14]}",
        f"line 3: {path[:7]}",
    ]
    below = "/".join(("~", "work", "x"))
    ours = f"http://127.0.0.1:8080{path}, {below} and /usr/bin/chromium"
    assert not layout.addresses(ours)


def graph(**sources: str) -> dict[str, set[str]]:
    trees = {name.replace("_", "/") + ".py": ast.parse(text) for name, text in sources.items()}
    return layout.module_graph(trees)


def test_a_circle_is_found_through_others_and_through_typing() -> None:
    found = graph(
        sfu_a="from sfu import b",
        sfu_b="from sfu.c import name",
        sfu_c="if TYPE_CHECKING:\n    from sfu.a import name",
        sfu_d="from sfu.a import name",
    )
    assert layout.circles(found) == [("sfu.a", "sfu.b", "sfu.c")]


def test_an_import_may_run_to_the_left_alone() -> None:
    order = layout.Order(
        ("common", "sfu", "signalling", "billing"),
        ("signalling", "billing"),
        ("wire", "publish", "root"),
        frozenset({"sfu.stats"}),
    )
    assert order.runs_back("sfu.publish.layer", "signalling.hub")
    assert order.runs_back("billing.app", "signalling.hub")
    assert order.runs_back("signalling.hub", "billing.app")
    assert order.runs_back("sfu.wire.rtp", "sfu.publish.layer")
    assert order.runs_back("sfu.publish.layer", "sfu.worker")
    assert not order.runs_back("sfu.wire.rtp", "sfu.stats")
    assert not order.runs_back("sfu.worker", "sfu.publish.layer")
    assert not order.runs_back("signalling.hub", "sfu.publish.layer")
