"""A narrow downlink: down a layer until it fits, up again when there is room.

Each plan is a list of steps: what the link does, and what must be shown at the end of each.
"""

from collections import Counter
from dataclasses import dataclass, replace

import pytest

from tests.support.continuity import Frame
from tests.support.netem import Conditions
from tests.support.peers import Peer
from tests.support.remb import Remb
from tests.support.rig import GOOD
from tests.support.room import (
    STUDENT,
    TEACHER,
    Room,
    assert_consecutive,
    assert_unbroken,
    path,
    pictures,
    runs,
)

TOP, MIDDLE, SMALL = 2, 1, 0
# The camera's layers take about 110, 250 and 850 kb/s, the voice 55.
NARROW = Conditions(delay=0.02, rate=500_000, queue_bytes=30_000)
TIGHT = Conditions(delay=0.02, rate=240_000, queue_bytes=15_000)
WIDE = Conditions(delay=0.02, rate=5_000_000)
DROPPING = Conditions(delay=0.02, loss=0.2)


@dataclass(slots=True, frozen=True)
class Step:
    """A link for some seconds, and the layer that is shown in the last of them."""

    link: Conditions
    seconds: float
    layer: int
    judged: float = 5.0


@dataclass(slots=True, frozen=True)
class Plan:
    """What the subscriber's downlink goes through."""

    name: str
    steps: tuple[Step, ...]
    remb: bool = True

    def __str__(self) -> str:
        return self.name


PLANS = [
    Plan("wide enough", (Step(WIDE, 30, TOP),)),
    Plan("no estimate, no loss", (Step(GOOD, 20, TOP),), remb=False),
    Plan(
        "one layer down and up", (Step(WIDE, 20, TOP), Step(NARROW, 8, MIDDLE), Step(WIDE, 30, TOP))
    ),
    Plan("to the smallest", (Step(WIDE, 5, TOP), Step(TIGHT, 15, SMALL), Step(WIDE, 40, TOP))),
    Plan("narrow from the start", (Step(NARROW, 25, MIDDLE), Step(WIDE, 40, TOP))),
    Plan(
        "loss without a queue",
        (Step(WIDE, 5, TOP), Step(DROPPING, 10, SMALL), Step(WIDE, 30, TOP)),
    ),
    Plan(
        "loss without an estimate",
        (Step(WIDE, 5, TOP), Step(DROPPING, 10, SMALL), Step(WIDE, 30, TOP)),
        remb=False,
    ),
]


def mostly(frames: list[Frame]) -> int | None:
    """The layer that most of the frames have: a trial now and then is no matter."""
    layers = Counter(frame.layer for frame in frames)
    return layers.most_common(1)[0][0] if layers else None


def run_steps(plan: Plan) -> tuple[Room, Peer, list[int | None]]:
    room = Room(seed=2)
    teacher = room.add(TEACHER)
    student = room.add(replace(STUDENT, down=plan.steps[0].link))
    if plan.remb:
        student.remb = Remb()
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    shown: list[int | None] = []
    for step in plan.steps:
        student.connection.path.down.conditions = step.link
        room.run(step.seconds)
        shown.append(mostly([p for p in pictures(student) if p.at > room.rig.now - step.judged]))
    return room, student, shown


@pytest.mark.parametrize("plan", PLANS, ids=str)
def test_the_layer_follows_what_the_path_carries(plan: Plan) -> None:
    _, student, shown = run_steps(plan)
    assert shown == [step.layer for step in plan.steps]
    assert student.violations() == []


def test_a_queue_that_fills_is_left_within_seconds_and_does_not_fill_again() -> None:
    room = Room(seed=2)
    teacher = room.add(TEACHER)
    student = room.add(replace(STUDENT, down=WIDE))
    student.remb = Remb()
    room.join(teacher, student)
    room.watch(student, ["teacher"])
    room.run(10)
    student.connection.path.down.conditions = NARROW
    narrowed = room.rig.now
    room.run(60)
    calm = [p for p in pictures(student) if narrowed + 6 < p.at]
    late = [p for p in calm if p.at - p.captured > 0.3]
    assert len(late) < 0.15 * len(calm)
    middle = [p for p in calm if p.layer == MIDDLE]
    assert len(middle) > 0.75 * len(calm)


def test_one_slow_student_does_not_slow_the_others() -> None:
    room = Room(seed=2)
    teacher = room.add(TEACHER)
    slow = room.add(replace(STUDENT, down=NARROW), "slow")
    others = [room.add(replace(STUDENT, down=WIDE), f"other-{number}") for number in range(3)]
    for peer in (slow, *others):
        peer.remb = Remb()
    room.join(teacher, slow, *others)
    for peer in (slow, *others):
        room.watch(peer, ["teacher"])
    room.run(15)
    assert MIDDLE in path(pictures(slow))
    assert_unbroken(*others)
    for other in others:
        assert_consecutive(runs(pictures(other))[-1], least=430)
        assert runs(pictures(other))[-1][0].layer == TOP


def test_the_most_wanted_slot_keeps_its_picture_longest() -> None:
    """Pinned before page: the teacher stays large while the gallery pays."""
    room = Room(seed=2)
    teacher = room.add(TEACHER)
    ada = room.add(replace(STUDENT, publish=("microphone", "camera")), "ada")
    student = room.add(replace(STUDENT, video_slots=2, down=WIDE), "student")
    student.remb = Remb()
    room.join(teacher, ada, student)
    room.watch(student, ["teacher", "ada"], wants=("pinned", "page"))
    room.run(8)
    assert [pictures(student, n)[-1].layer for n in range(2)] == [TOP, TOP]
    student.connection.path.down.conditions = replace(NARROW, rate=1_300_000)
    room.run(12)
    pinned, page = (pictures(student, n)[-1] for n in range(2))
    assert pinned.layer > page.layer
