"""How the profiler finds the server that a load test has started."""

import os
import subprocess
import sys

from bench.profiling import serving


def test_the_server_is_the_child_that_serves_and_tells_port_and_token() -> None:
    settings = os.environ | {"LIVECLASS_HTTP_PORT": "8123", "LIVECLASS_METRICS_TOKEN": "t"}
    command = [sys.executable, "-c", "input()", "serve"]
    with subprocess.Popen(command, env=settings, stdin=subprocess.PIPE) as child:
        found = None
        while found is None and child.poll() is None:  # until it has become that program
            found = serving(os.getpid())
        child.communicate(b"\n")
    assert found is not None
    assert (found.pid, found.url) == (child.pid, "http://127.0.0.1:8123")
    assert found.metrics_token == "t"


def test_children_that_serve_nothing_are_no_server() -> None:
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert serving(os.getpid()) is None
        child.communicate(b"\n")
