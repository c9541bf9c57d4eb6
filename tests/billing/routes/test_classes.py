"""Classes over HTTP: making, publishing, finding, changing, helping, pictures."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from billing.context import Context
from billing.service.accounts import AccountChange, change
from billing.store.tables import Enrolment
from tests.billing.support import DAY, NOW, Clock, make_context
from tests.billing.web import PASSWORD, Client, Site, refused, site, told

SINGLE = {"kind": "single", "start": "2025-11-26T18:00", "minutes": 60, "zone": "Asia/Kolkata"}
ALGEBRA = {"title": " Algebra für Class 8! ", "description": "x", "price": 49_900, "seats": 2}
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100 + b"\xff\xd9"


@pytest_asyncio.fixture
async def context(tmp_path: Path) -> AsyncIterator[Context]:
    async with make_context(tmp_path) as context:
        yield context


@pytest_asyncio.fixture
async def web(context: Context) -> AsyncIterator[Site]:
    async with site(context) as opened:
        yield opened


async def person(web: Site, name: str, role: str) -> Client:
    """A browser of somebody whom an admin gave a role."""
    client = await web.signed_up(name)
    me = await told(await client.get("/api/me"))
    await change(web.context, me["account"]["id"], AccountChange(role=role))
    body = {"email": f"{name}@example.com", "password": PASSWORD}
    await told(await client.post("/api/auth/login", json=body))
    return client


async def new_class(client: Client, publish: bool = True, **changes: Any) -> str:
    body = {**ALGEBRA, "schedule": SINGLE, **changes}
    made = await told(await client.post("/api/classes", json=body), 201)
    if publish:
        await told(await client.post(f"/api/classes/{made['id']}/publish"))
    class_id: str = made["id"]
    return class_id


async def catalogue(client: Client, query: str = "") -> list[str]:
    found = await told(await client.get(f"/api/classes?{query}"))
    return [one["title"] for one in found["items"]]


async def test_teacher_makes_a_draft_that_only_they_see(web: Site) -> None:
    asha, stranger = await person(web, "asha", "teacher"), await web.browser()
    class_id = await new_class(asha, publish=False)
    assert class_id.startswith("algebra-fur-class-8-")
    seen = await told(await asha.get(f"/api/classes/{class_id}"))
    assert (seen["state"], seen["title"], seen["seatsLeft"]) == ("draft", "Algebra für Class 8!", 2)
    assert seen["my"]["isTeacher"]
    assert seen["assistants"] == []
    assert await refused(await stranger.get(f"/api/classes/{class_id}"), 404) == "not_found"
    assert await catalogue(stranger) == []
    assert await catalogue(asha, "mine=1") == ["Algebra für Class 8!"]


async def test_published_class_is_in_the_catalogue_until_its_lessons_are_past(web: Site) -> None:
    asha, stranger = await person(web, "asha", "teacher"), await web.browser()
    class_id = await new_class(asha)
    seen = await told(await stranger.get(f"/api/classes/{class_id}"))
    assert seen["my"] is None
    assert seen["nextAt"] == 1_764_160_200_000
    assert "assistants" not in seen
    assert await catalogue(stranger) == ["Algebra für Class 8!"]
    assert isinstance(web.context.now, Clock)
    web.context.now.advance(3 * DAY)
    assert await catalogue(stranger) == []
    assert await catalogue(asha, "mine=1") == ["Algebra für Class 8!"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=algebra", True),
        ("search=ASHA algebra", True),
        ("search=geometry", False),
        ("search=%25", False),
        ("state=scheduled", True),
        ("state=ended", False),
    ],
)
async def test_search(web: Site, query: str, found: bool) -> None:
    asha, stranger = await person(web, "asha", "teacher"), await web.browser()
    await new_class(asha)
    assert bool(await catalogue(stranger, query)) is found


async def test_catalogue_comes_in_pages(web: Site) -> None:
    asha = await person(web, "asha", "teacher")
    for number in range(3):
        await new_class(asha, title=f"Class {number}")
    seen, cursor = [], ""
    while True:
        page = await told(await asha.get(f"/api/classes?limit=2&cursor={cursor}"))
        seen += [one["title"] for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["Class 2", "Class 1", "Class 0"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "A"}, "title"),
        ({"price": 50}, "price"),
        ({"price": -1}, "price"),
        ({"price": 1.5}, "price"),
        ({"seats": 0}, "seats"),
        ({"currency": "EUR"}, "currency"),
        ({"schedule": {**SINGLE, "zone": "Asia/Nowhere"}}, "schedule.single.zone"),
        ({"schedule": {**SINGLE, "start": "2025-11-01T18:00"}}, "schedule.start"),
        ({"teacherId": "u-somebody"}, "teacherId"),
    ],
)
async def test_faults_name_their_field(web: Site, changes: dict[str, Any], field: str) -> None:
    asha = await person(web, "asha", "teacher")
    body = {**ALGEBRA, "schedule": SINGLE, **changes}
    response = await asha.post("/api/classes", json=body)
    assert (await response.json())["error"]["field"] == field
    assert response.status in (400, 422)


async def test_students_and_strangers_make_no_classes(web: Site) -> None:
    ravi, stranger = await web.signed_up("ravi"), await web.browser()
    body = {**ALGEBRA, "schedule": SINGLE}
    assert await refused(await ravi.post("/api/classes", json=body), 403) == "forbidden"
    assert await refused(await stranger.post("/api/classes", json=body), 401) == "not_signed_in"


async def test_only_its_teacher_and_admins_change_a_class(web: Site) -> None:
    asha, other = await person(web, "asha", "teacher"), await person(web, "other", "teacher")
    admin = await person(web, "admin", "admin")
    class_id = await new_class(asha)
    path = f"/api/classes/{class_id}"
    assert await refused(await other.patch(path, json={"price": 0}), 403) == "forbidden"
    assert await refused(await other.post(f"{path}/end"), 403) == "forbidden"
    assert await refused(await other.get(f"{path}/people"), 403) == "forbidden"
    changed = await told(await admin.patch(path, json={"price": 99_900, "accessDays": 30}))
    assert (changed["price"], changed["accessDays"], changed["seats"]) == (99_900, 30, 2)
    assert (await told(await asha.patch(path, json={"seats": None})))["seats"] is None


async def enrol(context: Context, client: Client, class_id: str) -> None:
    me = await told(await client.get("/api/me"))
    row = Enrolment(
        id=context.new_id("e"),
        user_id=me["account"]["id"],
        class_id=class_id,
        kind="free",
        created_at=NOW,
    )
    async with context.db.writing() as session:
        session.add(row)


async def test_moved_class_is_told_to_who_is_in_it_and_keeps_their_seats(web: Site) -> None:
    asha, ravi = await person(web, "asha", "teacher"), await web.signed_up("ravi")
    class_id = await new_class(asha)
    await enrol(web.context, ravi, class_id)
    path = f"/api/classes/{class_id}"
    await told(await asha.patch(path, json={"schedule": {**SINGLE, "start": "2025-11-27T18:00"}}))
    notices = (await told(await ravi.get("/api/me/notices")))["items"]
    assert [one["text"] for one in notices] == ["The dates of Algebra für Class 8! have changed."]
    await enrol(web.context, await web.signed_up("meera"), class_id)
    assert await refused(await asha.patch(path, json={"seats": 1}), 409) == "seats_taken"
    people = (await told(await asha.get(f"{path}/people?limit=1")))["items"]
    assert [(one["name"], one["kind"]) for one in people] == [("Meera", "free")]
    rest = await told(await asha.get(f"{path}/people?limit=1&cursor=1"))
    assert [one["email"] for one in rest["items"]] == ["ravi@example.com"]
    assert rest["next"] is None


async def test_ended_class_stays_as_it_is(web: Site) -> None:
    asha = await person(web, "asha", "teacher")
    path = f"/api/classes/{await new_class(asha)}"
    assert (await told(await asha.post(f"{path}/end")))["state"] == "ended"
    assert await refused(await asha.patch(path, json={"price": 0}), 409) == "class_ended"
    assert await refused(await asha.post(f"{path}/publish"), 409) == "class_ended"


async def test_class_whose_lessons_are_past_is_not_published(web: Site) -> None:
    asha = await person(web, "asha", "teacher")
    path = f"/api/classes/{await new_class(asha, publish=False)}"
    assert isinstance(web.context.now, Clock)
    web.context.now.advance(3 * DAY)
    assert await refused(await asha.post(f"{path}/publish"), 409) == "no_lessons"


async def test_assistants_come_and_go(web: Site) -> None:
    asha, ravi = await person(web, "asha", "teacher"), await web.signed_up("ravi")
    class_id = await new_class(asha)
    path = f"/api/classes/{class_id}/assistants"
    shown = await told(await asha.put(f"{path}/Ravi@Example.com"))
    assert [one["email"] for one in shown["assistants"]] == ["ravi@example.com"]
    mine = (await told(await ravi.get("/api/me/classes")))["items"]
    assert [(one["id"], one["my"]["canJoin"]) for one in mine] == [(class_id, True)]
    assert await refused(await asha.put(f"{path}/nobody@example.com"), 404) == "no_account"
    assert await refused(await asha.put(f"{path}/asha@example.com"), 409) == "is_teacher"
    shown = await told(await asha.delete(f"{path}/ravi@example.com"))
    assert shown["assistants"] == []
    assert (await told(await ravi.get("/api/me/classes")))["items"] == []


async def test_picture_is_known_by_what_is_in_it(web: Site) -> None:
    asha = await person(web, "asha", "teacher")
    path = f"/api/classes/{await new_class(asha)}"
    headers = {"Content-Type": "image/jpeg"}
    shown = await told(await asha.put(f"{path}/image", data=JPEG, headers=headers))
    served = await asha.get(shown["imageUrl"])
    assert (served.content_type, await served.read()) == ("image/jpeg", JPEG)
    bad = await asha.put(f"{path}/image", data=b"<svg onload=alert(1)>", headers=headers)
    assert await refused(bad, 400) == "bad_image"
    large = await asha.put(f"{path}/image", data=JPEG + b"\0" * 1_000_000, headers=headers)
    assert await refused(large, 400) == "too_large"
    other = await told(await asha.put(f"{path}/image", data=JPEG * 2, headers=headers))
    assert (await asha.get(other["imageUrl"])).status == 200
    assert (await asha.get(shown["imageUrl"])).status == 404


async def test_parent_sees_the_classes_of_their_children(web: Site) -> None:
    asha, ravi = await person(web, "asha", "teacher"), await web.signed_up("ravi")
    meera = await web.signed_up("meera", "parent")
    class_id = await new_class(asha)
    await enrol(web.context, ravi, class_id)
    assert (await told(await meera.get("/api/me/classes")))["items"] == []
    code = (await told(await ravi.get("/api/me/link-code")))["code"]
    await told(await meera.post("/api/me/students", json={"code": code}))
    (seen,) = (await told(await meera.get("/api/me/classes")))["items"]
    assert (seen["id"], seen["student"]["name"]) == (class_id, "Ravi")
    assert seen["my"]["enrolled"]
    assert seen["my"]["reason"]["code"] == "not_yet_open"
