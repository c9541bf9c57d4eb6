"""What documentation names, and whether the sources have it.

A document's code spans are split into words; a word that looks like a path, a module, a class, a
member, a function or a make target must be one. Plain lower-case words are left alone: nobody can
tell whether they mean code. Pure: no I/O, no clock. tests/test_docs.py applies it to the tree.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from xml.etree import ElementTree

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.*?) *$", re.MULTILINE)
_SUFFIXES = ("py", "js", "md", "toml", "json", "txt", "css", "html", "svg", "sdp", "rtpdump")

_FILE = re.compile(rf"[\w.*-]+\.(?:{'|'.join(_SUFFIXES)})")
_PATH = re.compile(r"[\w.@*{}-]+(?:/[\w.@*{}-]+)*/?")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_NAME = re.compile(r"[A-Za-z_]\w*")
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*")

_JS_CLASS = re.compile(r"^(?:export )?class (\w+)", re.MULTILINE)
_JS_METHOD = re.compile(r"^  (?:async |get |static )*(\w+)\(.*\{$", re.MULTILINE)
_JS_FUNCTION = re.compile(r"^(?:export )?(?:async )?function (\w+)", re.MULTILINE)


@dataclass(slots=True)
class Names:
    """Everything that sources define; classes of one name are taken together."""

    files: frozenset[str]
    targets: frozenset[str] = frozenset()
    modules: dict[str, set[str]] = field(default_factory=dict)
    classes: dict[str, set[str]] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    def add_python(self, path: str, text: str) -> None:
        """A Python source: its module's names, its classes with their members, its functions."""
        tree = ast.parse(text, path)
        module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        self.modules[module] = set(_bound(tree.body))
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                self.classes.setdefault(node.name, set()).update(_members(node))
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self.functions.add(node.name)
        self.words.update(_IDENTIFIER.findall(text))

    def add_script(self, text: str) -> None:
        """A JavaScript module; a class has the methods of its file."""
        methods = set(_JS_METHOD.findall(text))
        for name in _JS_CLASS.findall(text):
            self.classes.setdefault(name, set()).update(methods)
        self.functions.update(_JS_FUNCTION.findall(text), methods)
        self.words.update(_IDENTIFIER.findall(text))


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                yield from (n.id for n in ast.walk(target) if isinstance(n, ast.Name))


def _members(node: ast.ClassDef) -> Iterator[str]:
    """Methods, fields, and what methods store on self."""
    yield from _bound(node.body)
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.Attribute)
            and isinstance(inner.ctx, ast.Store)
            and isinstance(inner.value, ast.Name)
            and inner.value.id == "self"
        ):
            yield inner.attr


def spans(text: str) -> Iterator[tuple[int, str]]:
    """Code spans with their lines; fenced blocks are examples and left out."""
    plain = _FENCE.sub(lambda match: "\n" * match.group().count("\n"), text)
    for number, line in enumerate(plain.splitlines(), 1):
        for match in _SPAN.finditer(line):
            yield number, match.group(1)


def drawing_code(svg: str) -> Iterator[str]:
    """What a drawing sets in the class `code`; raises ParseError when it is not well-formed."""
    for element in ElementTree.fromstring(svg).iter():
        if "code" in element.get("class", "").split() and element.text:
            yield element.text.strip()


def links(text: str) -> Iterator[str]:
    """Targets of links and pictures."""
    for match in _LINK.finditer(_FENCE.sub("", text)):
        yield match.group(1)


def anchors(text: str) -> set[str]:
    """What a link may name after # in this document, as forges make it of the headings."""
    found = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.replace(" ", "-"))
    return found


def unknown(span: str, names: Names, foreign: frozenset[str]) -> list[str]:
    """The words of a code span that look like ours and are not."""
    words = span.split()
    if len(words) > 1 and words[0] == "make":
        return [] if words[1] in names.targets or words[1] in foreign else [span]
    plain = (word.strip("[]{},;:\"'") for word in words)
    return [word for word in plain if word and word not in foreign and not _is_known(word, names)]


def _is_known(word: str, names: Names) -> bool:
    top = word.partition("/")[0]
    if "/" in word and _PATH.fullmatch(word) and any(f.startswith(top + "/") for f in names.files):
        return _has_path(word, names)
    if _FILE.fullmatch(word):
        return any(fnmatchcase(file.rpartition("/")[2], word) for file in names.files)
    if word.endswith("()"):
        word = word.removesuffix("()")
        if "." not in word:
            return word in names.functions
    if _DOTTED.fullmatch(word):
        return _has_dotted(word.split("."), names)
    if _NAME.fullmatch(word) and ("_" in word.strip("_") or _is_camel(word)):
        return word in names.words or word.removesuffix("_total") in names.words
    return True


def _has_path(word: str, names: Names) -> bool:
    if word.endswith("/") or "." not in word.rpartition("/")[2]:
        return any(f.startswith(word.rstrip("/") + "/") or f == word for f in names.files)
    return any(fnmatchcase(file, word) for file in names.files)


def _is_camel(word: str) -> bool:
    return word[:1].isupper() and not word.isupper() and len(word) > 1


def _has_dotted(parts: list[str], names: Names) -> bool:
    """package.module, module.name, Class.member or package.module.Class.member."""
    for cut in range(len(parts), 0, -1):
        module = ".".join(parts[:cut])
        found = [m for m in names.modules if m == module or m.endswith("." + module)]
        rest = parts[cut:]
        if found and (not rest or any(rest[0] in names.modules[m] for m in found)):
            return len(rest) < 2 or _has_member(rest[0], rest[1], names)
    return len(parts) == 2 and _has_member(parts[0], parts[1], names)


def _has_member(owner: str, member: str, names: Names) -> bool:
    return member in names.classes.get(owner, set())


def sent_events(tree: ast.AST) -> set[str]:
    """Names of the Socket.IO events that a module sends."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in _SENDERS:
            place = _SENDERS[_called(node)]
            if len(node.args) > place and isinstance(node.args[place], ast.Constant):
                found.add(str(ast.literal_eval(node.args[place])))
    return found


_SENDERS = {"Send": 1, "to_all": 0, "emit": 0, "tell_all": 1, "people": 0}


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def table_events(text: str, heading: str) -> set[str]:
    """The code spans in the first column of the table under a heading."""
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in _SPAN.findall(row)}
