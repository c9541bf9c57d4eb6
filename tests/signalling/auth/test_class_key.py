"""Class keys: their printed form, and the texts that are refused as keys."""

import pytest

from signalling.auth.class_key import ClassKey, KeyId, derive, parse_class_key, parse_key_id

SECRET = "a secret that is long enough for HS256"
KEY = derive(SECRET, KeyId("demo", 1_700_000_000))


def test_printed_key_is_read_back() -> None:
    assert parse_class_key(f" {KEY}\n") == KEY
    assert str(KEY).startswith("class:demo:1700000000:")


def test_key_depends_on_secret_class_and_expiry() -> None:
    others = [
        derive(SECRET + "x", KEY.id),
        derive(SECRET, KeyId("demo2", KEY.id.expires)),
        derive(SECRET, KeyId("demo", KEY.id.expires + 1)),
    ]
    assert len({KEY.key, *(other.key for other in others)}) == 4


@pytest.mark.parametrize(
    "text",
    ["", "demo", "class:demo:17", str(KEY)[:-1], f"{KEY}x", f"x{KEY}", "class:a:007:" + "A" * 43],
)
def test_other_text_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="not a class key") as caught:
        parse_class_key(text)
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "class:demo",
        "class::5",
        "class:a/b:5",
        "class:a:b:5",
        "class:a:-5",
        "class:a:05",
        "class:a:5 ",
        "class:a:\u0665",
        "class:a:1234567890123",
        "class:" + "a" * 65 + ":5",
        "Class:a:5",
    ],
)
def test_only_one_way_to_write_an_id(text: str) -> None:
    assert parse_key_id(text) is None


def test_key_is_not_in_its_representation() -> None:
    assert repr(KEY) == "ClassKey(class:demo:1700000000)"
    assert isinstance(KEY, ClassKey)
