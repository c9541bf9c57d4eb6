"""Bots' connections and a Worker in virtual time: real ICE, SRTP and RTCP over simulated paths."""

from statistics import mean

import pytest

from loadtest.bot.ice import FAILED_AFTER
from loadtest.media.footage import FPS
from sfu.events import TransportConnected
from sfu.ice.agent import IceState
from sfu.transport import Transport
from tests.support.bots import VirtualBot, plan
from tests.support.netem import Conditions
from tests.support.rig import GOOD, Rig

SECONDS = 4.0


class Lesson:
    """A teacher bot, and viewers that watch it."""

    def __init__(self, *, down: Conditions = GOOD, sampled: bool = False) -> None:
        self.rig = Rig(seed=3)
        self.rig.call(lambda worker, now: worker.create_router("class", now))
        teacher = plan("teacher", ("camera", "microphone"), audio_slots=0, video_slots=0)
        self.teacher = VirtualBot(self.rig, teacher, ("198.51.100.1", 1_000))
        self.viewer = VirtualBot(
            self.rig, plan("viewer", sampled=sampled), ("198.51.100.2", 2_000), down=down
        )
        self.teacher.join()
        self.rig.run(0.5)
        self.viewer.join()
        self.rig.run(0.5)
        self.viewer.watch("teacher:camera")


def transport(rig: Rig, name: str) -> Transport:
    return rig.worker.routers["class"].transports[name]


def streams(bot: VirtualBot, kind: str) -> list[tuple[int, int]]:
    """(packets, frames) of each slot of a kind that has begun."""
    return [
        (one.packets, one.frames)
        for one in bot.connection.streams.values()
        if one.is_video == (kind == "video")
    ]


@pytest.mark.parametrize("sampled", [False, True])
def test_a_viewer_gets_every_frame_and_every_sound(sampled: bool) -> None:
    lesson = Lesson(sampled=sampled)
    lesson.rig.run(SECONDS)
    ((packets, frames),) = streams(lesson.viewer, "video")
    ((sounds, _),) = streams(lesson.viewer, "audio")
    assert frames == pytest.approx(SECONDS * FPS, abs=6)
    assert packets >= 3 * frames
    assert sounds == pytest.approx(SECONDS * 50, rel=0.2)
    for stream in lesson.viewer.connection.streams.values():
        assert (stream.lost, stream.freezes, stream.duplicates) == (0, 0, 0)
    assert lesson.viewer.connection.tally.undecryptable == 0
    assert lesson.viewer.connection.tally.plis == 0  # the slot began with a key frame
    connected = [e.transport_id for _, e in lesson.rig.events if isinstance(e, TransportConnected)]
    assert connected == ["teacher", "viewer"]


def test_a_sampled_viewer_measures_the_way_of_every_frame() -> None:
    lesson = Lesson(sampled=True)
    lesson.rig.run(SECONDS)
    latencies = lesson.viewer.latencies
    assert len(latencies) > SECONDS * FPS
    assert mean(latencies) == pytest.approx(40, abs=1)  # 20 ms up, 20 ms down


def test_losses_are_asked_for_and_repaired() -> None:
    lesson = Lesson(down=Conditions(delay=0.02, loss=0.05))
    lesson.rig.run(SECONDS)
    (video,) = (s for s in lesson.viewer.connection.streams.values() if s.is_video)
    assert video.recovered > 10
    assert video.lost <= 1
    assert lesson.viewer.connection.tally.nacks >= video.recovered
    assert lesson.viewer.connection.tally.undecryptable == 0
    assert video.frames == pytest.approx(SECONDS * FPS, abs=8)


def test_the_server_learns_of_loss_round_trip_and_remb() -> None:
    lesson = Lesson(down=Conditions(delay=0.02, loss=0.1))
    lesson.rig.run(SECONDS)
    downlink = transport(lesson.rig, "viewer").downlink
    assert downlink.round_trip == pytest.approx(0.04, abs=0.005)
    assert downlink.loss > 0
    assert downlink.remb is not None
    assert downlink.remb >= 300_000


