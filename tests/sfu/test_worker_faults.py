"""An exception costs as little as can be, and is told."""

from dataclasses import replace
from typing import Any

import pytest

from sfu.fanout.forward import Fault, forward
from sfu.publish.producer import Layer
from sfu.router import Router
from sfu.transport import Transport
from sfu.worker import AFTER_FAULT
from tests.support.faults import broken, class_of_three, closed, directory, faults
from tests.support.room import (
    SEEN_STUDENT,
    STUDENT,
    TEACHER,
    Room,
    assert_unbroken,
    pictures,
    sounds,
)


class TestFaults:
    """An exception costs as little as can be, and is told."""

    def test_in_reading_a_datagram_cost_its_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room, _, ada, ben = class_of_three()
        with monkeypatch.context() as patch:
            patch.setattr(Transport, "receive_rtcp", broken)
            room.rig.inject(ada.connection.path.address, b"\x80\xc8" + bytes(30))
        assert faults(room) == ["ada"]
        assert closed(room) == [("ada", "error")]
        room.run(1.0)
        assert_unbroken(ben)

    def test_in_a_stun_request_cost_its_connection(self, monkeypatch: pytest.MonkeyPatch) -> None:
        room, *_ = class_of_three()
        late = room.add(STUDENT, "late")
        with monkeypatch.context() as patch:
            patch.setattr(Transport, "receive_stun", broken)
            late.join()
            room.run(0.1)
        assert "late" in faults(room)
        assert ("late", "error") in closed(room)

    def test_in_a_copy_cost_the_subscriber_not_the_publisher(self) -> None:
        room, teacher, _, ben = class_of_three()
        transport = room.rig.worker.routers["class"].transports["ada"]
        for consumer in transport.downlink.consumers.values():
            consumer.index_space.seal_into = broken
            if consumer.layer is not None:
                consumer.layer.discard_plans()
        room.run(1.0)
        assert faults(room) == ["ada"]
        assert closed(room) == [("ada", "error")]
        assert_unbroken(ben)
        assert room.rig.now - pictures(ben)[-1].at < 0.1
        assert teacher.name in room.rig.worker.routers["class"].transports

    def test_in_two_slots_of_one_subscriber_close_it_once(self) -> None:
        room = Room()
        teacher, ben = room.add(TEACHER), room.add(SEEN_STUDENT, "ben")
        ada = room.add(replace(STUDENT, video_slots=2), "ada")
        room.join(teacher, ben, ada)
        room.watch(ada, ["teacher", "ben"])
        room.run(1.0)
        transport = room.rig.worker.routers["class"].transports["ada"]
        for consumer in transport.downlink.slots("video"):
            consumer.index_space.seal_into = broken
            if consumer.layer is not None:
                consumer.layer.discard_plans()
        room.run(0.2)
        assert faults(room) == ["ada"]
        assert closed(room) == [("ada", "error")]

    def test_in_a_batch_cost_its_publisher_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        room = Room()
        ada, ben = room.add(SEEN_STUDENT, "ada"), room.add(SEEN_STUDENT, "ben")
        watcher = room.add(replace(STUDENT, video_slots=2), "watcher")
        room.join(ada, ben, watcher)
        room.watch(watcher, ["ada", "ben"])
        room.run(1.0)

        def forward_unless_ada(layer: Layer, *rest: Any) -> list[Fault]:
            return broken() if layer.producer.transport_id == "ada" else forward(layer, *rest)

        monkeypatch.setattr("sfu.worker.forward", forward_unless_ada)
        room.run(1.0)
        assert faults(room) == ["ada"]
        assert closed(room) == [("ada", "error")]
        assert room.rig.now - pictures(watcher, 1)[-1].at < 0.1

    def test_in_starting_a_layer_cost_its_publisher(self, monkeypatch: pytest.MonkeyPatch) -> None:
        room, _, ada, ben = class_of_three()
        with monkeypatch.context() as patch:
            patch.setattr(Router, "layer_started", broken)
            late = room.add(SEEN_STUDENT, "late")
            room.join(late)
            room.run(0.2)
        assert set(faults(room)) == {"late"}
        assert closed(room) == [("late", "error")]
        room.run(1.0)
        assert_unbroken(ada, ben)

    def test_in_a_change_of_state_cost_its_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room, *_ = class_of_three()
        late = room.add(STUDENT, "late")
        late.join()
        with monkeypatch.context() as patch:
            patch.setattr(Router, "resolve", broken)
            room.run(1.0)
        assert faults(room) == ["late"]
        assert closed(room) == [("late", "error")]

    def test_in_a_subscribers_slots_cost_it_alone_and_no_request_of_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room, teacher, _, ben = class_of_three()
        transport = room.rig.worker.routers["class"].transports["ada"]
        monkeypatch.setattr(transport.downlink, "allocate", broken)
        before = room.totals().drops.get("transport_error", 0)
        room.set_source(teacher, "camera", False)
        room.set_source(teacher, "camera", True)
        room.run(1.0)
        assert faults(room)[0] == "ada"
        assert set(faults(room)) == {"ada"}
        assert closed(room) == [("ada", "error")]
        assert room.totals().drops["transport_error"] == before + len(faults(room))
        assert room.rig.now - pictures(ben)[-1].at < 0.1

    def test_in_its_own_slots_leave_an_offer_its_answer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room, *_ = class_of_three()
        late = room.add(SEEN_STUDENT, "late")
        with monkeypatch.context() as patch:
            patch.setattr(Router, "_point", broken)
            late.join()
        assert late.slots
        room.run(0.1)
        assert faults(room) == ["late"]
        assert closed(room) == [("late", "error")]

    def test_in_a_transports_timers_cost_it_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        room, _, _, ben = class_of_three()
        transport = room.rig.worker.routers["class"].transports["ada"]
        monkeypatch.setattr(transport, "handle_timers", broken)
        room.run(2.0)
        assert faults(room) == ["ada"]
        assert closed(room) == [("ada", "error")]
        assert_unbroken(ben)

    def test_in_a_classs_timers_cost_nothing_but_are_tried_again(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room, teacher, ada, _ = class_of_three()
        with monkeypatch.context() as patch:
            patch.setattr(Router, "handle_timers", broken)
            room.run(3.5 * AFTER_FAULT)
        assert faults(room) == ["class"] * 4
        teacher.microphone.level = 20
        room.run(3.0)
        assert closed(room) == []
        assert room.rig.now - sounds(ada)[-1].at < 0.1
        assert len(faults(room)) == 4

    def test_in_closing_leave_the_tables_clean(self, monkeypatch: pytest.MonkeyPatch) -> None:
        room, _, ada, ben = class_of_three()
        monkeypatch.setattr(room.rig.dtls.sessions[1], "close", broken)
        ada.leave()
        assert faults(room) == ["ada"]
        assert closed(room) == [("ada", "left")]
        assert ada.name not in {t.transport_id for t in directory(room.rig.worker).values()}
        room.run(1.0)
        assert_unbroken(ben)

    def test_in_closing_a_publisher_leave_no_ghost_in_its_class(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        room, teacher, ada, ben = class_of_three()
        with monkeypatch.context() as patch:
            patch.setattr(Transport, "close", broken)
            teacher.leave()
        assert faults(room) == ["teacher"]
        router = room.rig.worker.routers["class"]
        assert set(router.transports) == {ada.name, ben.name}
        assert router.producers == {}
        room.run(1.0)
        assert closed(room) == [("teacher", "left")]
