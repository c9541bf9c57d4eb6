"""What a scrape and a class's dump have, and that numbers never fall."""

import json
from typing import NoReturn

from liveclass.metrics import ClassCount, Scope
from liveclass.scrape import dump
from sfu.stats import RouterSums, add_up
from tests.support.room import STUDENT, TEACHER, Room
from tests.support.scrapes import names, samples_of, sources
from tests.support.snapshots import transport


async def test_the_scope_of_classes_has_what_the_worker_s_has() -> None:
    told = sources(
        transports={"demo": [transport("a")]}, classes=[ClassCount("demo", "live", 1, 0, 0)]
    )
    process = set(names(await samples_of(told, Scope.WORKER)))
    classes = set(names(await samples_of(told, Scope.CLASSES)))
    assert process < classes
    assert not [name for name in process if name.startswith("liveclass_class")]


async def test_a_scrape_of_the_worker_reads_no_transport() -> None:
    told = sources()

    def unread() -> NoReturn:
        raise AssertionError("read")

    told.classes = unread
    told.plane.classes = unread  # type: ignore[method-assign]
    assert await samples_of(told, Scope.WORKER)


async def test_a_dump_tells_every_transport_of_a_class_that_is_still_there() -> None:
    plane = sources(transports={"demo": [transport("a"), transport("b")]}).plane
    parts = [part async for part in dump(plane, "demo", ["a", "gone", "b"])]
    told = json.loads(b"".join(parts))
    assert told["class_id"] == "demo"
    assert [one["transport_id"] for one in told["transports"]] == ["a", "b"]
    first = told["transports"][0]
    assert first["copies_sent"] == 3
    assert first["drops"] == {"x": 7}
    assert [slot["layer"] for slot in first["consumers"]] == [None, 2, 2]
    assert first["producers"][0]["layers"][0]["plis_sent"] == 14
    assert len(parts) == 4  # a transport at a time


async def test_a_dump_tells_the_seconds_that_were_delivered() -> None:
    plane = sources().plane
    plane.joined.add("a")  # type: ignore[attr-defined]
    told = json.loads(b"".join([part async for part in dump(plane, "demo", [])]))
    (one,) = told["delivered"]
    assert (one["transport_id"], one["source"]) == ("a", "camera")
    assert (one["seconds"], one["slot_seconds"]) == (1.5, 3.0)


def test_sums_of_a_class_never_fall_whoever_leaves_between_two_slices() -> None:
    room = Room()
    students = [room.add(STUDENT, f"s{number}") for number in range(4)]
    room.join(room.add(TEACHER), *students)
    room.watch(students[0], ["teacher"])
    room.run(1.0)
    before = room.totals().copies_sent
    assert before > 100
    for leaves_at, student in enumerate(reversed(students)):
        found: list[RouterSums] = []
        for step, _ in enumerate(add_up(room.routers(), found)):
            if step == leaves_at:
                student.leave()
        assert found[0].traffic.copies_sent == before
