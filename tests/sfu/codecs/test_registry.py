import pytest

from sfu.codecs.registry import PAYLOAD_FORMATS, known_format, payload_format


def test_names_are_known_in_any_case() -> None:
    assert payload_format("vp8") is known_format("VP8")
    assert payload_format("VP9") is None
    with pytest.raises(KeyError):
        known_format("VP9")


def test_each_format_is_listed_under_its_own_name() -> None:
    assert all(one.name.lower() == name for name, one in PAYLOAD_FORMATS.items())
    assert {one.kind for one in PAYLOAD_FORMATS.values()} == {"audio", "video"}
