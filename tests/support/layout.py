"""Rules about sources, as functions from a parsed module to the offences in it.

Pure: no I/O, no clock. tests/test_layout.py applies them to the tree.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

IMPURE = frozenset(
    {"asyncio", "os", "random", "secrets", "select", "selectors", "socket"}
    | {"ssl", "subprocess", "threading", "time", "uuid"}
)
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40

_HOST_WORDS = (
    r"registry\.npmjs",
    r"registry\.yarnpkg",
    r"\bpypi\.org",
    r"files\.python",
    r"deb\.debian\.org",
    r"\bnpmmirror",
)
REGISTRY_HOST = re.compile("|".join(_HOST_WORDS))
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|home|work|Users)/[\w.]")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module imported anywhere in the tree, by its full dotted name, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.lineno, node.module


def imported_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Like imports, with the names taken from each module: `from a import b` is a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def under(name: str, package: str) -> bool:
    """True when the dotted name is the package or lies in it."""
    return name == package or name.startswith(package + ".")


def impure_imports(tree: ast.AST) -> list[str]:
    """Imports that let a module read a clock, a socket, chance or the system."""
    return [
        f"line {line}: imports {name}"
        for line, name in imports(tree)
        if name.partition(".")[0] in IMPURE
    ]


def imports_from(tree: ast.AST, packages: tuple[str, ...]) -> list[str]:
    """Imports out of any of the packages."""
    return [
        f"line {line}: imports {name}"
        for line, name in imports(tree)
        if any(under(name, package) for package in packages)
    ]


def imports_beyond(tree: ast.AST, package: str, face: frozenset[str]) -> list[str]:
    """Imports out of the package that are not modules of its public face."""
    return [
        f"line {line}: imports {name}"
        for line, name in imports(tree)
        if under(name, package) and name not in face
    ]


def foreign_underscores(tree: ast.AST, package: str) -> list[str]:
    """Underscore names of a foreign package, in a module that imports it.

    Which object an attribute belongs to is not known here, so every underscore attribute that
    is not on self or cls counts.
    """
    if not any(under(name, package) for _, name in imports(tree)):
        return []
    found = [
        f"line {line}: takes {name}"
        for line, name in imported_names(tree)
        if under(name, package) and "._" in name
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr) and not _on_self(node):
            found.append(f"line {node.lineno}: uses .{node.attr}")
    return found


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _on_self(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def long_functions(tree: ast.AST) -> list[str]:
    """Functions longer than the budget, counted from def to their last line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION_LINES:
                found.append(f"line {node.lineno}: {node.name} has {length} lines")
    return found


def sleeps(tree: ast.AST) -> list[str]:
    """Calls that wait by the wall clock; sleep(0) only lets others run and is no offence."""
    return [
        f"line {node.lineno}: sleeps"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _called(node) == "sleep" and not _is_zero(node.args)
    ]


def _called(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _is_zero(arguments: list[ast.expr]) -> bool:
    return len(arguments) == 1 and isinstance(arguments[0], ast.Constant) and not arguments[0].value


def members_used(tree: ast.AST, enum: str) -> set[str]:
    """Members of an enumeration that the module names."""
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == enum
    }


def addresses(text: str) -> list[str]:
    """Hosts of package registries and paths of one particular machine."""
    return [
        f"line {number}: {match.group()}"
        for number, line in enumerate(text.splitlines(), 1)
        for match in (REGISTRY_HOST.search(line) or MACHINE_PATH.search(line),)
        if match
    ]


def module_graph(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """From dotted module name to those of the given modules that it imports."""
    modules = {_dotted(path): tree for path, tree in trees.items()}
    graph: dict[str, set[str]] = {}
    for module, tree in modules.items():
        names = {name for _, name in imported_names(tree)}
        found = {n if n in modules else n.rpartition(".")[0] for n in names}
        graph[module] = (found & modules.keys()) - {module}
    return graph


def _dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True)
class Order:
    """Which folder may import which: those before it in `top`, and within sfu in `sfu`.

    `beside`: folders of `top` that may not import each other. `base`: modules of sfu that all of
    sfu may import; the others at its root belong to the place "root".
    """

    top: tuple[str, ...]
    beside: tuple[str, ...]
    sfu: tuple[str, ...]
    base: frozenset[str]

    def runs_back(self, importer: str, imported: str) -> bool:
        """Whether the import runs against the order."""
        one, other = importer.partition(".")[0], imported.partition(".")[0]
        if one != other:
            both = one in self.beside and other in self.beside
            return both or self.top.index(one) < self.top.index(other)
        return one == "sfu" and self._place(importer) < self._place(imported)

    def _place(self, module: str) -> int:
        if module in self.base or module == "sfu":
            return -1
        parts = module.split(".")
        folder = parts[1] if parts[1] in self.sfu else "root"
        return self.sfu.index(folder)


def circles(graph: dict[str, set[str]]) -> list[tuple[str, ...]]:
    """Modules that import each other, directly or through others: Tarjan's algorithm."""
    found: list[tuple[str, ...]] = []
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            start = stack.index(node)
            if len(stack) - start > 1:
                found.append(tuple(sorted(stack[start:])))
            del stack[start:]

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found
