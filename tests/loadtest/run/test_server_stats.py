"""The server's figures: read from what it really writes, and never an error when they are not."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from liveclass.health import process
from liveclass.metrics import Scope
from loadtest.run.server_stats import ServerWatch, StatsError, parse, usage_of
from sfu.stalls import Stalls
from sfu.stats import WorkerSnapshot
from tests.support import scrapes


def scraped() -> str:
    return asyncio.run(scrape_of_the_worker())


async def scrape_of_the_worker() -> str:
    sources = scrapes.sources(
        WorkerSnapshot(10, 11, 12, 13, 14, 15, drops={"backlog": 3, "no_route": 4}),
        stalls=Stalls(count=2, longest=0.05),
    )
    sources.process = process.collect
    return await scrapes.text_of(sources, Scope.WORKER)


def without(text: str, name: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith(name)) + "\n"


def test_what_the_server_writes_is_understood() -> None:
    sample, missing = parse(scraped(), 3.0)
    assert missing == []
    assert sample.at == 3.0
    assert sample.drops == {"backlog": 3, "no_route": 4}
    assert (sample.stalls, sample.longest_stall_ms) == (2, 50.0)
    assert {sample.copies, sample.packets_in, sample.bytes_out} <= set(range(10, 16))
    assert sample.cpu_s > 0
    assert sample.rss_bytes is not None
    assert sample.rss_bytes > 1_000_000


def test_missing_figures_are_named() -> None:
    text = without(scraped(), "liveclass_loop_stalls_total")
    sample, missing = parse(text, 0.0)
    assert missing == ["liveclass_loop_stalls_total"]
    assert sample.stalls is None


def test_figures_that_are_missing_are_not_zero() -> None:
    sample, missing = parse(
        "process_cpu_seconds_total 1.5\nliveclass_worker_copies_sent_total 7\n", 0.0
    )
    assert (sample.rss_bytes, sample.packets_in, sample.bytes_out) == (None, None, None)
    assert (sample.drops, sample.stalls, sample.longest_stall_ms) == (None, None, None)
    assert "liveclass_worker_drops_total" in missing
    assert len(missing) == 6


def test_a_server_that_dropped_nothing_says_so() -> None:
    text = scraped()
    nothing = "\n".join(
        line for line in text.splitlines() if not line.startswith("liveclass_worker_drops_total{")
    )
    sample, missing = parse(nothing + "\n", 0.0)
    assert (sample.drops, missing) == ({}, [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "/metrics has no process_cpu_seconds_total and no liveclass_worker_copies_sent_total"),
        ("<html>nothing here</html>", "/metrics"),
        (without(scraped(), "process_cpu_seconds_total"), "/metrics has no process_cpu_seconds"),
    ],
)
def test_without_what_is_needed_there_is_no_sample(text: str, told: str) -> None:
    with pytest.raises(StatsError) as caught:
        parse(text, 0.0)
    assert str(caught.value).startswith(told)


def test_process_is_read_from_proc(tmp_path: Path) -> None:
    folder = tmp_path / "5"
    folder.mkdir()
    numbers = " ".join(str(n) for n in range(1, 50))
    (folder / "stat").write_text(f"5 (a ) (b) S {numbers}")
    (folder / "statm").write_text("100 7 3")
    usage = usage_of(5, tmp_path)
    assert usage is not None
    # Fields 14 and 15 of proc(5); the fourth, after the state, is 1 here.
    assert usage.cpu_s == pytest.approx((11 + 12) / 100)
    assert usage.rss_bytes == 7 * 4096
    assert usage_of(6, tmp_path) is None


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_says_which_options_help(status: int) -> None:
    async def refuse(request: web.Request) -> web.Response:
        assert request.query["scope"] == "worker"
        assert request.headers["Authorization"] == "Bearer wrong"
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/own", refuse)
    async with TestServer(app) as server:
        watch = ServerWatch(str(server.make_url("/own")), lambda: 0.0, token="wrong")
        await watch.take()
    (note,) = watch.notes
    assert "--metrics-token" in note
    assert "--metrics-url" in note


def test_nothing_to_say_before_the_first_answer() -> None:
    assert ServerWatch("http://127.0.0.1:1/metrics", lambda: 0.0).notes == []
