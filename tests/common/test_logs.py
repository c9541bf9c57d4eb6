"""What reaches the log, and what never does."""

import io
import json
import logging
from collections.abc import Iterator

import pytest

from common import logs


@pytest.fixture(autouse=True)
def _root_logger_restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_are_json_without_secrets_when_not_on_a_terminal() -> None:
    stream = io.StringIO()
    logs.configure("info", stream)
    logs.get_logger("test").info("joined", token="t0ken", Resume="r3sume", participant="p1")
    (line,) = lines(stream)
    assert line["event"] == "joined"
    assert line["participant"] == "p1"
    assert "t0ken" not in stream.getvalue()
    assert "r3sume" not in stream.getvalue()


def test_libraries_write_the_same_way_and_below_the_level_nothing() -> None:
    stream = io.StringIO()
    logs.configure("warning", stream)
    logging.getLogger("aiohttp.server").warning("from %s", "aiohttp")
    logging.getLogger("aiohttp.server").info("quiet")
    assert [line["event"] for line in lines(stream)] == ["from aiohttp"]


def test_what_strangers_cause_is_a_line_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    stream = io.StringIO()
    monkeypatch.setattr(logs.StrangersLines.__init__, "__defaults__", (lambda: now[0],))
    logs.configure("info", stream)
    hub, library = logs.get_logger("signalling.hub"), logging.getLogger("aiohttp.server")
    for _ in range(500):
        hub.info("connection.refused", code="bad_token")
        library.error("Error handling request")
        hub.info("class.joined")
    written = [line["event"] for line in lines(stream)]
    assert written.count("class.joined") == 500
    assert len(written) == 500 + 20
    now[0] += 2.0
    for _ in range(500):
        hub.info("connection.refused", code="bad_token")
    assert len(lines(stream)) == 500 + 20 + 2


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_tracebacks_do_not_print_the_values_of_variables(stream: io.StringIO) -> None:
    logs.configure("info", stream)
    given = "".join(("corr", "ect horse"))
    try:
        raise ValueError(f"no password of {len(given)} characters")
    except ValueError as error:
        logs.get_logger("test").error("request.failed", exc_info=error)
    assert "no password of 13 characters" in stream.getvalue()
    assert given not in stream.getvalue()
