"""An nginx of the tests' own on a loopback port, before a server of theirs."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from loadtest.run.local_server import HOST, free_port

READY_WITHIN = 60.0
BARE = ""
# As docs/operations.md says.
UPGRADING = """
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
"""


def program() -> str:
    """nginx, or the test is skipped and says why."""
    found = os.environ.get("LIVECLASS_NGINX")
    if not found:
        pytest.skip("LIVECLASS_NGINX is not set: see tools/need.sh nginx")
    return found


def configuration(port: int, upstream: str, more: str) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "".join(f"  {kind}_temp_path {kind};\n" for kind in kinds)
    return f"""daemon off; master_process off; pid nginx.pid; error_log stderr;
events {{}}
http {{
  access_log off;
{folders}  server {{
    listen {HOST}:{port};
    location / {{
      proxy_pass {upstream};
{more}    }}
  }}
}}
"""


@asynccontextmanager
async def nginx(folder: Path, upstream: str, more: str = BARE) -> AsyncIterator[str]:
    """A proxy to a server; the address it is reached by."""
    port = free_port(socket.SOCK_STREAM, HOST)
    (folder / "nginx.conf").write_text(configuration(port, upstream, more))
    process = await asyncio.create_subprocess_exec(
        *(program(), "-p", str(folder), "-c", "nginx.conf", "-e", "stderr"),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(READY_WITHIN):
            while not await _answers(port):
                assert process.returncode is None, "nginx does not start"
                await asyncio.sleep(0.02)
        yield f"http://{HOST}:{port}"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
