"""A slot: one continuous line of numbers whatever stands behind it."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sfu.srtp.index_space import MAX_MAPPINGS
from sfu.wire.arith import ts_delta
from tests.support.core import Sent, Source, Viewer, flush, sequences, show, vp8
from tests.support.media import read_video
from tests.support.offers import audio, video
from tests.support.thorough import tries

SECOND = 90_000


def key(
    source: Source,
    sequence: int,
    now: float = 0.0,
    *,
    timestamp: int | None = None,
    picture: int = 0,
    tl0: int = 0,
) -> list[Sent]:
    """A key frame's packet, received and forwarded."""
    payload = vp8(key=True, picture=picture, tl0=tl0)
    source.receive(sequence, payload, timestamp=timestamp, now=now)
    return flush(source, now)


def delta(
    source: Source,
    sequence: int,
    now: float = 0.0,
    *,
    timestamp: int | None = None,
    picture: int = 0,
    tl0: int = 0,
) -> list[Sent]:
    source.receive(sequence, vp8(picture=picture, tl0=tl0), timestamp=timestamp, now=now)
    return flush(source, now)


def two() -> tuple[Source, Source, Viewer]:
    """Two publishers with media, and a viewer of the first."""
    first, second, viewer = Source(), Source(transport_id="other"), Viewer()
    first.receive(100, vp8(key=True, picture=100, tl0=100))
    show(viewer, first)
    flush(first)
    second.receive(9_000, vp8())
    flush(second)
    return first, second, viewer


class TestPointing:
    def test_old_picture_stays_until_the_new_one_can_begin(self) -> None:
        first, second, viewer = two()
        show(viewer, second)
        assert viewer.slot().layer is first.layer()
        assert len(delta(first, 101)) == 1
        assert delta(second, 9_001) == []
        assert len(key(second, 9_002)) == 1
        assert viewer.slot().layer is second.layer()
        assert delta(first, 102) == []

    def test_no_producer_empties_the_slot(self) -> None:
        first, _, viewer = two()
        told = viewer.told
        viewer.slot().assign(None, 0.0)
        assert viewer.slot().layer is None
        assert viewer.told > told
        assert not first.producer().watchers

    def test_another_producer_empties_a_slot_whose_picture_is_gone(self) -> None:
        first, second, viewer = two()
        first.producer().paused = True
        viewer.slot().assign(second.producer(), 0.0)
        assert viewer.slot().layer is None

    def test_the_same_again_changes_nothing(self) -> None:
        first, _, viewer = two()
        told = viewer.told
        show(viewer, first)
        assert viewer.told == told
        assert viewer.slot().target is None

    def test_a_change_of_mind_leaves_no_waiter_behind(self) -> None:
        first, second, viewer = two()
        consumer = viewer.slot()
        show(viewer, second)
        assert tuple(second.layer().waiters) == (consumer,)
        show(viewer, first)
        assert not second.layer().waiters
        assert not second.producer().watchers
        assert key(second, 9_002) == []

    def test_back_to_the_layer_it_shows_stops_the_waiting(self) -> None:
        first, second, viewer = two()
        consumer = viewer.slot()
        consumer.set_target(second.layer(), 0.0)
        consumer.set_target(first.layer(), 0.0)
        assert consumer.target is None
        assert not second.layer().waiters

    def test_asking_for_a_layer_asks_for_its_key_frame(self) -> None:
        _, second, viewer = two()
        viewer.slot().set_target(second.layer(), 0.0)
        viewer.slot().set_target(second.layer(), 0.0)
        assert second.layer().stream.plis_sent == 1

    def test_detach_is_told_once(self) -> None:
        _, _, viewer = two()
        told = viewer.told
        viewer.slot().detach(0.0)
        viewer.slot().detach(0.0)
        assert viewer.told == told + 1

    def test_accepts_what_was_negotiated(self) -> None:
        picture = Viewer().slot()
        sound = Viewer(audio("recvonly")).slot()
        camera = Source().producer()
        microphone = Source(audio()).producer("microphone")
        assert picture.accepts(camera)
        assert sound.accepts(microphone)
        assert not picture.accepts(microphone)
        picture.payload_types = {"H264": (108, 109)}
        assert not picture.accepts(camera)


