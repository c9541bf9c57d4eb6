"""The machine a test runs on: its cores, and how a report names it and the version."""

import contextlib
import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]


def cores() -> list[int]:
    """The cores this process may use."""
    return sorted(os.sched_getaffinity(0))


def describe(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Processor, cores, system and Python, for whoever reads a figure."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    count = os.cpu_count() or 1
    return (
        f"{_processor(cpuinfo)}, {count} core{'s' if count > 1 else ''}, {system}, "
        f"Python {platform.python_version()}"
    )


def _processor(cpuinfo: Path) -> str:
    try:
        lines = cpuinfo.read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else (platform.processor() or "unknown processor")


def version(root: Path = ROOT) -> str:
    """The commit of this checkout, "-dirty" when changed; else the package's version."""
    command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        if (root / ".git").exists():
            found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
            return found.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        pass
    return importlib.metadata.version("liveclass")


@contextlib.contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """This thread, and what it starts meanwhile, is kept on these; without cores, on any."""
    before = os.sched_getaffinity(0)
    if cores:
        os.sched_setaffinity(0, set(cores))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
