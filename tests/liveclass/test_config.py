"""Settings: defaults that work, and wrong values in one line."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from common.config import ConfigError, load
from liveclass.config import Settings, announced_ip, media_host, signing_secret


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(f"LIVECLASS_{name.upper()}", raising=False)


def test_defaults_need_no_environment() -> None:
    settings = load(Settings)
    assert settings.base_url == "http://127.0.0.1:8080"
    assert announced_ip(settings) == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PORT", "eighty"),
        ("UDP_PORT", "70000"),
        ("ANNOUNCED_IP", "example"),
        ("LOG_LEVEL", "loud"),
        ("SECRET", "too short"),
        ("DEMO_CLASS", "a b"),
        ("METRICS_PORT", "0"),
        ("ALLOWED_HOSTS", "https://class.example"),
        ("ALLOWED_HOSTS", "class.example:8080"),
    ],
)
def test_wrong_value_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"LIVECLASS_{name}", value)
    with pytest.raises(ConfigError) as caught:
        load(Settings)
    message = str(caught.value)
    assert message.startswith(f"LIVECLASS_{name}: ")
    assert "\n" not in message
    assert "too short" not in message, "a secret is not shown"


def test_origins_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECLASS_ALLOWED_ORIGINS", "https://a.example/, https://b.example")
    assert load(Settings).allowed_origins == ["https://a.example", "https://b.example"]


def test_hosts_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECLASS_ALLOWED_HOSTS", "a.example, backend,")
    assert load(Settings).allowed_hosts == ["a.example", "backend"]


def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path / "var")
    first = signing_secret(settings)
    assert len(first) >= 32
    assert signing_secret(settings) == first
    assert (tmp_path / "var" / "secret").stat().st_mode & 0o777 == 0o600


def test_secret_as_set_wins(tmp_path: Path) -> None:
    secret = SecretStr("s" * 40)
    settings = Settings(var_dir=tmp_path / "var", secret=secret)
    assert signing_secret(settings) == "s" * 40
    assert not (tmp_path / "var").exists()
    assert "sss" not in repr(settings)


def test_damaged_secret_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short")
    with pytest.raises(ConfigError, match="LIVECLASS_SECRET"):
        signing_secret(Settings(var_dir=tmp_path))


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="LIVECLASS_VAR_DIR"):
        signing_secret(Settings(var_dir=tmp_path / "file" / "var"))


def test_announced_address_as_set_wins() -> None:
    assert announced_ip(Settings(announced_ip="203.0.113.5")) == "203.0.113.5"


def test_public_address_is_what_links_show() -> None:
    settings = Settings(public_url="https://class.example/", http_host="0.0.0.0")
    assert settings.base_url == "https://class.example"
    assert Settings(http_host="::1").base_url == "http://[::1]:8080"


def test_media_socket_is_bound_to_the_loopback_address_it_announces() -> None:
    assert media_host(Settings()) == "127.0.0.1"
    assert media_host(Settings(http_host="0.0.0.0", announced_ip="203.0.113.5")) == "0.0.0.0"
    assert media_host(Settings(udp_host="192.0.2.7")) == "192.0.2.7"
