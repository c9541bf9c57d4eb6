"""What of a fleet needs neither server nor process; the rest is in tests/interop/test_fleet.py."""

import gc
import multiprocessing
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import pytest

from loadtest.records import Begin, Done, Failed, Finish, FleetPlan, People, Ready, Shift, Tick
from loadtest.run import fleet
from loadtest.run.fleet import MAX_GATHERED, MAX_LATENCIES, Latencies, run_fleet
from tests.support.bots import plan

NOWHERE = "http://127.0.0.1:9"


def test_latencies_are_thinned_evenly_and_bounded() -> None:
    few, many = Latencies(), Latencies()
    few.add(1.5, True)
    few.add(2.5, False)
    assert few.take() == (array("f", [1.5]), array("f", [2.5]))
    assert few.take() == (array("f"), array("f"))
    for n in range(MAX_GATHERED + 10):
        many.add(float(n), False)
    base, taken = many.take()
    assert (len(base), len(taken)) == (0, MAX_LATENCIES)
    assert taken.tolist() == [n * MAX_GATHERED / MAX_LATENCIES for n in range(MAX_LATENCIES)]


def test_viewers_need_no_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loadtest.media.clip.load_clip", lambda height: height)
    viewers = FleetPlan(1, NOWHERE, "demo", (plan("eve"),), None)
    teacher = FleetPlan(0, NOWHERE, "demo", (plan("ada", ("camera",)),), None, 360)
    assert fleet._load_clip(viewers) is None
    assert fleet._load_clip(teacher) == 360  # type: ignore[comparison-overlap]


@contextmanager
def _gc_kept() -> Iterator[None]:
    """A fleet sets the collector of its process; this one is the tests'."""
    thresholds = gc.get_threshold()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


@contextmanager
def running(*names: str, late: bool = False) -> Iterator[Connection]:
    """A fleet in a thread, which must have ended by the end; the runner's end of its pipe."""
    ours, theirs = multiprocessing.Pipe()
    bots = tuple(plan(name, late=late) for name in names)
    thread = threading.Thread(
        target=run_fleet, args=(FleetPlan(3, NOWHERE, "demo", bots, None), theirs)
    )
    with _gc_kept():
        thread.start()
        try:
            yield ours
        finally:
            ours.close()
            thread.join(20)
            theirs.close()
    assert not thread.is_alive()


def test_a_fleet_says_ready_and_done() -> None:
    with running() as pipe:
        assert pipe.recv() == Ready(3)
        pipe.send(Begin(time.monotonic()))
        pipe.send(People({}, None))
        pipe.send(Finish())
        assert pipe.recv() == Done(3, [])


def test_who_finds_no_server_has_failed_and_time_goes_on() -> None:
    with running("eve") as pipe:
        assert pipe.recv() == Ready(3)
        pipe.send(Begin(time.monotonic()))
        failed = pipe.recv()
        assert isinstance(failed, Failed)
        assert (failed.name, failed.code) == ("eve", "unreachable")
        tick = pipe.recv()
        assert isinstance(tick, Tick)
        assert tick.at == pytest.approx(1.0, abs=0.9)
        assert (tick.present, tick.packets, tick.overflows, tick.unsent) == (0, 0, 0, 0)
        pipe.send(Finish())
        (result,) = _done(pipe).results
        assert (result.name, result.left) == ("eve", "unreachable")


def test_latecomers_wait_until_they_are_let_go() -> None:
    with running("eve", late=True) as pipe:
        assert pipe.recv() == Ready(3)
        pipe.send(Begin(time.monotonic()))
        assert isinstance(pipe.recv(), Tick)  # a second without anybody
        pipe.send(Shift(0.0))
        while isinstance(failed := pipe.recv(), Tick):
            pass
        assert isinstance(failed, Failed)
        assert failed.at > 1.0
        pipe.send(Finish())
        assert [one.left for one in _done(pipe).results] == ["unreachable"]


def test_who_had_no_time_to_join_did_not() -> None:
    with running("eve", "ben") as pipe:
        assert pipe.recv() == Ready(3)
        pipe.send(Begin(time.monotonic() + 60))
        pipe.send(Finish())
        assert [one.left for one in _done(pipe).results] == ["not_joined", "not_joined"]


def test_a_fleet_ends_when_its_runner_has_gone() -> None:
    for messages in ([], [Begin(time.monotonic())]):
        with running("eve") as pipe:
            assert pipe.recv() == Ready(3)
            for message in messages:
                pipe.send(message)


def _done(pipe: Connection) -> Done:
    while not isinstance(message := pipe.recv(), Done):
        pass
    return message


def test_a_fault_of_ours_ends_the_fleet_and_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("loadtest.bot.link.Poller.serve", broken)
    ours, theirs = multiprocessing.Pipe()
    ours.send(Begin(time.monotonic()))
    with pytest.raises(ZeroDivisionError), _gc_kept():
        run_fleet(FleetPlan(3, NOWHERE, "demo", (), None), theirs)
    ours.close()
    theirs.close()
