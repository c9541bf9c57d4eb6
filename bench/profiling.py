"""`make profile`: where each microsecond of a loaded server goes, by py-spy.

Starts a load, attaches py-spy to the server, and writes build/profile: `flame.svg` for the eye,
`stacks.txt` (raw) and `table.txt` (self time by kind of work and by function, in µs per copy).

Functions are sampled without stopping the server. Native code can only be read while it stands
still, for some ms each time: that tells the kinds of work, seldom and last, or the class would
fall apart and the profile show that.
"""

import argparse
import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import Request, urlopen

from bench import stacks
from loadtest.run.server_stats import parse as parse_metrics
from loadtest.run.server_stats import usage_of

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "build" / "profile"
PROGRAMS = Path(sys.executable).parent
RATE = 200  # samples a second, of a server that goes on
NATIVE_RATE = 25  # samples a second, each of which stops it
NATIVE_SECONDS = 16
READY_WITHIN = 180.0  # s: the clip may have to be made first, then everybody joins
UNSAMPLED_SECONDS = 5.0  # for µs per copy
FLAME_SECONDS = 8
MARGIN = 50  # s that the load outlasts what is sampled, all in all
STOPS_WITHIN = 30.0
PORT, TOKEN = "LIVECLASS_HTTP_PORT", "LIVECLASS_METRICS_TOKEN"


class ProfileError(Exception):
    """One line for whoever asked for a profile."""


@dataclass(slots=True)
class Server:
    """A loaded server of this machine."""

    pid: int
    url: str
    metrics_token: str = field(repr=False)

    def totals(self) -> tuple[float, int]:
        """CPU seconds and copies so far. Raises ProfileError when it is gone."""
        usage = usage_of(self.pid)
        if usage is None:
            raise ProfileError("the server is gone")
        headers = {"Authorization": f"Bearer {self.metrics_token}"}
        asked = Request(f"{self.url}/metrics?scope=worker", headers=headers)
        with urlopen(asked, timeout=5.0) as answer:
            sample, _ = parse_metrics(answer.read().decode(), 0.0)
        return usage.cpu_s, sample.copies


def children(pid: int) -> list[int]:
    """Of all threads of a process, and theirs."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, listed.read_text().split()):
                found += [child, *children(child)]
    return found


def serving(pid: int) -> Server | None:
    """The server among a load test's children: its variables tell port and token."""
    for child in children(pid):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            text = Path(f"/proc/{child}/environ").read_bytes().decode(errors="replace")
            settings = dict(one.partition("=")[::2] for one in text.split("\0"))
            if b"serve" in words and PORT in settings:
                return Server(child, f"http://127.0.0.1:{settings[PORT]}", settings[TOKEN])
    return None


@contextmanager
def loaded(viewers: int, seconds: int) -> Iterator[subprocess.Popen[str]]:
    """`liveclass loadtest --spawn`, ended in order."""
    command = [
        str(PROGRAMS / "liveclass"),
        *("loadtest", "--spawn", "--scenario", "class"),
        *("--viewers", str(viewers), "--duration", str(seconds)),
    ]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=STOPS_WITHIN)
        process.kill()


def measuring(process: subprocess.Popen[str]) -> Server:
    """Waits until all are in, as the load test says itself. Raises ProfileError."""
    assert process.stdout is not None
    limit = time.monotonic() + READY_WITHIN
    for line in process.stdout:
        print(line, end="", flush=True)
        if "measuring" in line:
            break
        if time.monotonic() > limit:
            raise ProfileError("the class did not fill in time")
    server = serving(process.pid)
    if server is None:
        raise ProfileError("the load test came to nothing: see above")
    return server


def record(pid: int, seconds: int, form: str, file: Path, *, native: bool = False) -> None:
    """py-spy for so long. Raises ProfileError with its words when it can't attach."""
    rate, how = (NATIVE_RATE, "--native") if native else (RATE, "--nonblocking")
    command = [
        str(PROGRAMS / "py-spy"),
        *("record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(rate)),
        *("--format", form, "--output", str(file), how),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise ProfileError(f"py-spy: {done.stderr.strip() or done.stdout.strip()}")


def profile(server: Server, seconds: int, *, native: bool) -> str:
    """Samples the server; the table as text."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    raw, native_raw = FOLDER / "stacks.txt", FOLDER / "native.txt"
    cpu, copies, began = *server.totals(), time.monotonic()
    select.select([], [], [], UNSAMPLED_SECONDS)
    cpu_after, copies_after = server.totals()
    lasted = time.monotonic() - began
    record(server.pid, seconds, "raw", raw)
    record(server.pid, FLAME_SECONDS, "flamegraph", FOLDER / "flame.svg")
    sampled = stacks.parse(raw.read_text())
    kinds = []
    if native:
        record(server.pid, NATIVE_SECONDS, "raw", native_raw, native=True)
        kinds = stacks.parse(native_raw.read_text())
    us = (cpu_after - cpu) / max(1, copies_after - copies) * 1e6
    lines = [
        f"{(copies_after - copies) / lasted:,.0f} copies/s, {(cpu_after - cpu) / lasted:.0%} of a "
        f"core, {us:.2f} µs per copy, {sum(count for _, count in sampled):,} samples",
        "",
        *(stacks.render("kind of work", stacks.by_kind(kinds), us) if kinds else ()),
        "",
        *stacks.render(
            "function, with what it calls outside Python", stacks.by_function(sampled), us
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Load, samples, files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=300)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--no-native", action="store_true", help="Python frames alone")
    options = parser.parse_args()
    try:
        with loaded(
            options.viewers, options.seconds + FLAME_SECONDS + NATIVE_SECONDS + MARGIN
        ) as process:
            table = profile(measuring(process), options.seconds, native=not options.no_native)
    except ProfileError as error:
        print(f"profile: {error}", file=sys.stderr)
        return 1
    (FOLDER / "table.txt").write_text(table)
    print(f"\n{table}\n{os.path.relpath(FOLDER)}: flame.svg, stacks.txt, table.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
