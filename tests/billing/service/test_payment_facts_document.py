"""docs/payments.md tells one payment's way as it is: each function is where the table says."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STEP = re.compile(r"^\| (\d+) \| `([\w.]+)` \| `([\w/.-]+)` \|", re.MULTILINE)


def steps() -> list[tuple[int, str, str]]:
    text = (ROOT / "docs" / "payments.md").read_text("utf-8")
    return [(int(step), name, file) for step, name, file in STEP.findall(text)]


def defined(text: str) -> set[str]:
    """The functions of a Python source, and the methods with their class."""
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    tree = ast.parse(text)
    methods = {
        f"{node.name}.{inner.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        for inner in node.body
        if isinstance(inner, functions)
    }
    return methods | {node.name for node in tree.body if isinstance(node, functions)}


def test_the_way_is_told_from_pay_to_enrolled() -> None:
    numbers = [step for step, _, _ in steps()]
    assert sorted(set(numbers)) == list(range(1, 15))
    assert numbers == sorted(numbers)


@pytest.mark.parametrize(("step", "name", "file"), steps())
def test_each_function_is_in_its_file(step: int, name: str, file: str) -> None:
    text = (ROOT / file).read_text("utf-8")
    if file.endswith(".py"):
        assert name in defined(text)
    else:
        owner, _, method = name.partition(".")
        assert re.search(rf"^export class {owner}\b", text, re.MULTILINE)
        assert re.search(rf"^  (async )?{method}\(", text, re.MULTILINE)
