"""Metrics on a port of this machine's own: open there, for a name of this machine."""

import socket
from pathlib import Path

import aiohttp
import pytest

from common.config import ConfigError
from loadtest.run.local_server import free_port
from tests.support.sio_client import class_server

pytestmark = pytest.mark.interop

LOOPBACK = "127.0.0.1"


async def test_the_own_port_tells_metrics_without_a_token_and_nothing_else(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_STREAM, LOOPBACK)
    own = f"http://{LOOPBACK}:{port}"
    async with (
        class_server(tmp_path, metrics_port=port, metrics_token=None) as server,
        aiohttp.ClientSession() as http,
    ):
        async with http.get(f"{own}/metrics?scope=worker") as response:
            assert "liveclass_worker_copies_sent_total" in await response.text()
        async with http.get(f"{own}/healthz") as response:
            assert response.status == 200
        for path in ("/", "/class/demo", "/socket.io/?EIO=4&transport=polling", "/api/me"):
            async with http.get(own + path) as response:
                assert response.status == 404
        async with http.get(f"{server.url}/metrics") as response:
            assert response.status == 403


async def test_a_page_that_rebinds_its_name_reads_no_metrics(tmp_path: Path) -> None:
    port = free_port(socket.SOCK_STREAM, LOOPBACK)
    url = f"http://{LOOPBACK}:{port}/metrics"
    async with class_server(tmp_path, metrics_port=port), aiohttp.ClientSession() as http:
        for host, status in {f"localhost:{port}": 200, f"evil.example:{port}": 421}.items():
            async with http.get(url, headers={"Host": host}) as response:
                assert response.status == status


async def test_a_taken_port_stops_the_start_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"LIVECLASS_METRICS_PORT: cannot use 127.*{port}: "):
            async with class_server(tmp_path, metrics_port=port):
                pass
