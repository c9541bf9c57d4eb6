"""Players in virtual time: what is due when, and numbers that run on."""

from itertools import pairwise

import av
import numpy as np
import pytest

from loadtest.media import pictures
from loadtest.media.footage import Clip, ClipLayer, SoundPacket
from loadtest.media.packets import cut_picture
from loadtest.media.player import AudioPlayer, MediaPacket, VideoPlayer
from loadtest.media.stamp import PLACE, put_stamp, read_stamp
from sfu.wire import vp8
from tests.support.media import RtpFields
from tests.support.recorded import PictureLine

START = 100.0
TICK = 1 / 30


def toy_clip(length: int = 40) -> Clip:
    """Pictures of 20 bytes, whose second byte is their index; a key frame at the start."""
    made = tuple(
        cut_picture(bytes((n > 0, n)) + bytes(18), (0, 2, 1, 2)[n % 4], False)
        for n in range(length)
    )
    layers = tuple(ClipLayer(h * 16 // 9, h, made) for h in (180, 360, 720))
    speech = tuple(SoundPacket(bytes((n,)) + PLACE, 20) for n in range(10))
    return Clip(layers, speech, (SoundPacket(b"quiet" + PLACE, 80),))


def video(layers: int = 3, clip: Clip | None = None, seed: int = 1) -> VideoPlayer:
    return VideoPlayer(clip or toy_clip(), layers, START, seed)


def indices(packets: list[MediaPacket], layer: int = 0) -> list[int]:
    return [packet.payload[7] for packet in packets if packet.layer == layer]


def number(packet: MediaPacket) -> int:
    parsed = vp8.parse(packet.payload)
    assert parsed is not None
    assert parsed.picture_id is not None
    return parsed.picture_id


def is_key(packet: MediaPacket) -> bool:
    parsed = vp8.parse(packet.payload)
    assert parsed is not None
    return parsed.keyframe


def test_nothing_is_due_before_its_time() -> None:
    player = video()
    assert player.next_deadline() == START
    assert player.due(START - 0.001) == []
    assert [packet.layer for packet in player.due(START)] == [2, 1, 0]
    assert player.next_deadline() == pytest.approx(START + TICK)
    assert player.due(START + 0.03) == []


def test_calling_at_each_deadline_gives_one_picture_each_time() -> None:
    player = video(1)
    shown = [indices(player.due(player.next_deadline())) for _ in range(100)]
    assert shown == [[n % 40] for n in range(100)]
    assert player.next_deadline() == pytest.approx(START + 100 * TICK)


def test_a_picture_has_the_same_capture_time_in_all_layers() -> None:
    player = video()
    first, second = player.due(START), player.due(START + TICK + 1e-6)
    for before, after in zip(first, second, strict=True):
        assert (after.timestamp - before.timestamp) & 0xFFFFFFFF == 3000
        assert player.timestamp(before.layer, START) == before.timestamp
        assert player.timestamp(before.layer, START + TICK) == after.timestamp
    assert len({packet.timestamp for packet in first}) == 3


def test_a_request_brings_a_key_frame_in_all_layers_with_the_next_picture() -> None:
    player = video()
    player.due(START + 0.2)
    player.request_keyframe(1)
    packets = player.due(player.next_deadline())
    assert [is_key(packet) for packet in packets] == [True] * 3
    assert indices(player.due(player.next_deadline())) == [1]


def test_without_a_request_only_the_seam_has_a_key_frame() -> None:
    player = video(1)
    keys = [is_key(player.due(player.next_deadline())[0]) for _ in range(81)]
    assert [n for n, key in enumerate(keys) if key] == [0, 40, 80]


def test_requests_within_300_ms_of_one_that_was_followed_are_ignored() -> None:
    player = video(1)
    keys = []
    for n in range(20):
        if n in (2, 5, 10, 11):
            player.request_keyframe(0)
        keys.append(is_key(player.due(player.next_deadline())[0]))
    assert [n for n, key in enumerate(keys) if key] == [0, 2, 11]


def test_requests_for_a_layer_that_is_not_sent_are_ignored() -> None:
    player = video(1)
    player.due(START + 0.2)
    player.request_keyframe(2)
    assert not is_key(player.due(player.next_deadline())[0])


def test_numbers_run_on_over_jumps_and_seams() -> None:
    player = video(1, toy_clip(6))
    packets: list[MediaPacket] = []
    for n in range(40_000):
        if n % 1000 == 15:
            player.request_keyframe(0)
        packets += player.due(player.next_deadline())
    line = PictureLine()
    for packet in packets:
        fields = RtpFields(96, packet.marker, 0, packet.timestamp, 1, {}, packet.payload, 0)
        line.packet(fields, 0.0)
    assert line.violations == []
    assert len(line.pictures) == 40_000


def test_a_player_that_was_held_up_leaves_out_the_time_but_no_picture() -> None:
    player = video(1)
    before = player.due(START)[-1]
    packets = player.due(START + 10)
    assert indices(packets) == [1]
    assert (packets[0].timestamp - before.timestamp) & 0xFFFFFFFF == 10 * 90_000
    assert player.next_deadline() == pytest.approx(START + 10 + TICK)


def test_a_little_late_nothing_is_left_out() -> None:
    assert indices(video(1).due(START + 0.2)) == list(range(7))


def test_seeds_make_the_numbers() -> None:
    one, same, other = (video(1, seed=seed).due(START)[0] for seed in (1, 1, 2))
    assert one == same
    assert (one.timestamp, number(one)) != (other.timestamp, number(other))


def test_layers_that_are_not_there_are_refused() -> None:
    for layers in (0, 4):
        with pytest.raises(ValueError, match="3 layers"):
            video(layers)


def audio() -> AudioPlayer:
    return AudioPlayer(toy_clip(), START, 1)


def test_speech_is_a_packet_each_20_ms() -> None:
    player = audio()
    packets = []
    for n in range(50):
        assert player.next_deadline() == pytest.approx(START + n * 0.02)
        packets += player.due(player.next_deadline())
    assert len(packets) == 50
    steps = {(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(packets)}
    assert steps == {960}
    assert [packet.marker for packet in packets] == [True] + [False] * 49
    assert {packet.level for packet in packets} == {20}
    assert player.timestamp(START + 0.02) == packets[1].timestamp


def test_quiet_becomes_pauses_each_after_a_packet_of_one_byte() -> None:
    player = audio()
    first = player.due(START)[0]
    player.set_loud(False)
    quiet: list[MediaPacket] = []
    while player.next_deadline() < START + 1.3:
        quiet += player.due(player.next_deadline())
    ticks = [(packet.timestamp - first.timestamp & 0xFFFFFFFF) // 960 for packet in quiet]
    assert ticks == [*range(1, 11), 11, 31, 32, 52, 53]
    assert [len(packet.payload) == 1 for packet in quiet[10:]] == [True, False, True, False, True]
    assert not any(packet.marker for packet in quiet)
    assert {packet.level for packet in quiet} == {80}


def test_speech_after_quiet_begins_at_once_with_a_marker() -> None:
    player = audio()
    first = player.due(START)[0]
    player.set_loud(False)
    while player.next_deadline() < START + 0.5:
        player.due(player.next_deadline())
    player.set_loud(True)
    player.set_loud(True)  # nothing new
    assert player.next_deadline() < START + 0.55
    loud = player.due(START + 0.55)
    assert [(packet.level, packet.marker) for packet in loud] == [(20, True)]
    assert (loud[0].timestamp - first.timestamp) & 0xFFFFFFFF == 27 * 960


def test_switching_back_and_forth_sends_no_moment_twice() -> None:
    player = audio()
    packets = player.due(START) + player.due(START + 0.2)
    player.set_loud(False)
    player.set_loud(True)
    packets += player.due(START + 0.21) + player.due(START + 0.22)
    stamps = [(packet.timestamp - packets[0].timestamp) & 0xFFFFFFFF for packet in packets]
    assert stamps == [n * 960 for n in range(12)]


def test_a_held_up_microphone_leaves_out_the_time() -> None:
    player = audio()
    player.due(START)
    assert len(player.due(START + 5)) == 1
    assert len(player.due(START + 5.1)) == 5


def test_what_is_played_decodes_with_its_stamps(short_clip: Clip) -> None:
    """All layers, over a request and the clip's seam: each picture whole and in its order."""
    player = video(3, short_clip)
    lines = [PictureLine() for _ in range(3)]
    stamps = 0
    for n in range(130):
        if n == 25:
            player.request_keyframe(2)
        for packet in player.due(player.next_deadline()):
            payload = put_stamp(packet.payload, 1_000_000 + n)
            stamps += read_stamp(payload) == 1_000_000 + n
            fields = RtpFields(96, packet.marker, 0, packet.timestamp, 1, {}, payload, 0)
            lines[packet.layer].packet(fields, 0.0)
    assert stamps == 3 * 130
    expected = [*range(25), *range(96), *range(9)]
    for line, layer in zip(lines, short_clip.layers, strict=True):
        assert line.violations == []
        assert shown_numbers(line, layer.height) == expected


def shown_numbers(line: PictureLine, height: int) -> list[int]:
    decoder = av.CodecContext.create("vp8", "r")
    numbers = []
    for picture in line.pictures:
        (image,) = decoder.decode(av.Packet(picture.data))
        assert isinstance(image, av.VideoFrame)
        assert image.height == height
        numbers.append(pictures.read_number(np.asarray(image.to_ndarray()[:height])))
    return numbers
