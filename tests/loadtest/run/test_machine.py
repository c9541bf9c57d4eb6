"""How a report names the machine and the version."""

import os
import subprocess
import sys
from pathlib import Path

from loadtest.run import machine


def test_machine_is_described_with_its_processor(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name\t: Fast One 9000\n")
    found = machine.describe(cpuinfo)
    assert found.startswith("Fast One 9000, ")
    assert f"{len(machine.cores())} core" in found
    assert "Python 3." in found


def test_machine_without_cpuinfo_is_described_all_the_same(tmp_path: Path) -> None:
    assert "core" in machine.describe(tmp_path / "none")


def test_version_is_the_commit_or_the_package() -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=machine.ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert machine.version().removesuffix("-dirty") in head
    assert machine.version(Path(__file__).parent) == "0.1.0"


def test_a_process_started_meanwhile_stays_on_the_core_and_we_do_not() -> None:
    own = os.sched_getaffinity(0)
    core = max(own)
    command = [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"]
    with machine.on_cores([core]):
        told = subprocess.run(command, check=True, capture_output=True, text=True)
    assert told.stdout.split() == [str(core)]
    assert os.sched_getaffinity(0) == own


def test_no_cores_means_any_core() -> None:
    own = os.sched_getaffinity(0)
    with machine.on_cores([]):
        assert os.sched_getaffinity(0) == own
