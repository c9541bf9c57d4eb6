"""A run's figures as tables for the terminal, at 80 columns or more. Pure: no I/O, no clock."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from loadtest.figures.figures import BY_PATH, JOINS, PARTS, QUALITY
from loadtest.figures.formats import formatted, percent
from loadtest.figures.summary import Summary
from loadtest.figures.thresholds import Check, Thresholds, breaches, checks

# Rows of single figures; those of a part that the run does not have are left out.
SINGLES = (
    "joins.missing",
    "joins.without_media",
    "joins.without_picture",
    "media.loss",
    "media.freezes",
    "media.nacks",
    "media.plis",
    "server.copies_per_s",
    "server.cpu_share",
    "server.us_per_copy",
    "server.copies_per_cpu_s",
    "server.stalls",
    "memory.end_mb",
    "memory.kb_per_subscriber",
    "soak.memory_mb_per_h",
    "browsers.fps_median",
    "browsers.freezes",
)

Checks = dict[str, Check]


def table(summary: Summary, limits: Thresholds) -> RenderableType:
    """Everything a terminal should say of a run; good or bad is told only where a limit is."""
    found = checks(summary, limits)
    return Group(
        _head(summary), _times(summary, found), _singles(summary, found), *_words(summary, limits)
    )


def _head(summary: Summary) -> Text:
    run, joins = summary.run, summary.joins
    text = Text()
    text.append(run.title or run.scenario, style="bold")
    measured = max(0.0, run.measure_to - run.measure_from)
    text.append(f"\n{joins.joined:,} of {joins.expected:,} joined, {measured:.0f} s measured")
    where = " · ".join(part for part in (run.url, run.machine, run.commit) if part)
    text.append(f"\n{where}\n", style="dim")
    return text


def _frame(*columns: str, limits: bool) -> Table:
    made = Table(box=None, pad_edge=False, show_header=any(columns))
    made.add_column("", no_wrap=True, min_width=22)
    for name in columns:
        made.add_column(name, justify="right", no_wrap=True, header_style="dim")
    if limits:
        made.add_column("limit", no_wrap=True, header_style="dim")
    return made


def _times(summary: Summary, found: Checks) -> Table:
    rows = [times for group in (JOINS, QUALITY) for times in group.times]
    limited = any(figure.path in found for times in rows for figure in times.figures)
    made = _frame(*PARTS.values(), limits=limited)
    for times in rows:
        own = [found[figure.path] for figure in times.figures if figure.path in found]
        if times.known(summary) or own:
            limit = Text(", ").join(_limit(check, named=True) for check in own)
            texts = (figure.text(summary) for figure in times.figures)
            made.add_row(times.label, *texts, *[limit] * limited)
    made.add_row()
    return made


def _singles(summary: Summary, found: Checks) -> Table:
    limited = any(path in found for path in SINGLES)
    made = _frame("", limits=limited)
    for path in SINGLES:
        figure = BY_PATH[path]
        if not figure.has_a_row(summary) and path not in found:
            continue
        limit = _limit(found[path]) if path in found else Text()
        made.add_row(figure.label, figure.text(summary), *[limit] * limited)
    return made


def _limit(check: Check, named: bool = False) -> Text:
    name = f"{check.figure.path.rpartition('.')[2]} " if named else ""
    text = Text(f"{name}≤ {check.limit_text} ")
    word, style = ("ok", "green") if check.kept else ("over", "bold red")
    if check.value is None:
        word = "unknown"
    return text.append(word, style=style)


def _words(summary: Summary, limits: Thresholds) -> Iterator[Text]:
    broken = breaches(summary, limits)
    yield Text()
    if limits.any and not broken:
        yield Text("All limits were kept.", style="green")
    for breach in broken:
        yield Text(breach, style="bold red")
    yield _bots(summary)
    if summary.soak:
        drifts = summary.soak.drifts
        yield Text("Nothing drifted." if not drifts else "Drifted: " + "; ".join(drifts))
    for note in summary.notes:
        yield Text(f"Note: {note}", style="dim")


def _bots(summary: Summary) -> Text:
    bots = summary.bots
    if bots.were_the_limit is None:
        return Text("The bots told nothing of their own load.")
    if bots.were_the_limit:
        reasons = "; ".join(bots.reasons)
        return Text(f"The bots were the limit, not the server: {reasons}.", style="bold yellow")
    busiest = percent(bots.busiest_fleet or 0.0)
    lag = formatted(bots.lag_ms.p99 if bots.lag_ms else None, "ms")
    return Text(f"The bots were not the limit: {busiest} of a core, packets read {lag} late.")