def test_a_publishers_losses_are_resent_and_its_streams_acknowledged() -> None:
    rig = Rig(seed=5)
    rig.call(lambda worker, now: worker.create_router("class", now))
    teacher = plan("teacher", ("camera",), audio_slots=0, video_slots=0)
    bot = VirtualBot(rig, teacher, ("198.51.100.1", 1_000), up=Conditions(delay=0.02, loss=0.05))
    bot.join()
    rig.run(SECONDS)
    publisher = bot.connection.publisher
    assert publisher is not None
    assert publisher.nacks > 5
    lines = [line for source in publisher.sources for line in source.lines]
    assert sum(line.resent for line in lines) > 5
    assert all(line.acknowledged for line in lines)
    layers = transport(rig, "teacher").uplink.producers["teacher:camera"].layers
    assert [layer.height for layer in layers] == [180, 360, 720]
    nacks = [layer.stream.nack for layer in layers]
    recovered = sum(nack.recovered for nack in nacks if nack is not None)
    assert recovered > 5


def test_who_is_never_answered_gives_up() -> None:
    rig = Rig(seed=1)
    rig.call(lambda worker, now: worker.create_router("class", now))
    bot = VirtualBot(rig, plan("deaf"), ("198.51.100.1", 1_000))
    bot.answers = False
    bot.join()
    rig.run(FAILED_AFTER - 1)
    assert not bot.failures
    rig.run(2)
    assert bot.failures == ["ice_timeout"]


def test_consent_is_kept_and_its_loss_noticed() -> None:
    lesson = Lesson()
    lesson.rig.run(20)
    assert lesson.viewer.connection.ice.state is IceState.CONNECTED
    lesson.viewer.answers = False
    lesson.rig.run(35)
    assert lesson.viewer.failures == ["ice_timeout"]


def test_a_handover_moves_everything_to_the_new_address() -> None:
    lesson = Lesson()
    lesson.rig.run(1)
    address = ("203.0.113.7", 7_777)
    lesson.viewer.move(address)
    lesson.rig.run(2)
    assert lesson.viewer.probes == [True]
    assert transport(lesson.rig, "viewer").downlink.address == address
    (video,) = (s for s in lesson.viewer.connection.streams.values() if s.is_video)
    assert (video.lost, video.freezes) == (0, 0)


def test_a_handover_to_nowhere_changes_nothing() -> None:
    lesson = Lesson()
    lesson.viewer.conditions = (Conditions(loss=1.0), GOOD)
    lesson.viewer.move(("203.0.113.7", 7_777))
    lesson.rig.run(FAILED_AFTER + 1)
    assert lesson.viewer.probes == [False]
    assert not lesson.viewer.failures


def test_what_was_closed_does_nothing_more() -> None:
    lesson = Lesson()
    lesson.rig.run(1)
    lesson.viewer.connection.close(lesson.rig.now)
    assert lesson.viewer.timers.next_deadline() is None
    lesson.viewer.connection.receive(b"\x80" * 50, lesson.rig.now)
    lesson.viewer.connection.close(lesson.rig.now)


def test_media_that_nobody_can_read_is_counted() -> None:
    lesson = Lesson(sampled=True)
    lesson.rig.run(1)
    connection = lesson.viewer.connection
    ssrc = next(iter(connection.streams))
    for data in (
        b"\x80\x60" + bytes(6) + ssrc.to_bytes(4, "big") + bytes(40),  # not authentic
        b"\x80\x60" + bytes(10) + bytes(40),  # of nobody
        b"\x80\x60\x00",  # cut off
        b"\x80\xc9\x00\x01" + bytes(30),  # RTCP that is not authentic
    ):
        connection.receive_sampled(data, 1, lesson.rig.now)
    assert connection.tally.undecryptable == 4


def test_switches_are_counted_and_an_empty_slot_is_no_freeze() -> None:
    lesson = Lesson()
    lesson.rig.run(1)
    connection = lesson.viewer.connection
    (video,) = (s for s in connection.streams.values() if s.is_video)
    low, high = ({"producer": "teacher:camera", "layer": layer} for layer in (0, 2))
    connection.slots_changed({video.mid: low})
    connection.slots_changed({video.mid: high})
    connection.slots_changed({"99": low})
    assert connection.tally.switches == 1
    connection.slots_changed({video.mid: None})
    assert video.frame_at == 0
