"""How long from Join to the first frame: real joins in headless Chromium on this machine.

`python -m loadtest.browser.join` starts a server and a teacher, lets students join one after
another as the page lets them (camera and microphone on), and prints the percentiles as text and as
JSON.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from playwright.async_api import Browser

from loadtest.browser.chromium import chromium
from loadtest.browser.playwright_page import PlaywrightPage
from loadtest.figures.arithmetic import percentile
from loadtest.run import machine
from loadtest.run.local_server import LocalServer, local_server

CLASS = "join"
FIRST_FRAME_WITHIN = 20.0

# Notes in the page when Join was pressed, when the class appeared, and when the stage's video put
# its first frame up (requestVideoFrameCallback: decoded and handed to the compositor).
MARKS = """
globalThis.joinMarks = {};
addEventListener("click", (event) => {
  if (event.target.closest?.("[data-testid=join-button]")) joinMarks.pressed = performance.now();
}, true);
const watched = new WeakSet();
(function watch() {
  if (document.querySelector("[data-testid=class]")) joinMarks.joined ??= performance.now();
  for (const video of document.querySelectorAll("[data-testid=stage] video")) {
    if (watched.has(video)) continue;
    watched.add(video);
    video.requestVideoFrameCallback(() => (joinMarks.frame ??= performance.now()));
  }
  if (joinMarks.frame === undefined) requestAnimationFrame(watch);
})();
"""


@dataclass(slots=True)
class Percentiles:
    """Milliseconds."""

    p50: float
    p95: float
    worst: float


@dataclass(slots=True)
class JoinReport:
    """The result of one run, and the machine it ran on."""

    joins: int
    join_ms: Percentiles
    first_frame_ms: Percentiles
    browser: str
    machine: str


def summary(values: Sequence[float]) -> Percentiles:
    return Percentiles(
        p50=round(percentile(values, 0.5), 1),
        p95=round(percentile(values, 0.95), 1),
        worst=round(max(values), 1),
    )


async def one_join(browser: Browser, server: LocalServer, number: int) -> tuple[float, float]:
    """Milliseconds from the press of Join to the class's screen, and to the first frame."""
    name = f"Student {number}"
    visitor = await PlaywrightPage.take(
        browser, name, server.link(CLASS, "student", name, f"student-{number}")
    )
    await visitor.context.add_init_script(MARKS)
    await visitor.open()
    await visitor.find("join-button").click()

    async def has_frame() -> bool:
        return bool(await visitor.page.evaluate("joinMarks.frame !== undefined"))

    await visitor.until("shows the first frame", has_frame, FIRST_FRAME_WITHIN)
    marks = await visitor.page.evaluate("joinMarks")
    await visitor.leave()
    return marks["joined"] - marks["pressed"], marks["frame"] - marks["pressed"]


async def measure(joins: int) -> JoinReport:
    """Runs the whole measurement."""
    with tempfile.TemporaryDirectory() as directory:
        async with local_server(Path(directory)) as server, chromium() as browser:
            link = server.link(CLASS, "teacher", "Teacher", "teacher")
            teacher = await PlaywrightPage.take(browser, "Teacher", link)
            await teacher.join()
            await teacher.until("publishes the top layer", lambda: _publishes(teacher))
            taken = [await one_join(browser, server, number) for number in range(1, joins + 1)]
            version = browser.version
    return JoinReport(
        joins=joins,
        join_ms=summary([joined for joined, _ in taken]),
        first_frame_ms=summary([frame for _, frame in taken]),
        browser=f"Chromium {version}",
        machine=machine.describe(),
    )


async def _publishes(teacher: PlaywrightPage) -> bool:
    return any(layer["height"] == 720 for layer in (await teacher.stats())["outbound"])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--joins", type=int, default=20)
    parser.add_argument("--json", type=Path, help="also write the JSON to this file")
    options = parser.parse_args(arguments)
    report = asyncio.run(measure(options.joins))
    text = json.dumps(asdict(report), indent=2)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")
    for title, value in (("join", report.join_ms), ("first frame", report.first_frame_ms)):
        print(f"{title:12} p50 {value.p50:7.1f} ms   p95 {value.p95:7.1f} ms", file=sys.stderr)
    print(text)


if __name__ == "__main__":
    main()
