"""A worker's verbs: limits, arrivals, what its listener is told, and nothing left behind."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest

from common.errors import CapacityError, StateError
from sfu.config import WorkerConfig
from sfu.events import Event, ProducerClosed, TransportClosed, TransportConnected
from sfu.fanout.outbox import Collected
from sfu.layout import SlotWant
from sfu.srtp.keys import SrtpProfile
from sfu.stats import DropReason
from sfu.subscribe.estimator import NullEstimator
from sfu.worker import Worker
from tests.support.dtls import ReadyDtls, handshake
from tests.support.faults import BrokenError, broken, class_of_three, closed, directory
from tests.support.offers import CLIENT_FINGERPRINT, CLIENT_PWD, CLIENT_UFRAG, compose, video
from tests.support.rig import SERVER
from tests.support.room import Room, assert_unbroken, pictures, sounds
from tests.support.stun_client import Credentials, binding_request

SMALL = WorkerConfig(
    candidates=(SERVER,), max_routers=2, max_transports=3, max_transports_per_router=2
)
NOBODY = ("203.0.113.200", 9)
ADA = ("203.0.113.7", 7_000)
GCM = SrtpProfile.AEAD_AES_128_GCM
OFFER = compose([video("recvonly")])


@dataclass(slots=True)
class Surroundings:
    """Notes all that a worker tells."""

    events: list[Event] = field(default_factory=list)
    faults: list[tuple[str, Exception]] = field(default_factory=list)
    wakes: int = 0

    def on_events(self, events: Sequence[Event]) -> None:
        self.events.extend(events)

    def on_fault(self, owner: str, error: Exception) -> None:
        self.faults.append((owner, error))

    def on_wake(self) -> None:
        self.wakes += 1


def worker(config: WorkerConfig = SMALL) -> Worker:
    made = Worker(
        config, dtls=ReadyDtls(), random=bytes, outbox=Collected(), listener=Surroundings()
    )
    made.create_router("class", 0.0)
    return made


class TestControl:
    def test_opening_a_class_again_is_harmless(self) -> None:
        made = worker()
        router = made.routers["class"]
        made.create_router("class", 0.0)
        assert made.routers["class"] is router

    @pytest.mark.parametrize(
        ("call", "code"),
        [
            (lambda w: w.create_transport("other", "ada", 0.0), "unknown_class"),
            (lambda w: w.accept_offer("ada", OFFER, 0.0), "not_joined"),
            (lambda w: w.set_layout("ada", [SlotWant("0", "off")], 0.0), "not_joined"),
            (lambda w: w.set_source("ada", "camera", True, 0.0), "not_joined"),
        ],
    )
    def test_what_the_state_does_not_allow(self, call: Callable[[Worker], None], code: str) -> None:
        with pytest.raises(StateError) as refused:
            call(worker())
        assert refused.value.code == code

    def test_nobody_joins_twice(self) -> None:
        made = worker()
        made.create_transport("class", "ada", 0.0)
        with pytest.raises(StateError) as refused:
            made.create_transport("class", "ada", 0.0)
        assert refused.value.code == "already_joined"

    def test_limits(self) -> None:
        made = worker()
        made.create_router("second", 0.0)
        with pytest.raises(CapacityError, match="too_many_classes"):
            made.create_router("third", 0.0)
        made.create_transport("class", "ada", 0.0)
        made.create_transport("class", "ben", 0.0)
        with pytest.raises(CapacityError, match="class_full"):
            made.create_transport("class", "cem", 0.0)
        made.create_transport("second", "cem", 0.0)
        with pytest.raises(CapacityError, match="server_full"):
            made.create_transport("second", "dan", 0.0)
        made.close_transport("cem", 0.0)
        made.create_transport("second", "dan", 0.0)

    def test_closing_is_idempotent(self) -> None:
        room = Room()
        room.rig.call(lambda w, now: w.create_transport("class", "ada", now))
        for _ in range(2):
            room.rig.call(lambda w, now: w.close_transport("ada", now))
            room.rig.call(lambda w, now: w.close_router("class", now))
        assert [event for _, event in room.rig.events] == [TransportClosed("class", "ada", "left")]

    def test_the_end_of_a_class_ends_its_connections(self) -> None:
        room, *_ = class_of_three()
        room.rig.call(lambda w, now: w.close_router("class", now))
        assert sorted(closed(room)) == [("ada", "ended"), ("ben", "ended"), ("teacher", "ended")]
        assert_nothing_left(room.rig.worker)

    def test_the_last_one_out_leaves_nothing_behind(self) -> None:
        room, *peers = class_of_three()
        for peer in peers:
            peer.leave()
        assert_nothing_left(room.rig.worker, routers=1)
        room.run(1.0)
        assert {e.producer_id for _, e in room.events(ProducerClosed)} == {
            "teacher:microphone",
            "teacher:camera",
        }

    def test_a_restart_leaves_no_old_fragment_once_the_new_one_nominates(self) -> None:
        room, _, ada, _ = class_of_three()
        for _ in range(3):
            ada.restart_ice()
            room.run(1.0)
        ada.leave()
        assert "ada" not in {t.transport_id for t in directory(room.rig.worker).values()}


def assert_nothing_left(of: Worker, routers: int = 0) -> None:
    """No table of the worker still knows a transport."""
    assert len(of.routers) == routers
    assert not of._transports
    assert not of._addresses.by_address
    assert not of._addresses.by_ufrag
    assert not of._changes.states
    of.flush(20_000.0)
    assert not of._changes.deadlines
    of.deliver_events()
    assert not of._changes.slots
    assert not of._egress.pending


class TestArrivals:
    def test_are_forwarded_at_the_flush(self) -> None:
        room, teacher, ada, _ = class_of_three()
        room.run(1.0)
        totals = room.totals()
        assert totals.copies_sent > totals.packets_forwarded > 100
        assert totals.stun_answers >= 3
        assert pictures(ada)[-1].publisher == teacher.publisher

    def test_of_dtls_wake_the_surroundings(self) -> None:
        room, _, ada, _ = class_of_three()
        before = room.rig.wakes
        room.rig.dtls.sessions[1]._hooks.closed("dtls_closed")
        assert room.rig.wakes > before
        room.run(0.1)
        assert closed(room) == [(ada.name, "dtls_closed")]


class TestLivesOfAConnection:
    def test_a_reloaded_page_replaces_the_old_connection(self) -> None:
        room, teacher, ada, _ = class_of_three()
        ada.reload()
        room.run(1.0)
        assert closed(room) == [("ada", "replaced")]
        told = [e.transport_id for _, e in room.events(TransportConnected)]
        assert told.count("ada") == 2
        room.watch(ada, ["teacher"])
        room.run(1.0)
        assert pictures(ada)[-1].publisher == teacher.publisher

    def test_an_offer_that_meets_an_end_not_yet_told_opens_a_new_connection(self) -> None:
        """The same certificate as before, so only the end itself tells."""
        room, _, ada, _ = class_of_three()
        old = room.rig.worker.routers["class"].transports["ada"]
        old.closed("dtls_closed")
        sdp = ada.connection.written_offer()
        room.rig.call(lambda worker, now: worker.accept_offer("ada", sdp, now))
        assert closed(room) == [("ada", "replaced")]
        assert room.rig.worker.routers["class"].transports["ada"] is not old

    def test_more_slots_keep_the_running_ones(self) -> None:
        room, _, ada, _ = class_of_three()
        before = ada.slot("video").ssrc
        ada.renegotiate(video_slots=3)
        room.run(1.0)
        assert ada.slot("video").ssrc == before
        assert closed(room) == []
        assert_unbroken(ada)

    def test_a_restarted_encoder_goes_on_in_the_slots(self) -> None:
        """A publisher's streams begin anew with other SSRCs, lower numbers and a good-bye."""
        room, teacher, ada, ben = class_of_three()
        room.run(2.0)
        for sender in teacher.senders.values():
            for stream in sender.streams:
                stream.ssrc += 1
                stream.sequence = 5
                stream.heard = False
                stream.history.clear()
                if stream.rtx_ssrc is not None:
                    stream.rtx_ssrc += 1
        for encoding in teacher.camera.encodings:
            encoding.wants_key = True
        room.run(2.0)
        for student in (ada, ben):
            assert student.violations() == []
            assert room.rig.now - pictures(student)[-1].at < 0.1
            assert room.rig.now - sounds(student)[-1].at < 0.1

    def test_what_a_closed_connection_still_says_is_not_heard(self) -> None:
        room, _, ada, ben = class_of_three()
        hooks = room.rig.worker.routers["class"].transports["ada"]
        ada.leave()
        hooks.send(b"\x15late")
        hooks.closed("dtls_closed")
        room.run(1.0)
        assert closed(room) == [("ada", "left")]
        assert_unbroken(ben)

    def test_what_had_arrived_when_the_class_ended_is_let_go(self) -> None:
        room, teacher, *_ = class_of_three()
        made, now = room.rig.worker, room.rig.now
        made.receive(b"\x80\x60" + bytes(40), teacher.connection.path.address, now)
        made.close_router("class", now)
        made.flush(now)
        assert made.next_deadline() is None
        assert_nothing_left(made)

    def test_nothing_is_sent_or_waited_for_before_the_offer(self) -> None:
        room = Room()
        made, now = room.rig.worker, room.rig.now
        made.create_transport("class", "ada", now)
        assert made.next_deadline() is None
        made.flush(now)
        assert room.rig.collected.take() == []


