"""Which voice is in which slot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.speakers.audio_slots import fill


@pytest.mark.parametrize(
    ("current", "pinned", "wanted", "filled"),
    [
        pytest.param([], "t", ["a"], [], id="no slots"),
        pytest.param([None], None, [], [None], id="nobody"),
        pytest.param([None, None], None, ["a"], ["a", None], id="the first free one"),
        pytest.param([None, None], "t", ["a"], ["t", "a"], id="pinned comes first"),
        pytest.param([None], "t", ["a"], ["t"], id="pinned alone fits"),
        pytest.param(["a", "t"], "t", ["a"], ["t", "a"], id="pinned takes its place back"),
        pytest.param([None, None], "t", ["t", "a"], ["t", "a"], id="pinned is there once"),
        pytest.param(["a", "b"], None, ["b", "a"], ["a", "b"], id="who is in stays in place"),
        pytest.param(["a", "b"], None, ["c", "b"], ["c", "b"], id="the newcomer gets the free one"),
        pytest.param(["a", "b"], None, ["c", "d", "a"], ["c", "d"], id="what doesn't fit is out"),
        pytest.param(["a", "b"], None, [], [None, None], id="everybody left"),
    ],
)
def test_fill(
    current: list[str | None], pinned: str | None, wanted: list[str], filled: list[str | None]
) -> None:
    assert fill(current, pinned, wanted) == filled


VOICES = st.sampled_from("abcdef")


@given(
    st.lists(st.none() | VOICES, max_size=4),
    st.none() | VOICES,
    st.lists(VOICES, unique=True),
)
def test_every_voice_once_and_the_first_wanted_always(
    current: list[str | None], pinned: str | None, wanted: list[str]
) -> None:
    slots = fill(current, pinned, wanted)
    voices = [voice for voice in slots if voice]
    assert len(slots) == len(current)
    assert len(set(voices)) == len(voices)
    expected = [*([pinned] if pinned else []), *(v for v in wanted if v != pinned)]
    assert set(voices) == set(expected[: len(slots)])