class TestSequence:
    def test_goes_on_by_one_over_a_switch(self) -> None:
        first, second, viewer = two()
        delta(first, 101)
        show(viewer, second)
        assert sequences(key(second, 9_002)) == [3]

    def test_goes_on_behind_the_newest_even_when_one_before_it_was_lost(self) -> None:
        first, second, viewer = two()
        delta(first, 105)
        show(viewer, second)
        assert sequences(key(second, 9_002)) == [7]

    def test_goes_on_after_a_time_with_nothing(self) -> None:
        first, second, viewer = two()
        delta(first, 101)
        viewer.slot().detach(0.0)
        delta(first, 102)
        show(viewer, second)
        assert sequences(key(second, 9_002)) == [3]

    def test_wraps(self) -> None:
        viewer = Viewer(random=lambda count: b"\x7f\xff" * (count // 2))
        source = Source()
        source.receive(1, vp8(key=True))
        show(viewer, source)
        flush(source)
        for sequence in range(2, 32_770):
            source.receive(sequence, now=sequence / 1_000)
        sent = sequences(flush(source))
        assert sent[-2:] == [65_535, 0]
        assert viewer.slot().find_sent(0) is not None
        assert viewer.slot().find_sent(65_535) is not None


class TestTimestamps:
    def test_begin_at_the_slots_own_number(self) -> None:
        viewer = Viewer(random=lambda count: bytes([0, 0, 0, 1, 0, 0, 0, 0])[:count])
        source = Source()
        source.receive(7, vp8(key=True), timestamp=123)
        show(viewer, source)
        [sent] = flush(source)
        assert sent.rtp.timestamp == 0x10000

    def test_go_on_by_the_time_between_two_publishers(self) -> None:
        first, second, viewer = two()
        [before] = delta(first, 101, 1.0)
        show(viewer, second, 1.0)
        [after] = key(second, 9_002, 1.5)
        assert ts_delta(after.rtp.timestamp, before.rtp.timestamp) == SECOND // 2

    def test_always_step_forward(self) -> None:
        first, second, viewer = two()
        [before] = delta(first, 101, 1.0)
        show(viewer, second, 1.0)
        [after] = key(second, 9_002, 1.0)
        assert ts_delta(after.rtp.timestamp, before.rtp.timestamp) == 1

    def test_go_on_after_a_time_with_nothing(self) -> None:
        first, second, viewer = two()
        [before] = delta(first, 101, 1.0)
        viewer.slot().detach(1.1)
        show(viewer, second, 9.0)
        [after] = key(second, 9_002, 11.0)
        assert ts_delta(after.rtp.timestamp, before.rtp.timestamp) == 10 * SECOND

    def switch_by_reports(self, offset: float) -> int:
        """The step of a switch 0.1 s after, whose picture was taken `offset` s after the last."""
        first, second, viewer = two()
        for source, sequence, ssrc_timestamp in ((first, 100, 300_000), (second, 9_000, 700_000)):
            clockmap = source.uplink.clockmap
            clockmap.sender_report(50.0, 1.0)
            source.layer().stream.clock.sender_report(ssrc_timestamp, 50.0)
            assert sequence
        [before] = delta(first, 101, 1.0, timestamp=300_000)
        show(viewer, second, 1.0)
        taken = 700_000 + round(offset * SECOND)
        [after] = key(second, 9_002, 1.1, timestamp=taken)
        return ts_delta(after.rtp.timestamp, before.rtp.timestamp)

    @pytest.mark.parametrize("offset", [0.05, 0.1, 0.5])
    def test_follow_the_capture_times_that_sender_reports_tell(self, offset: float) -> None:
        assert self.switch_by_reports(offset) == pytest.approx(offset * SECOND, abs=1)

    @pytest.mark.parametrize("offset", [-3.0, 3.0])
    def test_believe_no_report_that_is_far_off_the_arrival(self, offset: float) -> None:
        assert self.switch_by_reports(offset) == pytest.approx(0.1 * SECOND, abs=1)

    def test_never_step_back_for_a_picture_that_was_taken_earlier(self) -> None:
        assert self.switch_by_reports(-0.5) == 1

    @pytest.mark.parametrize("missing", ["old", "new", "clock map"])
    def test_without_all_reports_go_by_the_arrival(self, missing: str) -> None:
        first, second, viewer = two()
        if missing != "old":
            first.layer().stream.clock.sender_report(300_000, 50.0)
            first.uplink.clockmap.sender_report(50.0, 1.0)
        if missing != "new":
            second.layer().stream.clock.sender_report(700_000, 50.0)
        if missing not in ("new", "clock map"):
            second.uplink.clockmap.sender_report(50.0, 1.0)
        [before] = delta(first, 101, 1.0, timestamp=300_000)
        show(viewer, second, 1.0)
        [after] = key(second, 9_002, 1.1, timestamp=700_000)
        assert ts_delta(after.rtp.timestamp, before.rtp.timestamp) == pytest.approx(9_000, abs=1)


class TestPictures:
    def numbers(self, sent: list[Sent]) -> tuple[int, int]:
        part = read_video(sent[0].rtp.payload)
        return part.picture_id, part.tl0picidx

    def test_go_on_by_one(self) -> None:
        first, second, viewer = two()
        delta(first, 101, picture=101, tl0=101)
        show(viewer, second)
        assert self.numbers(key(second, 9_002, picture=5, tl0=5)) == (102, 102)

    def test_go_on_when_the_publishers_own_have_wrapped(self) -> None:
        first, second, viewer = two()
        show(viewer, second)
        key(second, 9_002, picture=0x7FFE, tl0=0xFE)
        delta(second, 9_003, picture=0x7FFF, tl0=0xFF)
        assert self.numbers(delta(second, 9_004, picture=0, tl0=0)) == (103, 103)
        show(viewer, first)
        assert self.numbers(key(first, 200, picture=77, tl0=77)) == (104, 104)

    def test_are_left_alone_where_there_are_none(self) -> None:
        plain, viewer = Source(), Viewer()
        plain.receive(1, b"\x10\x00key")
        show(viewer, plain)
        [sent] = flush(plain)
        assert sent.rtp.payload == b"\x10\x00key"
        other = Source(transport_id="other")
        other.receive(1, vp8(key=True, picture=9, tl0=9))
        show(viewer, other)
        assert self.numbers(flush(other)) == (9, 9)


class TestWhatWasSent:
    def test_nothing_before_the_first_packet(self) -> None:
        viewer = Viewer()
        for sequence in (0, viewer.slot().index_space.highest, 1):
            assert viewer.slot().find_sent(sequence) is None

    def test_is_found_while_the_history_has_it(self) -> None:
        first, _, viewer = two()
        delta(first, 101)
        found = viewer.slot().find_sent(2)
        assert found is not None
        out, mapping, packet = found
        assert out == 2
        assert mapping.layer is first.layer()
        assert packet.timestamp == 101 * 3_000

    def test_is_not_what_comes_next_or_came_before(self) -> None:
        _, _, viewer = two()
        assert viewer.slot().find_sent(2) is None
        assert viewer.slot().find_sent(0) is None

    def test_is_not_what_waits_for_its_first_copies(self) -> None:
        first, _, viewer = two()
        first.receive(103)
        flush(first)
        first.receive(102)
        assert viewer.slot().find_sent(3) is None
        flush(first)
        assert viewer.slot().find_sent(3) is not None

    def test_is_found_behind_a_switch_and_after_the_end(self) -> None:
        first, second, viewer = two()
        show(viewer, second)
        key(second, 9_002)
        viewer.slot().detach(0.0)
        for sequence, source in ((1, first), (2, second)):
            found = viewer.slot().find_sent(sequence)
            assert found is not None
            assert found[1].layer is source.layer()

    def test_is_found_for_some_switches_only(self) -> None:
        first, second, viewer = two()
        for number in range(MAX_MAPPINGS):
            source = (second, first)[number % 2]
            show(viewer, source)
            key(source, 9_100 + number)
        assert len(viewer.slot().index_space.mappings) == MAX_MAPPINGS
        assert viewer.slot().find_sent(1) is None
        assert viewer.slot().find_sent(2) is not None

    def test_unreported_packets_are_taken_once(self) -> None:
        first, _, viewer = two()
        delta(first, 101)
        assert viewer.slot().take_unreported() == 2
        assert viewer.slot().take_unreported() == 0


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["key", "delta", "lost", "late", "restart", "leap", "switch", "detach"]),
        st.integers(0, 1),
    ),
    max_size=60,
)


