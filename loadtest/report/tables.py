"""The report's tables as HTML. Pure: no I/O, no clock."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from loadtest.figures.figures import BROWSERS, GROUPS, PARTS, TIMES, Figure, FigureGroup
from loadtest.figures.summary import Summary
from loadtest.figures.thresholds import Check


def mark(check: Check) -> str:
    """Whether a limit was kept, in a word and a colour."""
    if check.value is None:
        return '<span class="mark bad">unknown</span>'
    word, tone = ("kept", "good") if check.kept else ("over", "bad")
    return f'<span class="mark {tone}">{word}</span>'


def all_figures(summary: Summary, found: Mapping[str, Check]) -> Iterator[str]:
    """The times in one table, then one for each group; browsers only when there were some."""
    yield from _times(summary, found)
    for group in GROUPS:
        if group is not BROWSERS or summary.browsers:
            yield from _group(group, summary, found)


def _times(summary: Summary, found: Mapping[str, Check]) -> Iterator[str]:
    rows = [times for times in TIMES if times.known(summary)]
    if not rows:
        return
    limited = any(figure.path in found for times in rows for figure in times.figures)
    heads = "".join(f'<th scope="col" class="number">{word}</th>' for word in PARTS.values())
    yield '<div class="card wide"><table>\n<caption>Times in milliseconds</caption>\n<thead><tr>'
    yield f'<th scope="col">Time</th>{heads}{_LIMIT_HEAD * limited}{_ABOUT_HEAD}</tr></thead>\n'
    yield "<tbody>\n"
    for times in rows:
        cells = "".join(f'<td class="number">{_bare(f, summary)}</td>' for f in times.figures)
        own = [(part, found.get(f"{times.path}.{part}")) for part in PARTS]
        limits = ", ".join(f"{part} {_limit(check)}" for part, check in own if check)
        yield f'<tr><th scope="row">{escape(times.label)}</th>{cells}'
        yield f'<td class="limit">{limits}</td>' if limited else ""
        yield f'<td class="about">{escape(times.about)}</td></tr>\n'
    yield "</tbody></table></div>\n"


_LIMIT_HEAD = '<th scope="col">Limit</th>'
_ABOUT_HEAD = '<th scope="col" class="about">What it is</th>'


def _bare(figure: Figure, summary: Summary) -> str:
    """Without its unit, which the caption tells."""
    return figure.text(summary).removesuffix(" ms")


def _limit(check: Check | None) -> str:
    return f"{escape(check.limit_text)} {mark(check)}" if check else ""


def _group(group: FigureGroup, summary: Summary, found: Mapping[str, Check]) -> Iterator[str]:
    limited = any(figure.path in found for figure in group.figures)
    yield f'<div class="card wide"><table>\n<caption>{escape(group.title)}</caption>\n'
    yield '<thead><tr><th scope="col">Figure</th><th scope="col" class="number">Value</th>'
    yield f"{_LIMIT_HEAD * limited}{_ABOUT_HEAD}</tr></thead>\n<tbody>\n"
    for figure in group.figures:
        if figure.has_a_row(summary) or figure.path in found:
            yield _row(figure, summary, found.get(figure.path), limited)
    yield "</tbody></table></div>\n"


def _row(figure: Figure, summary: Summary, check: Check | None, limited: bool) -> str:
    return (
        f'<tr><th scope="row">{escape(figure.label)}</th>'
        f'<td class="number">{escape(figure.text(summary))}</td>'
        + (f'<td class="limit">{_limit(check)}</td>' if limited else "")
        + f'<td class="about">{escape(figure.about)}</td></tr>\n'
    )


def counts(title: str, columns: Sequence[str], rows: Mapping[str, Sequence[int]]) -> Iterator[str]:
    """Names with their counts; nothing when there are none."""
    if not rows:
        return
    heads = "".join(f'<th scope="col" class="number">{escape(name)}</th>' for name in columns)
    yield f'<div class="card wide"><table>\n<caption>{escape(title)}</caption>\n'
    yield f'<thead><tr><th scope="col"></th>{heads}</tr></thead>\n<tbody>\n'
    for name, values in rows.items():
        cells = "".join(f'<td class="number">{value:,}</td>' for value in values)
        yield f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>\n'
    yield "</tbody></table></div>\n"


def reasons(summary: Summary) -> Iterator[str]:
    """Why packets were dropped, joins failed and bots ended."""
    steady, run = summary.server.drops or {}, summary.server.drops_whole_run or {}
    drops = {reason: (steady.get(reason, 0), count) for reason, count in run.items()}
    yield from counts("What the server dropped, by reason", ("measured part", "whole run"), drops)
    failures = {code: (count,) for code, count in summary.joins.failures.items()}
    yield from counts("Who failed, by reason", ("people",), failures)
    left = {why: (count,) for why, count in summary.whole_run.left.items()}
    yield from counts("How bots ended", ("bots",), left)
