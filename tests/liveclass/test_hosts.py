"""Which Host a request may name: ours, or an address; everything else is somebody else's page."""

from pathlib import Path

import aiohttp
import pytest

from liveclass.config import Settings
from liveclass.hosts import EXEMPT, host_name, is_allowed, known_hosts
from tests.support.sio_client import ClassServer, class_server

OURS = Settings(
    public_url="https://Class.Example:8443/",
    http_host="inner.example",
    allowed_hosts=["backend", "Other.Example."],
)
SOCKET_IO = "/socket.io/?EIO=4&transport="


@pytest.mark.parametrize(
    "header",
    [
        *("class.example", "class.example:8443", "CLASS.example.", "inner.example:1", "backend"),
        *("other.example", "localhost", "localhost:8080", "127.0.0.1", "127.0.0.1:8080"),
        *("203.0.113.5:80", "[::1]", "[::1]:8080", "[2001:db8::7]:443", "localhost:"),
    ],
)
def test_our_names_and_addresses_are_ours(header: str) -> None:
    assert is_allowed([header], known_hosts(OURS))


@pytest.mark.parametrize(
    "header",
    [
        *("evil.example", "class.example.evil.example", "xclass.example", "a.localhost", ""),
        *("class.example:8443:1", "class.example:x", "class.example/", "a@class.example"),
        *("[::1", "::1", "[class.example]", "[]", "127.0.0.1.evil.example", "127.0.0.1x", "."),
        *("class.example..", " class.example", "class.example,evil.example", "2130706433"),
    ],
)
def test_other_names_are_not(header: str) -> None:
    assert not is_allowed([header], known_hosts(OURS))


def test_a_request_has_one_host() -> None:
    assert not is_allowed([], known_hosts(OURS))
    assert not is_allowed(["backend", "backend"], known_hosts(OURS))


def test_without_settings_this_machine_has_its_usual_names() -> None:
    assert known_hosts(Settings()) == {"127.0.0.1", "localhost"}
    assert host_name("[::1]:5") == "::1"


@pytest.mark.interop
@pytest.mark.parametrize(
    "path",
    [
        *("/", "/class/demo", "/static/js/class/main.js", "/metrics", "/nothing"),
        *(SOCKET_IO + "polling", SOCKET_IO + "websocket"),
    ],
)
async def test_a_rebound_name_reaches_no_page_and_opens_no_socket(
    tmp_path: Path, path: str
) -> None:
    async with class_server(tmp_path) as server, aiohttp.ClientSession() as http:
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        socket = upgrade if "websocket" in path else {}
        headers = {"Host": "evil.example", "Origin": "http://evil.example", **socket}
        async with http.get(server.url + path, headers=headers) as response:
            assert response.status == 421
            assert "LIVECLASS_ALLOWED_HOSTS" in await response.text()
        assert len(server.hub.sessions) == 0
        assert await refusals(server, http) == 1


async def refusals(server: ClassServer, http: aiohttp.ClientSession) -> int:
    headers = {"Authorization": "Bearer let me read"}
    async with http.get(f"{server.url}/metrics", headers=headers) as response:
        found = [line for line in (await response.text()).splitlines() if "unknown_host" in line]
    return int(float(found[0].split()[1]))


@pytest.mark.interop
async def test_load_balancers_may_ask_by_any_name(tmp_path: Path) -> None:
    async with class_server(tmp_path) as server, aiohttp.ClientSession() as http:
        for path in sorted(EXEMPT):
            async with http.get(server.url + path, headers={"Host": "pool-7"}) as response:
                assert response.status == 200
