"""The gate before the classes, over Socket.IO: refusals, and evictions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from common.errors import LiveclassError
from common.roles import Admission, Role
from signalling.classroom.effects import CloseMedia
from signalling.classroom.permissions import Identity
from tests.support.sio_client import ClassServer, class_server, connected, joined

# One loop for the module: engineio's ping tasks outlive their sockets by up to PING_INTERVAL.
pytestmark = [pytest.mark.interop, pytest.mark.asyncio(loop_scope="module")]


class List:
    """Admits the people on its list, in the roles it names."""

    def __init__(self, **roles: Role) -> None:
        self.roles = roles

    async def admit(self, identity: Identity) -> Admission | None:
        role = self.roles.get(identity.user_id)
        if role is None:
            raise LiveclassError("not_enrolled", "You are not enrolled in this class.")
        return Admission("Algebra for class 8", role)


@pytest_asyncio.fixture(loop_scope="module")
async def server(tmp_path: Path) -> AsyncIterator[ClassServer]:
    async with class_server(tmp_path) as running:
        running.hub.gate = List(asha=Role.TEACHER, ravi=Role.STUDENT)
        yield running


async def test_gate_refuses_with_its_own_code_and_sentence(server: ClassServer) -> None:
    async with joined(server, "ravi"), connected(server, "meera") as meera:
        answer = await meera.call("video-join", {"classId": "demo"})
        assert answer == {
            "ok": False,
            "error": {"code": "not_enrolled", "message": "You are not enrolled in this class."},
        }
        assert [one.user_id for one in server.hub.present("demo")] == ["ravi"]


async def test_refusal_makes_no_class(server: ClassServer) -> None:
    async with connected(server, "meera") as meera:
        await meera.call("video-join", {"classId": "demo"})
        assert not server.hub.classrooms


async def test_class_has_the_title_that_the_gate_knows(server: ClassServer) -> None:
    async with joined(server, "ravi") as (_, welcome):
        assert welcome["class"]["title"] == "Algebra for class 8"


async def test_person_is_what_the_gate_says_and_not_what_an_older_token_says(
    server: ClassServer,
) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi", Role.ASSISTANT) as (ravi, welcome),
    ):
        assert welcome["self"]["role"] == "student"
        assert not welcome["self"]["can"]["moderate"]
        answer = await ravi.call("moderate", {"action": "lock"})
        assert answer["error"]["code"] == "forbidden"
        assert [one.role for one in server.hub.present("demo")] == [Role.TEACHER, Role.STUDENT]
        assert asha.got("class-updated") == []


async def test_the_evicted_are_told_why_and_may_come_back(server: ClassServer) -> None:
    async with joined(server, "asha", Role.TEACHER) as (asha, _):
        async with joined(server, "ravi") as (ravi, welcome):
            await asha.wait("participant-joined")
            server.hub.evict("demo", "ravi", "refunded")
            assert await ravi.wait("removed") == {"reason": "refunded"}
            await ravi.wait("disconnect")
            left = await asha.wait("participant-left")
            assert left["participants"] == [welcome["self"]["id"]]
        async with joined(server, "ravi"):
            assert len(server.hub.present("demo")) == 2


async def test_an_eviction_ends_their_media(server: ClassServer) -> None:
    async with (
        joined(server, "asha", Role.TEACHER) as (asha, _),
        joined(server, "ravi") as (ravi, welcome),
    ):
        await asha.wait("participant-joined")
        await ravi.say("video-offer", sdp="v=0")
        server.hub.evict("demo", "ravi", "refunded")
        await asha.wait("participant-left")
        assert CloseMedia(welcome["self"]["id"]) in server.plane.calls


async def test_an_eviction_of_nobody_changes_nothing(server: ClassServer) -> None:
    async with joined(server, "ravi") as (ravi, _):
        server.hub.evict("demo", "meera", "refunded")
        server.hub.evict("other", "ravi", "refunded")
        await ravi.say("hand", raised=True)
        assert ravi.got("removed") == []


async def test_live_classes_are_those_being_taught(server: ClassServer) -> None:
    async with joined(server, "ravi") as (ravi, _):
        assert server.hub.live_classes() == frozenset()
        async with joined(server, "asha", Role.TEACHER):
            assert server.hub.live_classes() == {"demo"}
            server.hub.end_class("demo")
            assert await ravi.wait("removed") == {"reason": "ended"}
            assert server.hub.live_classes() == frozenset()
            server.hub.end_class("other")
