"""A PostgreSQL server of the tests' own, reached by a socket in its folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SYSTEM_USER = "postgres"  # the server does not run as root; Debian's package makes this user
# Nothing here outlives the tests, so nothing need reach the disk.
OPTIONS = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """A running server: how a database of it is reached, with {} for its name."""
    folder = Path(tempfile.mkdtemp(prefix="liveclass-pg-"))
    data = folder / "data"
    try:
        _own(folder)
        _run(programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync")
        options = f"{OPTIONS} -c unix_socket_directories={folder}"
        _run(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
        try:
            yield f"postgresql://postgres@/{{}}?host={folder}"
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: object) -> None:
    """Runs a program of the server as who it may run as; raises CalledProcessError."""
    user = SYSTEM_USER if os.geteuid() == 0 else None
    subprocess.run(
        [str(part) for part in command],
        check=True,
        user=user,
        group=user,
        extra_groups=[] if user else None,
        cwd="/",
        stdout=subprocess.DEVNULL,
    )


def _own(folder: Path) -> None:
    if os.geteuid() == 0:
        entry = pwd.getpwnam(SYSTEM_USER)
        os.chown(folder, entry.pw_uid, entry.pw_gid)
