"""The load test's runner with real processes and a stand-in for the server."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from rich.console import Console

from loadtest.cli.progress import Progress
from loadtest.plan.cast import cast
from loadtest.plan.scenario import FOLDER, parse
from loadtest.records import RunRecord
from loadtest.run import runner
from loadtest.run.processes import FleetError
from loadtest.run.runner import RunOptions, run
from loadtest.run.target import RunError, Target
from tests.interop import fleets

SHORT = {"viewers": 3, "duration": 1.0, "joins_per_s": 1000.0, "settle": 0.1}
MEASURED = 100.0  # s, of a run that is stopped before
METRICS = "process_cpu_seconds_total 1.5\nliveclass_worker_copies_sent_total 7\n"


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    """Where something answers like a liveclass server."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=METRICS if request.path == "/metrics" else "{}")

    app = web.Application()
    for path in ("/readyz", "/metrics"):
        app.router.add_get(path, answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


def order_of(fleet: Callable[..., None], name: str = "class", **more: object) -> RunOptions:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    return RunOptions(parse(text, name, {**SHORT, **more}), [], fleet=fleet)


async def ran(url: str, order: RunOptions, shown: type[Progress] = Progress) -> RunRecord:
    target = Target(url, "load", lambda identity, lifetime: f"token of {identity.name}")
    people = cast(order.scenario, lambda: 0.5)
    console = Console(file=io.StringIO())
    with shown("t", len(people.bots), people.measure_to, console) as progress:
        return await run(target, order, people, progress)


async def test_run_gathers_what_fleets_and_server_say(url: str) -> None:
    record = await ran(url, order_of(fleets.good))
    assert {one.name: one.participant for one in record.joined} == {
        "teacher": "id of teacher",
        "viewer-1": "id of teacher",
        "viewer-2": "id of teacher",
        "viewer-3": "id of teacher",
    }
    assert (record.expected, record.failed) == (4, [])
    assert {tick.fleet for tick in record.ticks} == {0, 1}
    assert {one.name for one in record.results} == {one.name for one in record.joined}
    assert record.asks_nothing == {"teacher"}
    assert record.measure_to - record.measure_from == pytest.approx(1.0)
    assert [sample.copies for sample in record.server] == [7] * len(record.server)
    assert len(record.server) >= 3
    assert any("does not tell" in note for note in record.notes)


@pytest.mark.parametrize(
    ("fleet", "told"),
    [
        (fleets.dies, r"fleet \d with \d bots? died \(exit code 7\)"),
        (fleets.raises, r"fleet \d failed: OSError: no more sockets"),
        (fleets.late, r"fleet 0, 1 was not ready within 1 s"),
    ],
)
async def test_fleet_that_fails_is_named(
    url: str, fleet: Callable[..., None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fleet is fleets.late:
        monkeypatch.setattr(runner, "READY_WITHIN", 1.0)
    with pytest.raises(FleetError, match=told):
        await ran(url, order_of(fleet))


async def test_latecomers_move_with_the_measured_part(url: str) -> None:
    storm = {"storm.joins": 4, "storm.within": 1.0, "storm.after": 0.5, "duration": 2.0}
    record = await ran(url, order_of(fleets.slow, "storm", **storm))
    came = sorted(one.at for one in record.joined if one.name.startswith("latecomer"))
    assert record.measure_from > 3.4  # planned for a moment after 2 s
    assert [at - record.measure_from for at in came] == pytest.approx(
        [0.5 + 0.25 * (n + 0.5) for n in range(4)]
    )
    assert (len(record.joined), record.expected) == (8, 8)
    assert record.measure_to - record.measure_from == pytest.approx(2.0)


async def test_refused_key_is_one_line(url: str) -> None:
    with pytest.raises(RunError, match=r"refuses the key: This link is not valid. \(bad_token\)"):
        await ran(url, order_of(fleets.refused))


async def test_fleet_without_results_leaves_a_note(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "FINISHED_WITHIN", 0.5)
    monkeypatch.setattr(runner, "ENDS_WITHIN", 0.5)
    record = await ran(url, order_of(fleets.speechless))
    assert record.notes[0].startswith("Results are incomplete: fleet 0, 1 did not finish within")


async def test_stopped_run_ends_in_order_with_what_there_is(url: str) -> None:
    order = order_of(fleets.good, duration=MEASURED)

    class Impatient(Progress):
        """Says stop a second after the measurement has begun."""

        def phase(self, name: str) -> None:
            super().phase(name)
            if name == "measuring":
                asyncio.get_running_loop().call_later(1.0, order.stop.set)

    record = await ran(url, order, Impatient)
    assert len(record.results) == 4
    assert any(note.startswith("Interrupted after") for note in record.notes)
    assert record.measure_from < record.measure_to < record.measure_from + MEASURED / 2


async def test_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(RunError, match=r"cannot reach http://127\.0\.0\.1:9"):
        await ran("http://127.0.0.1:9", order_of(fleets.good))


async def test_something_else_is_no_liveclass_server() -> None:
    async with TestServer(web.Application()) as server:
        with pytest.raises(RunError, match="no liveclass server: /readyz answers 404"):
            await ran(str(server.make_url("")).rstrip("/"), order_of(fleets.good))
