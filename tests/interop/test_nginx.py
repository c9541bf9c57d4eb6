"""Behind a real proxy: pages and classes work, and metrics ask for their token all the same."""

from pathlib import Path

import aiohttp
import pytest

from common.roles import Role
from tests.interop.nginx import UPGRADING, nginx
from tests.support.sio_client import READER, ClassClient, class_server, token_for

# One loop for the module: engineio's ping tasks outlive their sockets by up to PING_INTERVAL.
pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "class.example"


async def joined_by(url: str, **headers: str) -> ClassClient:
    """A teacher who is in the class."""
    client = ClassClient()
    auth = {"token": token_for("asha", Role.TEACHER)}
    await client.sio.connect(url, auth=auth, transports=["websocket"], headers=headers)
    await client.say("video-join", classId="demo")
    return client


@pytest.mark.parametrize("token", [None, "let me read"])
async def test_a_bare_proxy_pass_opens_no_metrics(tmp_path: Path, token: str | None) -> None:
    async with (
        class_server(tmp_path, metrics_token=token) as server,
        nginx(tmp_path, server.url) as proxy,
        aiohttp.ClientSession() as http,
    ):
        async with http.get(f"{server.url}/metrics") as direct, http.get(f"{proxy}/metrics") as by:
            assert {direct.status, by.status} == ({403} if token is None else {401})
            assert "liveclass_" not in await by.text()
        async with http.get(f"{proxy}/metrics", headers=READER) as response:
            assert response.status == (403 if token is None else 200)
        async with http.get(f"{proxy}/class/demo") as response:
            assert "<script" in await response.text()
        # it passes no Upgrade on, and there is no polling to fall back on
        async with http.get(f"{proxy}/socket.io/?EIO=4&transport=polling") as response:
            assert response.status == 400


async def test_a_proxy_as_documented_passes_sockets_and_the_name(tmp_path: Path) -> None:
    async with (
        class_server(tmp_path, public_url=f"https://{NAME}") as server,
        nginx(tmp_path, server.url, UPGRADING) as proxy,
        aiohttp.ClientSession() as http,
    ):
        client = await joined_by(proxy, Host=NAME, Origin=f"http://{NAME}")
        await client.sio.disconnect()
        for host, status in {NAME: 200, "evil.example": 421}.items():
            async with http.get(proxy, headers={"Host": host}) as response:
                assert response.status == status
