"""Control calls, the one timer, waking and closing of the UDP edge."""

import logging
import socket
from collections.abc import Sequence
from typing import NoReturn

import pytest

from common.errors import StateError
from sfu.events import Event, TransportClosed
from sfu.stats import DropReason
from sfu.worker import Worker
from tests.support.edge import LOCAL, Edge, frame
from tests.support.offers import compose, video


def join(worker: Worker, now: float) -> None:
    worker.create_router("class", now)
    worker.create_transport("class", "ada", now)
    worker.accept_offer("ada", compose([video("recvonly")]), now)


def replace_class(worker: Worker, now: float) -> None:
    worker.close_router("class", now)
    join(worker, now)


class TestControlCalls:
    async def test_have_the_present_time_and_tell_what_follows(self, edge: Edge) -> None:
        edge.udp.call(join)
        edge.udp.call(lambda worker, now: worker.close_transport("ada", now))
        assert edge.events == [TransportClosed("class", "ada", "left")]

    async def test_give_their_result_and_their_error(self, edge: Edge) -> None:
        assert edge.udp.call(lambda worker, now: len(worker.routers)) == 0
        with pytest.raises(StateError):
            edge.udp.call(lambda worker, now: worker.create_transport("class", "ada", now))

    async def test_may_be_made_by_who_hears_of_events(self, edge: Edge) -> None:
        told: list[Event] = []

        def rejoin(events: Sequence[Event]) -> None:
            told.extend(events)
            if len(told) == 1:
                edge.udp.call(lambda worker, now: worker.create_transport("class", "ada", now))
                edge.udp.call(lambda worker, now: worker.close_transport("ada", now))

        edge.udp._on_events = rejoin
        edge.udp.call(join)
        edge.udp.call(lambda worker, now: worker.close_transport("ada", now))
        assert told == [TransportClosed("class", "ada", "left")] * 2


class TestLeaving:
    async def test_discards_what_waits_for_nobody(self, edge: Edge) -> None:
        edge.udp.call(join)
        edge.narrow(0)
        edge.send(b"\x80\x60" + bytes(30))
        edge.udp.call(lambda worker, now: None)
        assert edge.udp.figures().waiting_datagrams == 1
        edge.udp.call(lambda worker, now: worker.close_transport("ada", now))
        assert edge.udp.figures().waiting_datagrams == 0
        assert edge.drops == {DropReason.BACKLOG_CLOSED: 1}


class TestTimer:
    async def test_is_one_at_the_workers_next_deadline(self, edge: Edge) -> None:
        assert edge.udp._timer is None
        edge.udp.call(join)
        timer = edge.udp._timer
        assert timer is not None
        assert edge.udp._timer_at == edge.worker.next_deadline()
        edge.udp._arm(edge.worker.next_deadline())
        assert edge.udp._timer is timer

    async def test_moves_for_an_earlier_deadline_only(self, edge: Edge) -> None:
        edge.udp.call(join)
        timer, at = edge.udp._timer, edge.udp._timer_at
        assert timer is not None
        edge.udp._arm(at + 5)
        assert edge.udp._timer is timer
        edge.udp._arm(at - 5)
        assert timer.cancelled()
        assert edge.udp._timer_at == at - 5

    async def test_does_what_is_due(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        due = [0.0]
        monkeypatch.setattr(edge.worker, "next_deadline", lambda: due[0] if due else None)
        monkeypatch.setattr(edge.worker, "handle_timers", lambda now: due.clear())
        edge.udp._arm(0.0)
        await edge.until(lambda: not due)
        assert edge.udp._timer is None

    async def test_what_is_due_is_done_with_any_input(
        self, edge: Edge, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        due = [0.0]
        monkeypatch.setattr(edge.worker, "next_deadline", lambda: due[0] if due else None)
        monkeypatch.setattr(edge.worker, "handle_timers", lambda now: due.clear())
        edge.udp.call(lambda worker, now: None)
        assert not due

    async def test_goes_on_although_a_listener_fails(self, edge: Edge) -> None:
        def broken(events: Sequence[Event]) -> NoReturn:
            raise RuntimeError

        edge.udp.call(join)
        edge.udp._timer = None
        edge.udp._on_events = broken
        with pytest.raises(RuntimeError):
            edge.udp.call(replace_class)
        assert edge.udp._timer is not None


class TestWaking:
    async def test_many_are_one(self, edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
        flushed: list[float] = []
        monkeypatch.setattr(edge.worker, "flush", flushed.append)
        for _ in range(3):
            edge.udp.on_wake()
        await edge.until(lambda: bool(flushed))
        assert len(flushed) == 1
        edge.udp.on_wake()
        await edge.until(lambda: len(flushed) == 2)


class TestLife:
    async def test_faults_of_the_worker_are_logged(
        self, edge: Edge, caplog: pytest.LogCaptureFixture
    ) -> None:
        edge.udp.on_fault("ada", ValueError("nonsense"))
        [record] = caplog.records
        assert record.levelno == logging.ERROR
        assert "ada" in record.message
        assert record.exc_info

    async def test_before_the_start_there_is_no_port(self) -> None:
        made = Edge()
        with pytest.raises(RuntimeError, match="not started"):
            _ = made.udp.port
        made.udp.call(join)
        made.send(b"nowhere")
        made.send(*frame(3))
        made.udp.close()
        made.far.socket.close()
        assert made.drops == {}

    async def test_close_is_idempotent_and_final(self, edge: Edge) -> None:
        edge.narrow(0)
        edge.udp.call(join)
        edge.send(b"waits")
        edge.udp.on_wake()
        for _ in range(2):
            edge.udp.close()
        assert edge.udp._timer is None
        edge.send(b"late")
        edge.udp.call(lambda worker, now: worker.close_router("class", now))
        edge.udp.on_wake()
        edge.udp._on_readable()
        edge.udp.sender._on_writable()
        assert edge.far.is_empty()
        with pytest.raises(RuntimeError):
            _ = edge.udp.port

    async def test_may_be_started_again(self, edge: Edge) -> None:
        edge.udp.call(join)
        edge.udp.close()
        await edge.udp.start(LOCAL, 0)
        edge.udp.call(lambda worker, now: None)
        assert edge.udp._timer is not None
        edge.send(b"again")
        assert await edge.far.take(1) == [b"again"]

    async def test_a_port_that_is_taken_is_an_error(self, edge: Edge) -> None:
        other = Edge()
        with pytest.raises(OSError, match="in use"):
            await other.udp.start(LOCAL, edge.udp.port)
        other.far.socket.close()

    async def test_ipv6(self) -> None:
        made = Edge()
        try:
            await made.udp.start("::1", 0)
        except OSError:
            pytest.skip("no IPv6 here")
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as far:
            far.sendto(b"\x50", ("::1", made.udp.port))
            await made.until(lambda: bool(made.drops))
        made.udp.close()
        made.far.socket.close()
        assert made.drops == {DropReason.UNKNOWN_KIND: 1}