class Play:
    """Two publishers, a subscriber with and one without RTX, and any order of events."""

    def __init__(self) -> None:
        self.sources = [Source(), Source(transport_id="other")]
        plain = video("recvonly", tuple(x for x in video().codecs[0] if "97" not in x))
        self.viewers = [Viewer(), Viewer(plain, address=("198.51.100.8", 1))]
        self.sequence, self.ssrc = [500, 40_000], [11, 11]
        self.skipped: list[list[int]] = [[], []]
        self.now = 0.0
        self.got: list[Sent] = []

    def move(self, name: str, which: int) -> None:
        self.now += 0.01
        source = self.sources[which]
        if name == "switch":
            for viewer in self.viewers:
                viewer.slot().assign(source.producer(), self.now)
                if source.layer().stream.ssrc:
                    viewer.slot().set_target(source.layer(), self.now)
        elif name == "detach":
            self.viewers[which].slot().detach(self.now)
        elif name == "late" and self.skipped[which]:
            self.receive(which, self.skipped[which].pop(), False)
        elif name in ("key", "delta"):
            self.sequence[which] += 1
            self.receive(which, self.sequence[which], name == "key")
        elif name == "lost":
            self.sequence[which] += 1
            self.skipped[which].append(self.sequence[which])
        elif name == "leap":
            self.sequence[which] += 20_000
        elif name == "restart":
            self.ssrc[which] += 1
            self.sequence[which] = 100
            self.skipped[which].clear()

    def receive(self, which: int, sequence: int, is_key: bool) -> None:
        payload = vp8(key=is_key, picture=sequence, tl0=sequence)
        source = self.sources[which]
        source.receive(sequence & 0xFFFF, payload, ssrc=self.ssrc[which], now=self.now)
        self.got += flush(source, self.now, stamp=round(self.now * 100))


@settings(max_examples=tries(60), deadline=None)
@given(MOVES)
def test_whatever_happens_no_number_is_used_for_two_packets(moves: list[tuple[str, int]]) -> None:
    """The viewers' ciphers fail the test when a nonce seals two different packets."""
    play = Play()
    for name, which in moves:
        play.move(name, which)
        for viewer in play.viewers:
            newest = viewer.slot().index_space.highest
            for sequence in range(max(newest - 5, 0), newest + 2):
                found = viewer.slot().find_sent(sequence & 0xFFFF)
                if found is not None:
                    viewer.slot().retransmit(*found)
    for viewer in play.viewers:
        mine = [s.rtp for s in play.got if s.address == viewer.downlink.address]
        assert len({rtp.sequence for rtp in mine}) == len(mine)
        in_order = sorted(mine, key=lambda rtp: rtp.sequence)
        keys = [rtp for rtp in in_order if read_video(rtp.payload).key]
        assert all(ts_delta(b.timestamp, a.timestamp) >= 0 for a, b in pairwise(keys))
