"""How the profiler finds the server that a load test has started."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from bench.profiling import children, serving

# Starts the given program as a child and waits: the test's process may have other servers.
PARENT = "import subprocess, sys; subprocess.run(sys.argv[1:])"


@contextmanager
def parent_of(*program: str, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose only child runs the program, until its input ends."""
    command = [sys.executable, "-c", PARENT, *program]
    env = os.environ | settings
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE) as parent:
        yield parent
        parent.communicate(b"\n")


def test_the_server_is_the_child_that_serves_and_tells_port_and_token() -> None:
    settings = {"LIVECLASS_HTTP_PORT": "8123", "LIVECLASS_METRICS_TOKEN": "t"}
    with parent_of(sys.executable, "-c", "input()", "serve", **settings) as parent:
        found = None
        while found is None and parent.poll() is None:  # until it has become that program
            found = serving(parent.pid)
    assert found is not None
    assert found.pid != parent.pid
    assert found.url == "http://127.0.0.1:8123"
    assert found.metrics_token == "t"


def test_children_that_serve_nothing_are_no_server() -> None:
    with parent_of(sys.executable, "-c", "input()") as parent:
        while not list(children(parent.pid)) and parent.poll() is None:
            pass
        assert serving(parent.pid) is None
