import pytest

from sfu.wire.audio_level import parse_audio_level


@pytest.mark.parametrize(
    ("element", "level", "voice"),
    [
        (b"\x00", 0, False),
        (b"\x80", 0, True),
        (b"\x9e", 30, True),
        (b"\x1e", 30, False),
        (b"\xff", 127, True),
        (b"\x7f", 127, False),
        (b"\x9e\x00", 30, True),
        (b"", 127, False),
    ],
)
def test_level_and_voice_share_a_byte(element: bytes, level: int, voice: bool) -> None:
    assert parse_audio_level(element) == (level, voice)
