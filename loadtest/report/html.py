"""One self-contained HTML page of a run: no script, nothing from the network."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

from loadtest.figures.arithmetic import Spread
from loadtest.figures.figures import BY_PATH
from loadtest.figures.formats import clock, formatted
from loadtest.figures.summary import Summary
from loadtest.figures.thresholds import Check, Thresholds, checks
from loadtest.records import RunRecord
from loadtest.report.plots import BOTS, JOINS, SERVER, VIEWERS, Material, Plot, draw
from loadtest.report.tables import all_figures, mark, reasons
from loadtest.report.verdict import RunVerdict, verdict

SECTIONS = (
    ("What viewers got", VIEWERS),
    ("What the server spent", SERVER),
    ("How people came in", JOINS),
    ("Whether the bots kept up", BOTS),
)
GO_WITHOUT_SAYING = ("joins.missing", "joins.without_picture")
HOW = (
    "Rates, loss, latency and freezes are of the measured part only; the rest is shaded. "
    "Percentiles are nearest-rank. Added latency runs from the publisher's send to the arrival, by "
    "the kernel's clock, of a frame's last packet at a sampled bot, which decrypts everything. "
    "A packet is lost when it has not come within a second, sent again or not."
)


def render(record: RunRecord, summary: Summary, limits: Thresholds | None = None) -> str:
    """The whole page; limits give tiles and figures their marks."""
    limits = limits or Thresholds()
    found, said = checks(summary, limits), verdict(summary, limits)
    given = Material(record, summary, found)
    body = (
        *_head(summary, said),
        *_tiles(summary, found),
        *_tested(summary),
        *(part for title, makers in SECTIONS for part in _plots(title, draw(given, makers))),
        *_tables(summary, found),
        *_foot(summary),
    )
    style = files("loadtest.report").joinpath("style.css").read_text("utf-8")
    title = escape(f"{summary.run.title or summary.run.scenario}: {said.headline}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<link rel="icon" href="data:,">\n<title>{title}</title>\n<style>\n{style}</style>\n'
        f"</head>\n<body>\n<main>\n{''.join(body)}</main>\n</body>\n</html>\n"
    )


def _text(words: str) -> str:
    """Escaped; a number stays beside its unit."""
    return re.sub(r"(?<=\d) (?=%|(?:ms|MB|kB|s|min)\b)", "&nbsp;", escape(words))


def _head(summary: Summary, said: RunVerdict) -> Iterator[str]:
    run = summary.run
    when = _when(run.started_at)
    yield "<header>\n"
    title = escape(run.title or run.scenario)
    yield f'<p class="eyebrow">liveclass load test · {title} · {when}</p>\n'
    yield f"<h1>{_text(said.headline)}</h1>\n"
    yield f'<p class="lead"><span class="mark {said.tone}">{escape(said.mark)}</span> '
    yield f"{_text(said.sentence)}</p>\n</header>\n"
    yield from _box("bad", "What was not kept", said.breaches)
    limits = [_sentence(text) for text in summary.bots.reasons]
    yield from _box("warm", "The bots were the limit, not the server", limits)
    drifts = summary.soak.drifts if summary.soak else ()
    yield from _box("warm", "What drifted", [_sentence(text) for text in drifts])
    yield from _box("", "Notes", summary.notes)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _box(tone: str, title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        items = "".join(f"<li>{_text(line)}</li>" for line in lines)
        yield f'<section class="box {tone}"><h2>{escape(title)}</h2><ul>{items}</ul></section>\n'


def _when(started_at: float) -> str:
    return datetime.fromtimestamp(started_at, UTC).strftime("%-d %B %Y, %H:%M UTC")


def _tiles(summary: Summary, found: dict[str, Check]) -> Iterator[str]:
    yield '<ul class="tiles">\n'
    shown = dict(_chosen(summary))
    silent = {path for path in GO_WITHOUT_SAYING if path in found and found[path].kept}
    also = {path: "" for path in found if path not in shown and path not in silent}
    for path, more in (shown | also).items():
        figure = BY_PATH[path]
        value = figure.text(summary)
        check = found.get(path)
        yield f'<li><span class="name">{escape(figure.label)}</span>'
        yield f'<span class="value">{escape(value)}</span>'
        yield f'<span class="more">{escape(more)}</span>'
        if check:
            limit = f"limit {check.limit_text}"
            yield f'<span class="limit">{escape(limit)} {mark(check)}</span>'
        yield "</li>\n"
    yield "</ul>\n"


def _chosen(summary: Summary) -> Iterator[tuple[str, str]]:
    """The figures that have a tile, with a line below each."""
    joins, media, server, memory = summary.joins, summary.media, summary.server, summary.memory
    added, frame = media.added_latency_ms, joins.first_frame_ms
    yield "media.added_latency_ms.p99", f"half within {_part(added, 'p50')}"
    yield "media.loss", f"{media.lost:,} of {media.lost + media.received:,} packets"
    yield "media.freezes", f"in {media.frames:,} frames"
    yield "joins.first_frame_ms.p95", f"half within {_part(frame, 'p50')}"
    yield "server.copies_per_s", f"{formatted(server.sent_mbit_per_s, 'Mbit/s')}"
    yield "server.cpu_share", "of one core"
    yield "server.us_per_copy", f"a full core: {formatted(server.copies_per_cpu_s, 'per s')}"
    yield "memory.kb_per_subscriber", f"{formatted(memory.max_mb, 'MB')} at most in all"


def _part(found: Spread | None, name: str) -> str:
    return formatted(getattr(found, name) if found else None, "ms")


def _tested(summary: Summary) -> Iterator[str]:
    run, bots = summary.run, summary.bots
    measured = f"{run.measure_to - run.measure_from:.0f} s measured, from {clock(run.measure_from)}"
    server = run.url + (", started for this run" if run.spawned else "")
    if run.server_core is not None:
        server += f", on core {run.server_core}"
    cores = ", ".join(str(core) for core in sorted(set(run.fleet_cores)))
    fleets = f"{summary.whole_run.bots:,} in {bots.fleets} processes"
    rows = {
        "Scenario": f"{run.title} ({run.scenario})" if run.title else run.scenario,
        "Viewers": f"{run.viewers:,}, {summary.joins.expected:,} people in all",
        "Length": f"{measured} to {clock(run.measure_to)} after the start",
        "Server": server,
        "Bots": fleets + (f", on core {cores}" if cores else ""),
        "Browsers": f"{summary.browsers.viewers} Chromium" if summary.browsers else "",
        "Machine": run.machine,
        "Commit": run.commit,
    }
    yield '<h2>What was tested</h2>\n<div class="card"><dl>\n'
    for name, text in rows.items():
        if text:
            yield f"<dt>{name}</dt><dd>{escape(text)}</dd>\n"
    if run.command:
        yield f"<dt>Command</dt><dd><code>{escape(run.command)}</code></dd>\n"
    yield "</dl></div>\n"


def _plots(title: str, plots: Sequence[Plot]) -> Iterator[str]:
    if not plots:
        return
    yield f'<h2>{escape(title)}</h2>\n<div class="plots">\n'
    for plot in plots:
        yield f'<figure>\n<h3 id="{plot.name}-title">{escape(plot.title)}</h3>\n'
        if plot.finding:
            yield f'<figcaption id="{plot.name}-finding">{_text(plot.finding)}</figcaption>\n'
        yield f"{plot.svg}\n</figure>\n"
    yield "</div>\n"


def _tables(summary: Summary, found: dict[str, Check]) -> Iterator[str]:
    yield "<h2>All figures</h2>\n"
    yield from all_figures(summary, found)
    yield from reasons(summary)
    if summary.browsers:
        yield from _box("warm", "What went wrong in browsers", summary.browsers.errors)


def _foot(summary: Summary) -> Iterator[str]:
    data = base64.b64encode(json.dumps(summary.to_json()).encode()).decode()
    name = f"loadtest-{re.sub('[^a-z0-9]+', '-', summary.run.scenario.lower())}.json"
    yield f"<footer>\n<p>{HOW}</p>\n"
    yield f'<p class="screen"><a download="{name}" href="data:application/json;base64,{data}">'
    yield "All figures and every second as JSON</a></p>\n</footer>\n"
