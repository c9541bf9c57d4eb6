"""Fleets without bots, each with a fault of its own; they run in processes of the runner's."""

import os
import time
from array import array
from multiprocessing.connection import Connection

from loadtest.records import (
    Begin,
    BotResult,
    Done,
    Failed,
    Finish,
    FleetPlan,
    Joined,
    People,
    Ready,
    Shift,
    Tick,
)
from loadtest.run.processes import Crash

BEAT = 0.1


def good(plan: FleetPlan, pipe: Connection) -> None:
    """Says what a fleet says; viewers give the id that they heard the teacher has."""
    pipe.send(Ready(plan.number))
    begin = pipe.recv()
    assert isinstance(begin, Begin)
    for bot in plan.bots:
        if bot.publish:
            pipe.send(Joined(bot.name, f"id of {bot.name}", 0.0, 5.0, None, None))
    while not isinstance(message := _heard(pipe), Finish):
        at = time.monotonic() - begin.at
        if isinstance(message, People) and message.teacher:
            for bot in plan.bots:
                if not bot.publish:
                    pipe.send(Joined(bot.name, message.teacher, at, 5.0, 6.0, 7.0))
        latencies = array("f", [1.5] * bool(plan.number))
        load, counts = (0.01, 0.5), (0, 0, 0, 0, 0)
        packets = (100, 100_000, 0)
        pipe.send(
            Tick(plan.number, at, len(plan.bots), *packets, *load, latencies, array("f"), *counts)
        )
    pipe.send(Done(plan.number, [_result(bot.name) for bot in plan.bots]))


def slow(plan: FleetPlan, pipe: Connection) -> None:
    """Viewers come 1.5 s after they are due, latecomers at their time after they are let go."""
    pipe.send(Ready(plan.number))
    begin = pipe.recv()
    assert isinstance(begin, Begin)
    awaited = [bot for bot in plan.bots if not bot.late]
    while not isinstance(message := _heard(pipe), Finish):
        at = time.monotonic() - begin.at
        due = [bot for bot in awaited if bot.publish or bot.join_at + 1.5 <= at]
        for bot in due:
            awaited.remove(bot)
            pipe.send(Joined(bot.name, f"id of {bot.name}", at, 5.0, 6.0, 7.0))
        if isinstance(message, Shift):
            for bot in plan.bots:
                if bot.late:
                    at = bot.join_at + message.by
                    pipe.send(Joined(bot.name, f"id of {bot.name}", at, 5.0, 6.0, 7.0))
    pipe.send(Done(plan.number, []))


def _heard(pipe: Connection) -> object:
    return pipe.recv() if pipe.poll(BEAT) else None


def _result(name: str) -> BotResult:
    return BotResult(name=name, sampled=False, base=True, left="finished", packets=100)


def dies(plan: FleetPlan, pipe: Connection) -> None:
    pipe.send(Ready(plan.number))
    pipe.recv()
    os._exit(7)


def raises(plan: FleetPlan, pipe: Connection) -> None:
    pipe.send(Crash(plan.number, "OSError: no more sockets", "Traceback"))


def refused(plan: FleetPlan, pipe: Connection) -> None:
    pipe.send(Ready(plan.number))
    pipe.recv()
    pipe.send(Failed(plan.bots[0].name, 0.1, "bad_token", "This link is not valid."))
    pipe.recv()


def speechless(plan: FleetPlan, pipe: Connection) -> None:
    """Everybody joins at once; never says that it has finished."""
    pipe.send(Ready(plan.number))
    pipe.recv()
    for bot in plan.bots:
        pipe.send(Joined(bot.name, f"id of {bot.name}", 0.0, 5.0, 6.0, 7.0))
    while True:
        pipe.recv()


def late(plan: FleetPlan, pipe: Connection) -> None:
    """Never ready."""
    pipe.recv()
