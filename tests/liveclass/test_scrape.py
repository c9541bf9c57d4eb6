"""How a scrape is cut up, and what each scope has."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn

from liveclass.metrics import ClassCount, Scope
from liveclass.scrape import SLICE, dump_steps, in_slices, steps
from tests.support.room import STUDENT, TEACHER, Room
from tests.support.scrapes import names, parse, scrape, sources, transport, value


class Steps:
    """Steps that take a virtual while each."""

    def __init__(self, count: int, each: float) -> None:
        self.now = 0.0
        self._count, self._each = count, each

    def clock(self) -> float:
        return self.now

    def __iter__(self) -> Iterator[str]:
        for number in range(self._count):
            self.now += self._each
            yield f"{number} "


async def test_other_work_gets_its_turn_after_each_slice() -> None:
    work, turns = Steps(40, SLICE / 9.9), 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    pieces = [text async for text in in_slices(iter(work), work.clock)]
    task.cancel()
    assert "".join(pieces).split() == [str(number) for number in range(40)]
    assert [len(text.split()) for text in pieces[:-1]] == [10] * len(pieces[:-1])
    assert turns >= 3


async def test_quick_steps_come_in_one_piece() -> None:
    work = Steps(40, 0.0)
    assert len([text async for text in in_slices(iter(work), work.clock)]) == 1


def test_the_scope_of_classes_has_what_the_worker_s_has() -> None:
    told = sources(
        transports={"demo": [transport("a")]}, classes=[ClassCount("demo", "live", 1, 0, 0)]
    )
    process, classes = (set(names(scrape(told, scope))) for scope in Scope)
    assert process < classes
    assert not [name for name in process if name.startswith("liveclass_class")]


def test_a_dump_tells_every_transport_of_a_class() -> None:
    told = sources(transports={"demo": [transport("a"), transport("b")]})
    (router,) = told.routers()
    dump = json.loads("".join(dump_steps(router)))
    assert dump["class_id"] == "demo"
    assert [one["transport_id"] for one in dump["transports"]] == ["a", "b"]
    first = dump["transports"][0]
    assert first["copies_sent"] == 3
    assert first["drops"] == {"x": 7}
    assert [slot["layer"] for slot in first["consumers"]] == [None, 2, 2]
    assert first["producers"][0]["layers"][0]["plis_sent"] == 14


def test_a_dump_is_made_a_transport_at_a_time() -> None:
    (router,) = sources(transports={"demo": [transport(f"p{n}") for n in range(5)]}).routers()
    assert len(list(dump_steps(router))) == 7


def test_a_scrape_of_the_worker_reads_no_transport() -> None:
    told = sources()

    def unread() -> NoReturn:
        raise AssertionError("read")

    told.routers = told.classes = unread
    assert parse("".join(steps(told, Scope.WORKER)))


def test_sums_of_a_class_never_fall_whoever_leaves_between_two_slices() -> None:
    room = Room()
    students = [room.add(STUDENT, f"s{number}") for number in range(4)]
    room.join(room.add(TEACHER), *students)
    room.watch(students[0], ["teacher"])
    room.run(1.0)
    told = replace(
        sources(classes=[ClassCount("class", "live", 5, 0, 0)]),
        worker=room.totals,
        routers=room.routers,
    )
    sums = [copies_sent("".join(steps(told, Scope.CLASSES)))]
    for leaves_at, student in enumerate(reversed(students)):
        parts, empty = list[str](), 0
        for part in steps(told, Scope.CLASSES):
            parts.append(part)
            empty += not part
            if not part and empty == leaves_at + 1:
                student.leave()
        sums.append(copies_sent("".join(parts)))
    assert sums == [sums[0]] * len(sums)
    assert sums[0] > 100


def copies_sent(text: str) -> float:
    return value(parse(text), "class_copies_sent_total", class_id="class")
