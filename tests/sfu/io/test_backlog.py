"""What waits for the socket: its bounds, its order, and what goes first when there is too much."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from sfu.fanout.gso_batch import MAX_SEGMENTS
from sfu.io.backlog import MAX_AGE, MAX_SPOILT, Backlog, BacklogLimits
from sfu.stats import DropReason

ADA, BEN, CAT = (("192.0.2.1", port) for port in (1, 2, 3))
AUDIO_SSRC, VIDEO_SSRC = 7, 8
STUN = b"\x01\x01" + bytes(18)
DTLS = b"\x16\xfe" + bytes(60)
RTCP = b"\x80\xc8" + bytes(26)


def packet(ssrc: int, timestamp: int, sequence: int = 0, size: int = 100) -> bytes:
    header = b"\x80\x60" + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    return (header + ssrc.to_bytes(4, "big")).ljust(size, b".")


def sound(number: int) -> bytes:
    return packet(AUDIO_SSRC, number * 960, number)


def picture(number: int, packets: int = 4, ssrc: int = VIDEO_SSRC) -> list[bytes]:
    return [packet(ssrc, number * 3_000, at) for at in range(packets)]


@dataclass
class Waiting:
    """A backlog with what the tests ask of it."""

    limits: BacklogLimits | None = None
    drops: Counter[DropReason] = field(default_factory=Counter)
    backlog: Backlog = field(init=False)

    def __post_init__(self) -> None:
        self.backlog = Backlog(lambda address, ssrc: ssrc >= VIDEO_SSRC, self.drops, self.limits)

    def take(self, now: float = 0.0) -> list[tuple[object, bytes]]:
        """Everything, as it would be sent."""
        taken: list[tuple[object, bytes]] = []
        while turn := self.backlog.peek(now):
            taken += [(turn[0], datagram) for datagram in turn[1]]
            self.backlog.advance(len(turn[1]))
        assert (self.backlog.datagrams, self.backlog.bytes, bool(self.backlog)) == (0, 0, False)
        return taken

    def datagrams(self, now: float = 0.0) -> list[bytes]:
        return [datagram for _, datagram in self.take(now)]


class TestOrder:
    def test_control_then_sound_then_pictures(self) -> None:
        waiting = Waiting()
        mixed = [*picture(1), sound(1), RTCP, *picture(2), sound(2), STUN, DTLS]
        waiting.backlog.push(ADA, mixed, 0.0)
        expected = [RTCP, STUN, DTLS, sound(1), sound(2), *picture(1), *picture(2)]
        assert waiting.datagrams() == expected
        assert waiting.drops == {}

    def test_destinations_take_turns(self) -> None:
        waiting = Waiting()
        many = [sound(number) for number in range(MAX_SEGMENTS + 2)]
        waiting.backlog.push(ADA, many, 0.0)
        waiting.backlog.push(BEN, [STUN], 0.0)
        taken = waiting.take()
        assert [who for who, _ in taken] == [ADA] * MAX_SEGMENTS + [BEN] + [ADA] * 2
        assert [datagram for who, datagram in taken if who == ADA] == many

    def test_what_was_not_sent_stays_in_front_of_its_own_queue(self) -> None:
        waiting = Waiting()
        waiting.backlog.push(ADA, picture(1), 0.0)
        waiting.backlog.push(BEN, [sound(1)], 0.0)
        waiting.backlog.peek(0.0)
        waiting.backlog.advance(3)
        assert waiting.take() == [(BEN, sound(1)), (ADA, picture(1)[3])]

    def test_nobody_waits(self) -> None:
        waiting = Waiting()
        assert waiting.backlog.peek(0.0) is None
        assert ADA not in waiting.backlog
        waiting.backlog.push(ADA, [], 0.0)
        assert not waiting.backlog

    def test_what_is_too_short_to_read_is_control(self) -> None:
        waiting = Waiting()
        waiting.backlog.push(ADA, [b"\x80\x60", b""], 0.0)
        assert waiting.datagrams(99.0) == [b"\x80\x60", b""]


class TestTooMuch:
    def test_the_oldest_frame_goes_whole(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=10))
        waiting.backlog.push(ADA, [*picture(1), *picture(2), sound(1), *picture(3, 2)], 0.0)
        assert waiting.datagrams() == [sound(1), *picture(2), *picture(3, 2)]
        assert waiting.drops == {DropReason.BACKLOG_VIDEO: 4}

    def test_by_bytes_as_well(self) -> None:
        waiting = Waiting(BacklogLimits(bytes=550))
        waiting.backlog.push(ADA, [*picture(1, 3), *picture(2, 3)], 0.0)
        assert waiting.datagrams() == picture(2, 3)

    def test_the_rest_of_a_spoilt_frame_is_not_wanted(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=4))
        waiting.backlog.push(ADA, [*picture(1)[:3], *picture(2)], 0.0)
        waiting.backlog.push(ADA, picture(1)[3:], 0.0)
        assert waiting.datagrams() == picture(2)
        assert waiting.drops == {DropReason.BACKLOG_VIDEO: 4}

    def test_it_is_known_of_a_bounded_number_of_frames(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=1))
        for number in range(MAX_SPOILT + 3):
            waiting.backlog.push(ADA, picture(number, 1), 0.0)
        (queue,) = waiting.backlog._queues.values()
        assert len(queue.spoilt) == MAX_SPOILT

    def test_sound_goes_after_the_last_picture_and_control_last(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=3))
        waiting.backlog.push(ADA, [STUN, sound(1), sound(2), *picture(1), DTLS], 0.0)
        assert waiting.datagrams() == [STUN, DTLS, sound(2)]
        assert waiting.drops == {DropReason.BACKLOG_VIDEO: 4, DropReason.BACKLOG_AUDIO: 1}

    def test_control_alone_is_bounded_too(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=2))
        waiting.backlog.push(ADA, [STUN, DTLS, RTCP], 0.0)
        assert waiting.datagrams() == [DTLS, RTCP]
        assert waiting.drops == {DropReason.BACKLOG_CONTROL: 1}

    def test_a_frame_larger_than_all_is_dropped(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=3))
        waiting.backlog.push(ADA, picture(1, 9), 0.0)
        assert not waiting.backlog
        assert waiting.drops == {DropReason.BACKLOG_VIDEO: 9}


class TestTotal:
    def test_who_has_more_than_a_share_is_cut_not_who_comes(self) -> None:
        waiting = Waiting(BacklogLimits(total_datagrams=12))
        waiting.backlog.push(ADA, [sound(1), *picture(1), *picture(2)], 0.0)
        waiting.backlog.push(BEN, [sound(1), sound(2)], 0.0)
        waiting.backlog.push(CAT, [sound(3), sound(4)], 0.0)
        assert waiting.backlog.datagrams == 5
        assert waiting.drops == {DropReason.BACKLOG_VIDEO: 8}
        assert [who for who, _ in waiting.take()] == [ADA, BEN, BEN, CAT, CAT]

    def test_no_more_is_cut_than_must(self) -> None:
        waiting = Waiting(BacklogLimits(total_bytes=1_200))
        for who in (ADA, BEN):
            waiting.backlog.push(who, [*picture(1, 3), *picture(2, 3)], 0.0)
        waiting.backlog.push(CAT, [sound(1)], 0.0)
        kept = Counter(who for who, _ in waiting.take())
        assert kept == {ADA: 3, BEN: 6, CAT: 1}

    def test_who_comes_may_be_left_with_nothing(self) -> None:
        waiting = Waiting(BacklogLimits(total_datagrams=12))
        waiting.backlog.push(ADA, [STUN] * 4, 0.0)
        waiting.backlog.push(BEN, [STUN] * 4, 0.0)
        waiting.backlog.push(CAT, picture(1, 9), 0.0)
        assert CAT not in waiting.backlog
        assert waiting.drops == {DropReason.BACKLOG_VIDEO: 9}

    def test_more_destinations_than_places(self) -> None:
        waiting = Waiting(BacklogLimits(total_datagrams=2))
        for who in (ADA, BEN, CAT):
            waiting.backlog.push(who, [STUN], 0.0)
        assert waiting.backlog.datagrams <= 2


class TestAge:
    def test_old_media_is_dropped_by_whole_frames_and_control_is_not(self) -> None:
        waiting = Waiting()
        waiting.backlog.push(ADA, [STUN, sound(1), *picture(1)[:2]], 0.0)
        waiting.backlog.push(ADA, [*picture(1)[2:], *picture(2), sound(2)], 0.3)
        assert waiting.datagrams(MAX_AGE + 0.1) == [STUN, sound(2), *picture(2)]
        assert waiting.drops == {DropReason.BACKLOG_STALE: 5}

    def test_it_makes_room_first(self) -> None:
        waiting = Waiting(BacklogLimits(datagrams=4))
        waiting.backlog.push(ADA, [sound(n) for n in range(4)], 0.0)
        waiting.backlog.push(ADA, picture(1), 1.0)
        assert waiting.datagrams(1.0) == picture(1)
        assert waiting.drops == {DropReason.BACKLOG_STALE: 4}

    def test_who_has_nothing_left_is_passed_over(self) -> None:
        waiting = Waiting()
        waiting.backlog.push(ADA, [sound(1)], 0.0)
        waiting.backlog.push(BEN, [sound(1)], 1.0)
        assert waiting.take(1.0) == [(BEN, sound(1))]


class TestEnd:
    def test_a_closed_connection_keeps_its_farewell_only(self) -> None:
        waiting = Waiting()
        waiting.backlog.push(ADA, [*picture(1), sound(1), DTLS], 0.0)
        waiting.backlog.push(BEN, [sound(1)], 0.0)
        for who in (ADA, BEN, CAT):
            waiting.backlog.discard(who)
        assert waiting.take() == [(ADA, DTLS)]
        assert waiting.drops == {DropReason.BACKLOG_CLOSED: 6}

    def test_clear(self) -> None:
        waiting = Waiting()
        waiting.backlog.push(ADA, [sound(1)], 0.0)
        waiting.backlog.clear()
        assert waiting.take() == []


LIMITS = BacklogLimits(datagrams=12, bytes=1_500, total_datagrams=25, total_bytes=2_600)
KINDS = st.sampled_from(["stun", "sound", "video", "video", "other video"])
PUSHES = st.lists(
    st.tuples(st.sampled_from([ADA, BEN, CAT]), KINDS, st.integers(1, 9), st.integers(0, 4)),
    max_size=40,
)


def made(kind: str, number: int, count: int) -> list[bytes]:
    if kind == "stun":
        return [STUN] * count
    if kind == "sound":
        return [sound(number * 100 + at) for at in range(count)]
    return picture(number, count, VIDEO_SSRC if kind == "video" else VIDEO_SSRC + 1)


@given(PUSHES)
def test_bounds_hold_and_every_datagram_is_accounted_for(
    pushes: list[tuple[tuple[str, int], str, int, int]],
) -> None:
    waiting, given_, sent = Waiting(LIMITS), 0, 0
    backlog = waiting.backlog
    for number, (who, kind, count, served) in enumerate(pushes):
        backlog.push(who, made(kind, number, count), number * 0.05)
        given_ += count
        assert backlog.datagrams <= LIMITS.total_datagrams
        assert backlog.bytes <= LIMITS.total_bytes
        for queue in backlog._queues.values():
            assert 0 < queue.datagrams <= LIMITS.datagrams
            assert queue.bytes <= LIMITS.bytes
        if served and (turn := backlog.peek(number * 0.05)):
            sent += min(served, len(turn[1]))
            backlog.advance(min(served, len(turn[1])))
    sent += len(waiting.take(len(pushes) * 0.05))
    assert sent + sum(waiting.drops.values()) == given_


@given(PUSHES)
def test_frames_leave_whole_or_not_at_all(
    pushes: list[tuple[tuple[str, int], str, int, int]],
) -> None:
    waiting = Waiting(LIMITS)
    whole: dict[tuple[object, bytes], int] = {}
    for number, (who, kind, count, _) in enumerate(pushes):
        datagrams = made(kind, number, count)
        waiting.backlog.push(who, datagrams, 0.0)
        if "video" in kind:
            whole[who, datagrams[0][4:12]] = count
    got = Counter((who, datagram[4:12]) for who, datagram in waiting.take())
    assert {key: got[key] for key in whole if key in got} == {
        key: count for key, count in whole.items() if key in got
    }


@given(PUSHES)
def test_sound_is_lost_only_where_no_picture_is_left(
    pushes: list[tuple[tuple[str, int], str, int, int]],
) -> None:
    waiting = Waiting(BacklogLimits(datagrams=12, bytes=1_500))
    for number, (_, kind, count, _) in enumerate(pushes):
        before = waiting.drops[DropReason.BACKLOG_AUDIO]
        waiting.backlog.push(ADA, made(kind, number, count), 0.0)
        if waiting.drops[DropReason.BACKLOG_AUDIO] > before:
            (queue,) = waiting.backlog._queues.values()
            assert not queue.lanes[2]


@given(PUSHES)
def test_control_is_lost_only_where_no_media_is_left(
    pushes: list[tuple[tuple[str, int], str, int, int]],
) -> None:
    waiting = Waiting(BacklogLimits(datagrams=12))
    for number, (_, kind, count, _) in enumerate(pushes):
        before = waiting.drops[DropReason.BACKLOG_CONTROL]
        waiting.backlog.push(ADA, made(kind, number, count), 0.0)
        if waiting.drops[DropReason.BACKLOG_CONTROL] > before:
            (queue,) = waiting.backlog._queues.values()
            assert not queue.lanes[1]
            assert not queue.lanes[2]
