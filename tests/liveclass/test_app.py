"""Over HTTP: pages, files, headers, health and metrics."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from pydantic import SecretStr
from yarl import URL

from common.roles import Role
from liveclass import shutdown
from tests.support.sio_client import READER, ClassServer, class_server, joined, raw_socket

# One loop for the module: engineio's ping tasks outlive their sockets by up to PING_INTERVAL.
pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]

PAGE = '<script type="importmap">{"imports": {}}</script><script type="module" src="/static/a.js">'


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    files = {
        "static/index.html": "<h1>home</h1>",
        "static/class.html": PAGE,
        "static/js/a.js": "export {};",
        "node_modules/preact/dist/preact.module.js": "export {};",
        "node_modules/@preact/signals/dist/signals.module.js": "export {};",
        "node_modules/left-pad/index.js": "secret",
        "secret.txt": "secret",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "static" / "link.txt").symlink_to(tmp_path / "secret.txt")
    return tmp_path


@pytest_asyncio.fixture(loop_scope="module")
async def server(folders: Path) -> AsyncIterator[ClassServer]:
    async with class_server(
        folders / "var",
        static_dir=folders / "static",
        vendor_dir=folders / "node_modules",
    ) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_class_page_allows_its_import_map_and_our_own_files_only(
    server: ClassServer, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{server.url}/class/demo?t=token") as response:
        policy = response.headers["Content-Security-Policy"]
        assert await response.text() == PAGE
    assert "script-src 'self' 'sha256-CJt/FpW3RQlGvqBeO/YK74xrTm1ctS6rLMJu1bV4fMc='" in policy
    assert "default-src 'self';" in policy
    assert "unsafe" not in policy
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "camera=(self)" in response.headers["Permissions-Policy"]
    assert "aiohttp" not in response.headers["Server"]


@pytest.mark.parametrize(
    ("path", "cache"),
    [
        ("/", "no-cache"),
        ("/static/js/a.js", "no-cache"),
        ("/vendor/preact/dist/preact.module.js", "public, max-age=86400"),
        ("/vendor/@preact/signals/dist/signals.module.js", "public, max-age=86400"),
    ],
)
async def test_files_are_served_with_cache_headers(
    server: ClassServer, http: aiohttp.ClientSession, path: str, cache: str
) -> None:
    async with http.get(server.url + path) as response:
        assert response.status == 200
        assert response.headers["Cache-Control"] == cache
        if path.endswith(".js"):
            assert "javascript" in response.content_type


@pytest.mark.parametrize(
    "path",
    [
        "/static/../secret.txt",
        "/static/%2e%2e/secret.txt",
        "/static/..%2fsecret.txt",
        "/static/js/../../secret.txt",
        "/static//etc/passwd",
        "/static/link.txt",
        "/static/",
        "/static/js",
        "/vendor/left-pad/index.js",
        "/vendor/preact/../left-pad/index.js",
        "/vendor/preact/%2e%2e/left-pad/index.js",
        "/vendor/preact/%00",
        "/class/a.b",
        "/class/%2e%2e",
        "/class/" + "x" * 65,
        "/var/secret",
    ],
)
async def test_nothing_else_is_served(
    server: ClassServer, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(URL(server.url + path, encoded=True)) as response:
        assert response.status in (400, 403, 404)
        assert "secret" not in await response.text()
        assert "Content-Security-Policy" in response.headers


async def test_missing_pages_are_not_found(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with (
        class_server(tmp_path, static_dir=tmp_path, vendor_dir=tmp_path) as server,
        http.get(f"{server.url}/class/demo") as response,
    ):
        assert response.status == 404


async def test_ready_until_it_stops_and_alive_all_the_time(
    server: ClassServer, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{server.url}/readyz") as response:
        assert response.status == 200
    await server.app.shutdown()
    async with http.get(f"{server.url}/readyz") as response:
        assert response.status == 503
    async with http.get(f"{server.url}/healthz") as response:
        assert await response.json() == {"ok": True}


async def test_metrics_count_the_class(server: ClassServer, http: aiohttp.ClientSession) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        await asha.say("hand", raised=True)
        await asha.call("hand", {})
        async with http.get(f"{server.url}/metrics", headers=READER) as response:
            text = await response.text()
    assert response.content_type == "text/plain"
    for line in (
        'liveclass_classes{state="live"} 1.0',
        'liveclass_class_present{class_id="demo"} 1.0',
        'liveclass_class_hands{class_id="demo"} 1.0',
        'liveclass_messages_total{event="hand"} 2.0',
        'liveclass_refusals_total{code="bad_message"} 1.0',
        'liveclass_worker_drops_total{reason="unknown_address"} 7.0',
    ):
        assert line in text


async def test_metrics_tell_as_much_as_the_scope_asks_for(
    server: ClassServer, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{server.url}/metrics?scope=worker", headers=READER) as response:
        text = await response.text()
    assert "liveclass_worker_copies_sent_total 4.0" in text
    assert "process_cpu_seconds_total " in text
    assert "process_resident_memory_bytes " in text
    assert "liveclass_class" not in text
    async with http.get(f"{server.url}/metrics?scope=all", headers=READER) as response:
        assert response.status == 400
        assert await response.text() == "scope must be one of: worker, classes."


async def test_a_class_is_told_transport_by_transport(
    server: ClassServer, http: aiohttp.ClientSession
) -> None:
    url = f"{server.url}/metrics/classes"
    async with joined(server, "asha", Role.TEACHER) as (asha, welcome):
        await asha.say("video-offer", sdp="offer")
        async with http.get(f"{url}/demo", headers=READER) as response:
            assert response.content_type == "application/json"
            told = await response.json()
    assert [one["transport_id"] for one in told["transports"]] == [welcome["self"]["id"]]
    async with http.get(f"{url}/demo") as response:
        assert response.status == 401
    async with http.get(f"{url}/other", headers=READER) as response:
        assert response.status == 404


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer let me read", 200),
        ("Bearer let me in", 401),
        ("Bearer ", 401),
        ("Bearer l\xe4t me read", 401),
        (None, 401),
    ],
)
@pytest.mark.parametrize(
    "proxy", [None, "X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "CF-Connecting-IP"]
)
async def test_metrics_are_for_the_token_whoever_passes_the_request_on(
    server: ClassServer,
    http: aiohttp.ClientSession,
    authorization: str | None,
    status: int,
    proxy: str | None,
) -> None:
    headers = {} if proxy is None else {proxy: "for=203.0.113.5"}
    if authorization is not None:
        headers["Authorization"] = authorization
    async with http.get(f"{server.url}/metrics", headers=headers) as response:
        assert response.status == status
        assert ("liveclass_" in await response.text()) == (status == 200)
        assert ("WWW-Authenticate" in response.headers) == (status == 401)


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Bearer let me read"])
@pytest.mark.parametrize("token", [None, SecretStr("")])
async def test_without_a_token_metrics_are_closed_and_say_what_opens_them(
    tmp_path: Path,
    http: aiohttp.ClientSession,
    authorization: str | None,
    token: SecretStr | None,
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    async with (
        class_server(tmp_path, metrics_token=token) as server,
        http.get(f"{server.url}/metrics", headers=headers) as response,
    ):
        assert response.status == 403
        assert "LIVECLASS_METRICS_PORT" in await response.text()


HSTS = "Strict-Transport-Security"


async def test_https_stays_https(tmp_path: Path, http: aiohttp.ClientSession) -> None:
    async with class_server(tmp_path, public_url="https://class.example") as server:
        for path in ("/", "/healthz", "/nothing"):
            async with http.get(server.url + path) as response:
                assert response.headers[HSTS] == "max-age=31536000"
    async with class_server(tmp_path) as server, http.get(server.url) as response:
        assert HSTS not in response.headers


async def test_a_client_that_never_answers_does_not_keep_the_server_from_stopping(
    server: ClassServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(*args: object, **kwargs: object) -> None:
        await asyncio.get_running_loop().create_future()

    async with joined(server, "ravi"):
        monkeypatch.setattr(shutdown, "CLOSED_WITHIN", 0.05)
        monkeypatch.setattr(aiohttp.web.WebSocketResponse, "close", forever)
        async with asyncio.timeout(5.0):
            await server.app.shutdown()
        assert server.hub.is_draining
        monkeypatch.undo()


async def test_clients_are_told_before_their_sockets_go_away(server: ClassServer) -> None:
    async with raw_socket(server) as socket:
        await socket.join("ravi")
        await server.app.shutdown()
        await socket.receive('42["server-draining"')
        last = await socket.ws.receive()
        assert (last.type, last.data) == (aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)
        assert len(server.hub.sessions) == 0


async def test_the_end_of_all_is_not_told_to_each(server: ClassServer) -> None:
    async with joined(server, "ravi") as (ravi, _), joined(server, "meera"):
        await ravi.wait("participant-joined")
        await server.app.shutdown()
        await ravi.wait("disconnect")
        assert not ravi.got("participant-updated")
