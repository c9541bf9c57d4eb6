"""The shape of the tree: who may import what, how long things may be, what must be tested."""

import ast
import subprocess
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import pytest

from sfu.stats import DropReason
from tests.support import layout

ROOT = Path(__file__).parent.parent

# Outside these, sfu is pure.
SFU_EDGES = ("sfu/io/", "sfu/dtls/session.py", "sfu/dtls/admission_queue.py")

# Signalling's decisions: functions and records that neither wait nor look at a clock.
PURE_SIGNALLING = frozenset(
    f"signalling/classroom/{name}.py" for name in ("state", "messages", "permissions", "roster")
)

# Folders in the order of their imports: a folder may import those before it, never one behind it.
TOP_ORDER = ("common", "sfu", "signalling", "billing", "loadtest", "liveclass")
BESIDE = ("signalling", "billing")  # neither imports the other
SFU_ORDER = (
    *("wire", "codecs", "srtp", "dtls", "negotiation", "ice", "publish", "subscribe", "fanout"),
    *("speakers", "root", "io"),
)
# Modules at the root of sfu that every folder of it may import: names, records, deadlines, budgets.
SFU_BASE = frozenset(
    f"sfu.{name}" for name in ("config", "events", "stats", "timers", "layout", "workload")
)

# What signalling may know of sfu.
SFU_FACE = frozenset(f"sfu.{name}" for name in ("events", "layout", "stats"))

# Sources of sfu without a test module of their own, and why. A name that no longer needs to be
# here makes a test fail.
UNMIRRORED = {
    "sfu/dtls/api.py": "only Protocols",
    "sfu/events.py": "only records",
    "sfu/layout.py": "only a record",
    "sfu/wire/address.py": "only a type",
    "sfu/fanout/outbox.py": "only a Protocol",
    "sfu/publish/origin.py": "only a Protocol",
    "sfu/publish/subscriber.py": "only Protocols and a record",
    "sfu/srtp/keys.py": "only records and an exception",
    "sfu/stats.py": "only records",
    "sfu/config.py": "only a record with defaults",
}

# Tests of billing that follow money through all of its services.
WHOLE_WAY = frozenset(
    f"tests/billing/service/test_{name}.py" for name in ("crashes", "interleavings")
)

MAY_SLEEP = ("tests/interop/", "tests/browser/")
# Run by hand against a real server; its own tests wait for nothing.
SIEGE = "tests/siege/"
AIORTC_SEAM = ("sfu/dtls/session.py", "tests/sfu/dtls/test_session.py")
SHIPPED = ("liveclass/", "common/", "sfu/", "signalling/", "billing/", "loadtest/")


@cache
def tracked() -> tuple[str, ...]:
    """Every file under version control that is there, by its path from the root."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    names = sorted(name for name in listed.stdout.split("\0") if name)
    assert names, "git lists no files"
    return tuple(name for name in names if (ROOT / name).is_file())


@cache
def text(name: str) -> str | None:
    """A tracked file's text, None when it is not text."""
    try:
        return (ROOT / name).read_text("utf-8")
    except UnicodeDecodeError:
        return None


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(text(name) or "", name)


def python(*prefixes: str) -> list[str]:
    """Tracked Python files under any of the prefixes."""
    return [name for name in tracked() if name.endswith(".py") and name.startswith(prefixes)]


def offences(names: Iterable[str], rule: Callable[[ast.Module], list[str]]) -> list[str]:
    """What the rule finds, one `file: offence` each."""
    return [f"{name}: {found}" for name in names for found in rule(tree(name))]


def is_pure(name: str) -> bool:
    if name.startswith("sfu/"):
        return not name.startswith(SFU_EDGES)
    return name in PURE_SIGNALLING or "Pure: no I/O" in (ast.get_docstring(tree(name)) or "")


def test_pure_modules_import_no_clock_socket_chance_or_system() -> None:
    pure = [name for name in python(*SHIPPED) if is_pure(name)]
    assert not offences(pure, layout.impure_imports)


def test_every_pure_module_of_signalling_exists() -> None:
    assert not PURE_SIGNALLING - set(tracked()), "named in PURE_SIGNALLING but gone"


def test_sfu_knows_nothing_above_it() -> None:
    above = ("signalling", "billing", "loadtest", "liveclass", "tests", "aiohttp", "socketio")
    assert not offences(python("sfu/"), lambda tree: layout.imports_from(tree, above))


def test_signalling_and_billing_import_only_the_public_face_of_sfu() -> None:
    assert not offences(
        python("signalling/", "billing/"),
        lambda tree: layout.imports_beyond(tree, "sfu", SFU_FACE),
    )


