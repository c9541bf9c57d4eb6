"""How a report names the machine and the version."""

import subprocess
from pathlib import Path

from loadtest import machine


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
