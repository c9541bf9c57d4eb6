"""Clips in files."""

from pathlib import Path

import pytest

from loadtest.media import cache
from loadtest.media.footage import Clip, ClipLayer, SoundPacket
from loadtest.media.packets import cut_picture
from loadtest.media.stamp import PLACE

PICTURES = (cut_picture(bytes(3000), 0, False), cut_picture(b"\x01" * 1170, 2, True))
CLIP = Clip(
    (ClipLayer(320, 180, PICTURES), ClipLayer(640, 360, PICTURES[::-1])),
    (SoundPacket(b"speech" + PLACE, 20),),
    (SoundPacket(b"silence" + PLACE, 80),),
)


def test_a_clip_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "clip.bin"
    cache.write(path, CLIP)
    assert cache.read(path) == CLIP
    assert [file.name for file in path.parent.iterdir()] == ["clip.bin"]


@pytest.mark.parametrize("damage", [slice(0, -1), slice(1, None), slice(0, 0), slice(0, 40)])
def test_a_cut_file_is_no_clip(tmp_path: Path, damage: slice) -> None:
    path = tmp_path / "clip.bin"
    path.write_bytes(cache.dumps(CLIP)[damage])
    assert cache.read(path) is None


def test_one_wrong_byte_anywhere_is_noticed() -> None:
    good = cache.dumps(CLIP)
    for place in range(0, len(good), 101):
        bad = bytearray(good)
        bad[place] ^= 1
        with pytest.raises(ValueError, match="damaged"):
            cache.loads(bytes(bad))


def test_no_file_is_no_clip(tmp_path: Path) -> None:
    assert cache.read(tmp_path / "none.bin") is None


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "clip.bin").mkdir()  # cannot be replaced by a file
    with pytest.raises(OSError, match="directory"):
        cache.write(tmp_path / "clip.bin", CLIP)
    assert [file.name for file in tmp_path.iterdir()] == ["clip.bin"]


def test_the_place_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.directory() == Path("/somewhere/liveclass")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", "/person")
    assert cache.directory() == Path("/person/.cache/liveclass")
