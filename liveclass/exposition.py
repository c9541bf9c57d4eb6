"""Prometheus's text format, written line by line so that a large scrape can be made in slices.

Format 0.0.4: the samples of a family stay together, so a family keeps its lines until it is
written. Pure: no I/O, no clock.
"""

from collections.abc import Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def label_text(labels: Mapping[str, str]) -> str:
    """The labels of a sample, made once for all families that share them."""
    if not labels:
        return ""
    pairs = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


class Family:
    """One metric with its samples; a counter's name ends in _total by itself."""

    __slots__ = ("_head", "_lines", "name")

    def __init__(self, name: str, text: str, kind: str = "gauge") -> None:
        self.name = f"{name}_total" if kind == "counter" else name
        self._head = f"# HELP {self.name} {text}\n# TYPE {self.name} {kind}\n"
        self._lines: list[str] = []

    def add(self, value: float, labels: str = "") -> None:
        """One sample; `labels` comes from label_text."""
        self._lines.append(f"{self.name}{labels} {float(value)!r}\n")

    def text(self) -> str:
        """The family as it is sent."""
        return self._head + "".join(self._lines)


def single(name: str, text: str, kind: str, value: float) -> Family:
    """A family with one sample without labels."""
    family = Family(name, text, kind)
    family.add(value)
    return family


def by_label(name: str, text: str, kind: str, label: str, values: Mapping[str, float]) -> Family:
    """A family with one label, in the order of its values."""
    family = Family(name, text, kind)
    for key, value in sorted(values.items()):
        family.add(value, label_text({label: key}))
    return family