class TestSurroundings:
    """A worker is made by one call, and tells all that happens to what it was given."""

    def test_a_whole_connection_is_told(self) -> None:
        sent, told, dtls = Collected(), Surroundings(), ReadyDtls()
        made = Worker(SMALL, dtls=dtls, random=Random(1).randbytes, outbox=sent, listener=told)
        made.create_router("class", 0.0)
        made.create_transport("class", "ada", 0.0)
        made.accept_offer("ada", OFFER, 0.0)
        ours = made.routers["class"].transports["ada"].agent.credentials
        credentials = Credentials(CLIENT_UFRAG, CLIENT_PWD, ours.ufrag, ours.pwd)
        made.receive(binding_request(credentials, bytes(12)), ADA, 0.0)
        made.receive(handshake(CLIENT_FINGERPRINT, bytes(16), GCM), ADA, 0.0)
        assert told.wakes, "DTLS has changed the transport"
        made.flush(0.0)
        assert [address for address, _ in sent.take()] == [ADA, ADA]
        assert told.events == []
        made.deliver_events()
        made.deliver_events()
        assert told.events == [TransportConnected("class", "ada")]

    def test_faults_are_told_with_their_owner(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sent, told = Collected(), Surroundings()
        made = Worker(SMALL, dtls=ReadyDtls(), random=bytes, outbox=sent, listener=told)
        made.create_router("class", 0.0)
        made.create_transport("class", "ada", 0.0)
        monkeypatch.setattr(made.routers["class"].transports["ada"], "close", broken)
        made.close_transport("ada", 0.0)
        [(owner, error)] = told.faults
        assert (owner, type(error)) == ("ada", BrokenError)

    def test_transports_estimate_bandwidth_as_the_worker_was_told_to(self) -> None:
        made = Worker(
            SMALL,
            dtls=ReadyDtls(),
            random=bytes,
            outbox=Collected(),
            listener=Surroundings(),
            new_estimator=NullEstimator,
        )
        made.create_router("class", 0.0)
        made.create_transport("class", "ada", 0.0)
        transport = made.routers["class"].transports["ada"]
        assert isinstance(transport.downlink.estimator, NullEstimator)

    def test_drops_are_counted_where_the_surroundings_count(self) -> None:
        drops: Counter[DropReason] = Counter()
        made = Worker(
            SMALL,
            dtls=ReadyDtls(),
            random=bytes,
            outbox=Collected(),
            listener=Surroundings(),
            drops=drops,
        )
        made.receive(b"", NOBODY, 0.0)
        assert drops == {DropReason.EMPTY: 1}
