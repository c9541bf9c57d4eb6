"""Figures of bots, added up."""

from loadtest.bot.totals import BotTotals, frozen, result, total
from tests.loadtest.bot.test_connection import Lesson
from tests.support.bots import plan


def test_totals_are_those_of_all_connections_and_differences_those_of_a_while() -> None:
    lesson = Lesson(sampled=True)
    lesson.rig.run(2)
    connections = [lesson.teacher.connection, lesson.viewer.connection]
    first = total(connections, lesson.rig.now)
    assert first.sent > first.packets > 0
    assert first.frames > 50
    lesson.rig.run(1)
    new = total(connections, lesson.rig.now).since(first)
    assert 28 <= new.frames <= 32
    assert new.lost == 0
    assert total([], 0.0) == BotTotals()


def test_a_picture_that_stops_for_good_stands_still_and_is_a_freeze() -> None:
    lesson = Lesson()
    lesson.rig.run(2)
    connections = [lesson.viewer.connection]
    assert total(connections, lesson.rig.now).freezes == frozen(connections) == 0
    lesson.viewer.answers = False
    lesson.rig.run(1)
    for later in (0.0, 5.0):
        assert total(connections, lesson.rig.now + later).freezes == frozen(connections) == 1


def test_a_result_adds_up_one_bots_slots() -> None:
    lesson = Lesson()
    lesson.rig.run(2)
    found = result(lesson.viewer.plan, lesson.viewer.connection, "finished")
    assert found.packets == total([lesson.viewer.connection], lesson.rig.now).packets
    assert (found.name, found.sampled, found.left) == ("viewer", False, "finished")


def test_who_never_got_in_has_a_result_of_nothing() -> None:
    found = result(plan("eve"), None, "server_full")
    assert (found.packets, found.frames, found.left) == (0, 0, "server_full")
