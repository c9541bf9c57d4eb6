"""Settings from the environment (prefix LIVECLASS_): what the server's and billing's share."""

from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "LIVECLASS_"
ROOT = Path(__file__).resolve().parent.parent


class ConfigError(Exception):
    """A wrong setting, in one line that names it."""


class CommonSettings(BaseSettings):
    """The server's address and its folders."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    public_url: str | None = None
    var_dir: Path = Path("var")
    static_dir: Path = ROOT / "static"
    vendor_dir: Path = ROOT / "node_modules"

    @property
    def base_url(self) -> str:
        """The address of the pages: the public one, else the one the server is bound to."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return f"http://{host}:{self.http_port}"


Settings = TypeVar("Settings", bound=CommonSettings)


def load(kind: type[Settings]) -> Settings:
    """Settings of this kind; raises ConfigError in one line that names the wrong one."""
    try:
        return kind()
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        message = str(fault["msg"]).removeprefix("Value error, ")
        name = "_".join(str(part) for part in fault["loc"][:1]).lower()
        raise ConfigError(f"{_variable(kind, name)}: {message}" if name else message) from None


def _variable(kind: type[CommonSettings], field: str) -> str:
    """The environment variable of a field: with the prefix, unless the field names its own."""
    known = kind.model_fields.get(field)
    has_own_name = known is not None and known.validation_alias is not None
    return field.upper() if has_own_name else PREFIX + field.upper()
