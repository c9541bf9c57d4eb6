"""The kept inputs of each target, and what a seed, a finding and a past crash are called.

`seed-…` is written by tests.fuzz.seeds, `found-…` by `--keep`; `crash-…` has failed once and is
named by hand after what was wrong. Nothing is read twice: the same bytes are kept once.
"""

import hashlib
from importlib import import_module
from pathlib import Path
from typing import cast

from tests.fuzz.harness import Target

NAMES = ("stun", "rtp", "rtcp", "dtls", "srtp", "sdp", "socket_io")
FOLDER = Path(__file__).parent / "corpus"
MOST_FILES = 60
MOST_BYTES = 100_000


def load_target(name: str) -> Target:
    """The module of a surface."""
    return cast(Target, import_module(f"tests.fuzz.{name}"))


def folder(name: str) -> Path:
    """Where a target's corpus lies."""
    return FOLDER / name


def load(name: str) -> dict[str, bytes]:
    """The corpus by file name."""
    return {path.name: path.read_bytes() for path in sorted(folder(name).iterdir())}


def write(name: str, file: str, data: bytes) -> None:
    """Keeps one input."""
    folder(name).mkdir(parents=True, exist_ok=True)
    (folder(name) / file).write_bytes(data)


def name_of(data: bytes) -> str:
    """What a finding is called."""
    return f"found-{hashlib.sha256(data).hexdigest()[:12]}"
