"""The whole load test as it is typed: a server of its own, bots, figures, reports, exit status."""

import asyncio
import json
import sys
from pathlib import Path

CLASS = ("--spawn", "--quiet", "--viewers", "8", "--duration", "5")
LIVECLASS = Path(sys.executable).parent / "liveclass"


async def typed(*arguments: str) -> tuple[int, str, str]:
    """Exit status, what was printed, and what was printed as an error."""
    process = await asyncio.create_subprocess_exec(
        LIVECLASS,
        "loadtest",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_a_class_is_measured_and_reported(tmp_path: Path) -> None:
    figures, page = tmp_path / "out.json", tmp_path / "out.html"
    status, out, err = await typed(
        *CLASS, "--max-loss", "50%", "--json", str(figures), "--html", str(page)
    )
    assert (status, err) == (0, "")
    assert "9 of 9 joined, 5 s measured" in out
    found = json.loads(figures.read_text("utf-8"))
    assert (found["joined"], found["failed"], found["without_media"]) == (9, 0, 0)
    assert found["spawned"]
    assert found["copies_per_s"] > 8 * 50
    assert found["server_cpu_s"] > 0
    assert 0 < found["added_latency_ms"]["p50"] < 5_000  # is in ms
    assert found["first_frame_ms"]["count"] == 8
    assert found["frames"] > 8 * 5 * 10
    assert found["whole_run"]["undecryptable"] == 0
    html = page.read_text("utf-8")
    assert html.startswith("<!doctype html>")
    assert "One teacher, many viewers" in html


async def test_a_broken_limit_is_the_exit_status() -> None:
    status, out, err = await typed(*CLASS, "--duration", "3", "--max-p99", "0.001")
    assert (status, err) == (1, "")
    assert "is above the limit" in out
