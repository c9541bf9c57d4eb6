"""Settings of a kind, and the one line that names a wrong one."""

from typing import Annotated

import pytest
from pydantic import AliasChoices, Field

from common.config import CommonSettings, ConfigError, load


class Shop(CommonSettings):
    shelves: Annotated[int, Field(ge=1)] = 3
    keeper: Annotated[str, Field(min_length=3)] = Field(
        default="asha", validation_alias=AliasChoices("keeper", "KEEPER_NAME")
    )


def test_the_prefix_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVECLASS_SHELVES", "4")
    monkeypatch.setenv("LIVECLASS_PUBLIC_URL", "https://a.example/")
    assert load(Shop).shelves == 4
    assert load(Shop).base_url == "https://a.example"


@pytest.mark.parametrize("name", ["LIVECLASS_SHELVES", "LIVECLASS_HTTP_PORT"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "-1")
    with pytest.raises(ConfigError, match=f"^{name}: "):
        load(Shop)


def test_an_address_of_version_6_stands_in_brackets() -> None:
    assert Shop(http_host="::1", http_port=80).base_url == "http://[::1]:80"
