"""Drawings by matplotlib as SVG that stands in a page: its colours and its font, no foreign ids."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# Each colour of a drawing stands for a property of the page, so that one drawing serves both
# schemes: the colours themselves are never seen.
TEXT, QUIET, LINE = "#010101", "#020202", "#030303"
FIRST, SECOND, THIRD, LIMIT = "#040404", "#050505", "#060606", "#070707"
PROPERTIES = {
    TEXT: "--text",
    QUIET: "--quiet",
    LINE: "--line",
    FIRST: "--first",
    SECOND: "--second",
    THIRD: "--third",
    LIMIT: "--limit",
}

WIDTH, HEIGHT = 400, 225  # px of the drawing; the page scales it
SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "liveclass",
    "font.size": 11.5,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": LINE,
    "axes.linewidth": 1.0,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "text.color": TEXT,
    "xtick.color": LINE,
    "xtick.labelcolor": QUIET,
    "ytick.color": LINE,
    "ytick.labelcolor": QUIET,
    "ytick.left": False,
    "lines.linewidth": 1.6,
    "lines.solid_joinstyle": "round",
    "legend.frameon": False,
    "legend.fontsize": 11,
    "legend.labelcolor": QUIET,
}


@contextmanager
def drawing(panels: int = 1, height: int = HEIGHT) -> Iterator[tuple[Figure, list[Axes]]]:
    """A figure with panels one below the other, sharing their horizontal axis."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        axes = figure.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]
        yield figure, list(axes)


def inline(figure: Figure, name: str, labels: str) -> str:
    """As an `svg` element; `name` keeps its ids apart, `labels` are ids of its labels."""
    with matplotlib.rc_context(SETTINGS):
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return _for_a_page(written.getvalue(), name, labels)


def _for_a_page(svg: str, name: str, labels: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<(metadata|style)\b.*?</\1>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    svg = re.sub(r'(xlink:)?href="#', f'href="#{name}-', svg)
    svg = re.sub(r"font-family: [^;\"]*;?", "", svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    for colour, prop in PROPERTIES.items():
        svg = svg.replace(colour, f"var({prop})")
    box = re.search(r'viewBox="[^"]*"', svg)
    assert box is not None
    opening = f'<svg class="plot" {box.group()} role="img" aria-labelledby="{labels}">'
    return opening + svg[svg.index(">") + 1 :].strip()
