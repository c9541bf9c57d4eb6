"""What one participant receives: slots, layers within the budget, feedback."""

import pytest

from sfu.events import SlotState
from sfu.stats import DropReason
from sfu.wire.rtcp import Nack
from tests.support.core import (
    OPUS_PT,
    Source,
    Viewer,
    flush,
    open_outbound,
    sealed,
    show,
    vp8,
)
from tests.support.downlinks import (
    RATES,
    SLOT,
    SteadyReception,
    congest,
    simulcast,
    targets,
    watch,
    watching,
)
from tests.support.offers import audio, video


class TestSlots:
    def test_are_made_of_the_receiving_sections(self) -> None:
        viewer = Viewer(audio("recvonly"), video("recvonly"), video("recvonly"))
        assert [c.mid for c in viewer.downlink.slots("video")] == ["1", "2"]
        assert [c.mid for c in viewer.downlink.slots("audio")] == ["0"]
        assert viewer.downlink.consumer_by_ssrc(1_001) is viewer.slot("1")
        assert viewer.downlink.consumer_by_ssrc(2_001) is None

    def test_know_their_payload_types_and_extensions(self) -> None:
        viewer = Viewer(audio("recvonly"), video("recvonly"))
        assert viewer.slot("0").payload_types == {"opus": (OPUS_PT, None)}
        assert viewer.slot("1").payload_types == {"VP8": (96, 97), "H264": (108, 109)}
        assert viewer.slot("0").profile == (0, 0)
        assert viewer.slot("1").profile == (2, 13)

    def test_begin_at_random_numbers_well_before_a_wrap(self) -> None:
        viewer = Viewer(random=lambda count: b"\xff" * count)
        slot = viewer.slot()
        assert (slot.index_space.highest, slot.rtx_index_space.highest) == (0x7FFF, 0x7FFF)
        assert slot.last_timestamp == 0xFFFFFFFF

    def test_keep_running_when_an_offer_adds_some(self) -> None:
        _, viewer = watching()
        slot = viewer.slot()
        viewer.negotiate(video("recvonly"), video("recvonly"))
        assert viewer.slot() is slot
        assert slot.layer is not None
        assert b"payload" in sealed(viewer.slot("1").index_space, 1, b"payload")

    @pytest.mark.parametrize("direction", ["inactive", "sendonly"])
    def test_end_when_an_offer_no_longer_receives_in_them(self, direction: str) -> None:
        source, viewer = watching()
        assert viewer.downlink.take_changed_slots()["0"] is not None
        viewer.negotiate(video(direction), video("recvonly"))
        assert list(viewer.downlink.consumers) == ["1"]
        assert viewer.downlink.consumer_by_ssrc(SLOT) is None
        assert source.layer().subscribers() == ()
        assert not source.producer().watchers
        assert viewer.downlink.take_changed_slots() == {"0": None}

    def test_leave_what_they_counted_when_they_end(self) -> None:
        source, viewer = watching()
        sent = len(flush(source)) + viewer.slot().packets
        viewer.downlink.receive_nack(Nack(1, SLOT, (1, 900)), 0.0)
        viewer.downlink.receive_keyframe_request(SLOT, 0.0)
        slot = viewer.slot()
        viewer.negotiate(video("inactive"), video("recvonly"))
        ended = viewer.downlink.ended
        assert (ended.copies_sent, ended.bytes_sent) == (sent, slot.bytes)
        assert sent > 0
        assert (ended.nacks_received, ended.plis_received, ended.switches) == (2, 1, 1)
        assert ended.retransmitted == slot.retransmitted == 1

    def test_changes_are_told_once_as_they_are_then(self) -> None:
        _, viewer = watching()
        shown = SlotState("teacher", "teacher:camera", "video", 0)
        assert viewer.downlink.take_changed_slots() == {"0": shown}
        assert viewer.downlink.take_changed_slots() == {}
        viewer.slot().detach(0.0)
        assert viewer.downlink.take_changed_slots() == {"0": None}

    def test_changes_that_changed_back_are_not_told(self) -> None:
        source, viewer = watching()
        shown = viewer.downlink.take_changed_slots()["0"]
        viewer.slot().detach(0.0)
        show(viewer, source)
        source.receive(9, vp8(key=True))
        flush(source)
        assert viewer.slot().layer is source.layer()
        assert viewer.downlink.take_changed_slots() == {}
        viewer.slot().detach(0.0)
        assert viewer.downlink.take_changed_slots() == {"0": None}
        viewer.downlink.slot_changed(viewer.slot().mid)
        assert viewer.downlink.take_changed_slots() == {}
        assert shown is not None

    def test_tell_the_layer_by_its_place_among_the_heights(self) -> None:
        source, viewer = simulcast(), Viewer()
        for layer, height in zip(source.producer().layers, (720, 360, 180), strict=True):
            layer.height = height
        watch(viewer, source)
        viewer.slot().set_target(source.layer(0), 1.0)
        source.layer(0).receive(2, 0, 0, b"\x10\x00key", None, 1.0)
        flush(source, 1.0)
        state = viewer.downlink.take_changed_slots()["0"]
        assert state is not None
        assert state.layer == 2

    def test_are_emptied_together(self) -> None:
        source, viewer = watching()
        viewer.downlink.detach_all(0.0)
        viewer.downlink.detach_all(0.0)
        assert viewer.slot().producer is None
        assert source.layer().subscribers() == ()


