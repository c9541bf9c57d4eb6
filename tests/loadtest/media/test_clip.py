"""Loading the clip: made once, kept, made again when damaged."""

from pathlib import Path

import pytest

from loadtest.media import cache, encode
from loadtest.media.clip import Clip, load_clip

make_clip = encode.make_clip


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """An empty cache; the numbers of layers of the clips made, which are short ones."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    layers: list[int] = []

    def short(count: int) -> Clip:
        layers.append(count)
        return make_clip(count, 4)

    monkeypatch.setattr(encode, "make_clip", short)
    return layers


def test_a_clip_is_made_once(made: list[int]) -> None:
    clip = load_clip(360)
    assert [layer.height for layer in clip.layers] == [180, 360]
    assert load_clip(360) == clip
    assert made == [2]


def test_a_damaged_file_is_made_again(made: list[int]) -> None:
    clip = load_clip(180)
    (path,) = cache.directory().glob("*.bin")
    path.write_bytes(path.read_bytes()[:-1])
    assert load_clip(180) == clip
    assert made == [1, 1]
    assert cache.read(path) == clip


def test_heights_have_clips_of_their_own(made: list[int]) -> None:
    load_clip(180)
    load_clip(360)
    assert made == [1, 2]


def test_a_height_that_no_layer_has_is_refused(made: list[int]) -> None:
    with pytest.raises(ValueError, match="180, 360, 720 high, not 480"):
        load_clip(480)
    assert not made


def test_without_a_place_to_keep_it_the_clip_is_made_all_the_same(
    made: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert len(load_clip(180).layers) == 1
    assert made == [1]