def arrows() -> dict[str, set[str]]:
    """The modules of the product that each module imports, also those for type checking alone."""
    return layout.module_graph({name: tree(name) for name in python(*SHIPPED)})


def test_no_import_runs_back() -> None:
    order = layout.Order(TOP_ORDER, BESIDE, SFU_ORDER, SFU_BASE)
    assert not [f"{a} -> {b}" for a, to in arrows().items() for b in to if order.runs_back(a, b)]


def test_no_imports_form_a_circle() -> None:
    assert not layout.circles(arrows())


def test_no_two_types_of_the_product_share_a_name() -> None:
    """One name, one meaning; a private class is its module's own affair."""
    modules: dict[str, list[str]] = {}
    for name in python(*SHIPPED):
        for node in tree(name).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules.setdefault(node.name, []).append(name)
    assert not {kind: where for kind, where in modules.items() if len(where) > 1}


def test_no_product_module_imports_tests() -> None:
    assert not offences(python(*SHIPPED), lambda tree: layout.imports_from(tree, ("tests",)))


def test_only_the_seam_uses_underscore_names_of_aiortc() -> None:
    others = [name for name in python("") if name not in AIORTC_SEAM]
    assert not offences(others, lambda tree: layout.foreign_underscores(tree, "aiortc"))


def test_only_the_seam_and_the_load_bots_ship_with_aiortc() -> None:
    others = [
        name for name in python("sfu/", "signalling/", "billing/") if name != "sfu/dtls/session.py"
    ]
    assert not offences(others, lambda tree: layout.imports_from(tree, ("aiortc",)))


def test_files_are_at_most_400_lines() -> None:
    sources = [name for name in tracked() if name.endswith((".py", ".js", ".css", ".sh"))]
    lengths = {name: len((text(name) or "").splitlines()) for name in sources}
    assert not {name: n for name, n in lengths.items() if n > layout.MAX_FILE_LINES}


def test_functions_are_at_most_40_lines() -> None:
    assert not offences(python(""), layout.long_functions)


def mirrors(source: str) -> list[str]:
    """Test modules of a source: tests/sfu/x/test_y.py or test_y_….py for sfu/x/y.py."""
    folder, _, file = source.rpartition("/")
    stem = f"tests/{folder}/test_{file.removesuffix('.py')}"
    return [
        name for name in python(f"tests/{folder}/") if name.startswith((stem + ".", stem + "_"))
    ]


def sources_of_sfu() -> list[str]:
    return [name for name in python("sfu/") if not name.endswith("__init__.py")]


def test_every_source_of_sfu_has_its_test_module() -> None:
    assert not [s for s in sources_of_sfu() if s not in UNMIRRORED and not mirrors(s)]


def test_exceptions_from_mirroring_are_not_stale() -> None:
    existing = set(sources_of_sfu())
    assert not [name for name in UNMIRRORED if name not in existing or mirrors(name)]


def test_every_test_of_billing_mirrors_a_source() -> None:
    sources = {name.removesuffix(".py") for name in python("billing/")}
    for name in set(python("tests/billing/")) - WHOLE_WAY:
        folder, _, file = name.removeprefix("tests/").rpartition("/")
        words = file.removesuffix(".py").removeprefix("test_").split("_")
        stems = {f"{folder}/{'_'.join(words[:count])}" for count in range(1, len(words) + 1)}
        assert not file.startswith("test_") or stems & sources, name


def test_no_test_waits_by_the_clock() -> None:
    names = [name for name in python("tests/") if not name.startswith(MAY_SLEEP)]
    names = [n for n in names if not n.startswith(SIEGE) or n.startswith(f"{SIEGE}test_")]
    assert not offences(names, layout.sleeps)


def test_tracked_files_name_no_registry_and_no_machine() -> None:
    found = [f"{name}: {x}" for name in tracked() for x in layout.addresses(text(name) or "")]
    assert not found


@pytest.mark.parametrize("name", ["constraints.txt", "package-lock.json"])
def test_pinned_versions_carry_no_addresses(name: str) -> None:
    lines = (text(name) or "").splitlines()
    assert lines
    assert not [x for x in lines if "://" in x and "funding" not in x and '"url"' not in x]
    assert not [x for x in lines if " @ " in x or '"resolved"' in x]


def test_constraints_pin_each_name_once() -> None:
    lines = [line for line in (text("constraints.txt") or "").splitlines() if line[:1] != "#"]
    assert not [line for line in lines if line.count("==") != 1]
    names = [line.partition("==")[0] for line in lines]
    assert names == sorted(set(names))


def test_every_drop_reason_is_used() -> None:
    used: set[str] = set()
    for name in python("sfu/"):
        if name != "sfu/stats.py":
            used |= layout.members_used(tree(name), "DropReason")
    assert not {reason.name for reason in DropReason} - used