class TestKeys:
    def test_without_them_nothing_is_sealed(self) -> None:
        viewer = Viewer(connected=False)
        assert not viewer.downlink.connected
        with pytest.raises(RuntimeError, match="keys"):
            sealed(viewer.slot().index_space, 1, b"")
        with pytest.raises(RuntimeError, match="keys"):
            viewer.downlink.protect_rtcp(b"")

    def test_go_to_the_slots_that_wait_for_them(self) -> None:
        viewer = Viewer(connected=False)
        viewer.downlink.connect(open_outbound(viewer.cipher))
        slot = viewer.slot()
        for space in (slot.index_space, slot.rtx_index_space):
            assert b"payload" in sealed(space, 5, b"payload")
        expected = [(ssrc << 48 | 5).to_bytes(12, "big") for ssrc in (SLOT, 2_000)]
        assert list(viewer.cipher.sealed) == expected

    def test_alone_are_no_connection_without_an_address(self) -> None:
        viewer = Viewer(address=None)
        assert not viewer.downlink.connected
        viewer.downlink.move(("192.0.2.1", 1))
        assert viewer.downlink.connected


class TestLayers:
    def test_without_a_limit_each_slot_gets_what_it_asks_for(self) -> None:
        source, viewer = simulcast(), Viewer(video("recvonly"), video("recvonly"))
        watch(viewer, source)
        watch(viewer, simulcast("other"), "1", height=360)
        viewer.downlink.allocate(1.0)
        assert targets(viewer) == {"0": "f", "1": "h"}
        assert not viewer.downlink.limited

    def test_are_chosen_by_height_whatever_the_order_of_the_offer(self) -> None:
        source = Source(video(rids=("f", "h", "q")))
        for number, layer in enumerate(source.producer().layers):
            layer.begin_stream(100 + number)
            layer.stream.reception = SteadyReception(RATES[2 - number])
            layer.height = (720, 360, 180)[number]
            layer.start()
        viewer = Viewer()
        watch(viewer, source, height=180)
        viewer.downlink.allocate(1.0)
        assert targets(viewer) == {"0": "q"}

    def test_within_the_budget_the_most_wanted_comes_first(self) -> None:
        viewer = Viewer(video("recvonly"), video("recvonly"))
        congest(viewer, 600_000)
        watch(viewer, simulcast())
        watch(viewer, simulcast("other"), "1")
        viewer.slot("0").wish.want = "page"
        viewer.downlink.allocate(9.0)
        assert viewer.downlink.limited
        assert targets(viewer) == {"0": "q", "1": "h"}

    def test_a_slot_that_does_not_fit_is_paused(self) -> None:
        viewer = Viewer(video("recvonly"), video("recvonly"))
        congest(viewer, 180_000)
        first, second = simulcast(), simulcast("other")
        watch(viewer, first)
        watch(viewer, second, "1")
        viewer.slot("1").set_target(second.layer(0), 1.0)
        viewer.downlink.allocate(9.0)
        assert targets(viewer) == {"0": "q", "1": None}

    def test_a_trial_goes_up_when_its_time_has_come(self) -> None:
        viewer = Viewer()
        congest(viewer, 200_000)
        watch(viewer, simulcast())
        viewer.downlink.allocate(9.0)
        assert targets(viewer) == {"0": "q"}
        viewer.downlink.allocate(60.0)
        assert targets(viewer) == {"0": "h"}

    def test_wait_for_the_connection(self) -> None:
        viewer = Viewer(connected=False)
        watch(viewer, simulcast())
        viewer.downlink.allocate(1.0)
        assert targets(viewer) == {"0": None}

    def test_of_a_producer_that_has_sent_nothing_are_not_there_yet(self) -> None:
        viewer, source = Viewer(), Source()
        watch(viewer, source)
        viewer.downlink.allocate(1.0)
        assert targets(viewer) == {"0": None}

    def test_a_slot_without_a_producer_asks_for_nothing(self) -> None:
        viewer = Viewer()
        viewer.downlink.allocate(1.0)
        assert targets(viewer) == {"0": None}


class TestRetransmission:
    def nack(self, viewer: Viewer, *sequences: int, now: float = 1.0, ssrc: int = SLOT) -> int:
        return len(viewer.downlink.receive_nack(Nack(9, ssrc, sequences), now))

    def test_gives_what_is_still_there(self) -> None:
        _, viewer = watching(3)
        assert self.nack(viewer, 1, 2, 3) == 3
        assert viewer.slot().retransmitted == 3
        assert viewer.slot().nacks_received == 3
        assert viewer.slot().packets == 3, "media, not repairs"

    def test_gives_nothing_of_what_is_gone_or_unknown(self) -> None:
        _, viewer = watching(3)
        assert self.nack(viewer, 4, 60_000) == 0
        assert viewer.drops == {DropReason.RTX_EXPIRED: 2}
        assert self.nack(viewer, 1, ssrc=77) == 0

    def test_gives_nothing_twice_within_a_round_trip(self) -> None:
        _, viewer = watching(3)
        viewer.downlink.round_trip = 0.2
        assert self.nack(viewer, 1, now=1.0) == 1
        assert self.nack(viewer, 1, now=1.15) == 0
        assert viewer.drops == {DropReason.RTX_RECENT: 1}
        assert self.nack(viewer, 1, now=1.25) == 1

    def test_stays_within_its_budget(self) -> None:
        source, viewer = watching(1)
        for sequence in range(2, 40):
            source.receive(sequence, b"\x10" + bytes(1_000))
        flush(source)
        given = self.nack(viewer, *range(2, 40))
        assert 15 < given < 38
        assert viewer.drops == {DropReason.RTX_OVER_BUDGET: 38 - given}
