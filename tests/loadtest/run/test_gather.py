"""What fleets tell becomes one run's findings."""

from array import array
from dataclasses import replace

from loadtest.plan.cast import cast
from loadtest.plan.scenario import Behaviour, Link, Storm, changed, load
from loadtest.records import BotResult, Done, Failed, Joined, People, Ready, Tick
from loadtest.run.gather import JUST_NOW, Gathering

RESULT = BotResult(name="viewer-1", sampled=True, base=True, left="finished", packets=1, frames=1)


def gathering(name: str = "class") -> Gathering:
    return Gathering(cast(load(name, {"viewers": 5}), lambda: 0.5))


def joined(name: str, participant: str, frame: float | None = None) -> Joined:
    return Joined(name, participant, 1.0, 20.0, frame, frame)


def tick(fleet: int) -> Tick:
    return Tick(fleet, 1.0, 3, 1, 1, 0, 0.1, 0.0, array("f"), array("f"), 0, 0, 0, 0, 0)


def test_publishers_are_told_once_and_viewers_are_not() -> None:
    found = gathering()
    assert found.take_people() is None
    found.take(joined("teacher", "p1"))
    found.take(joined("viewer-1", "p2"))
    assert found.take_people() == People({"teacher": "p1"}, "p1")
    found.take(joined("teacher", "p1", frame=30.0))
    assert found.take_people() is None


def test_publisher_under_another_id_is_told_again() -> None:
    found = gathering("gallery")
    found.take(joined("person-1", "p1"))
    assert found.take_people() == People({"person-1": "p1"}, None)
    found.take(joined("teacher", "p2"))
    found.take(joined("person-1", "p3"))
    assert found.take_people() == People({"person-1": "p3", "teacher": "p2"}, "p2")


def test_the_last_word_on_a_join_counts() -> None:
    found = gathering()
    found.take(joined("viewer-1", "p"))
    found.take(joined("viewer-1", "p", frame=40.0))
    assert [one.first_frame_ms for one in found.joined.values()] == [40.0]


def test_refused_tokens_are_noticed_while_nobody_is_in() -> None:
    found = gathering()
    found.take(Failed("teacher", 0.1, "class_full", "The class is full."))
    assert found.refusal is None
    found.take(Failed("teacher", 0.2, "token_expired", "Expired."))
    assert found.refusal is not None
    found.take(joined("teacher", "p"))
    assert found.refusal is None


def test_everything_is_kept() -> None:
    found = gathering()
    for message in (Ready(0), tick(0), tick(1), Done(0, [RESULT]), Done(1, [RESULT]), "what?"):
        found.take(message)
    assert (found.ready, found.done) == ({0}, {0, 1})
    assert [one.fleet for one in found.ticks] == [0, 1]
    assert found.results == [RESULT, RESULT]


def test_all_are_in_when_each_of_the_base_is_in_or_has_failed() -> None:
    found = gathering("storm")
    for bot in found.cast.bots:
        if bot.base:
            assert found.in_at is None
            came = joined(bot.name, "p") if bot.publish else Failed(bot.name, 2.5, "x", "X")
            found.take(came)
    assert found.in_at == 2.5
    found.take(Failed(found.cast.bots[-1].name, 9.0, "x", "a latecomer"))
    assert found.in_at == 2.5


def test_failures_are_told_by_kind_with_the_first_of_each() -> None:
    found = gathering()
    for name, code in (("viewer-1", "a"), ("viewer-2", "b"), ("viewer-3", "b")):
        found.take(Failed(name, 1.0, code, f"Message {code}."))
    assert found.failure_notes == [
        "2 failed with b, first viewer-2: Message b.",
        "1 failed with a, first viewer-1: Message a.",
    ]


def test_fleets_cpu_is_of_the_time_asked_for() -> None:
    found = gathering()
    for at in (1.0, 2.0, 3.0):
        found.take(replace(tick(0), at=at))
    assert found.cpu_s(1.0, 2.5) == 0.1


def test_expected_are_those_whose_time_has_come_and_all_who_came() -> None:
    found = gathering()
    assert found.expected(JUST_NOW) == 1
    assert found.expected(1e9) == 6
    found.take(joined("viewer-5", "p"))
    assert found.expected(JUST_NOW) == 2


def test_latecomers_with_bad_links_are_not_awaited_and_due_when_they_are_let_go() -> None:
    scenario = load("flaky", {"viewers": 4})
    text = {"storm": Storm(joins=2), "latecomer": Behaviour(name="late", link=Link(loss=0.1))}
    found = Gathering(cast(changed(scenario, text), lambda: 0.5))
    there, late = [[b for b in found.cast.bots if b.late is kind] for kind in (False, True)]
    assert [bool(bot.faults) for bot in late] == [True, True]
    for bot in there:
        assert found.in_at is None
        found.take(joined(bot.name, "p"))
    assert found.in_at == 1.0
    assert found.expected(1e9) == len(there)
    found.shift = 100.0
    assert found.expected(late[0].join_at + 101) == len(there)
    assert found.expected(late[-1].join_at + 102) == len(there) + 2
