"""Settings from the environment (prefix LIVECLASS_), with defaults that need none."""

import ipaddress
import os
import re
import secrets
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from common.addresses import is_loopback
from common.config import PREFIX, CommonSettings, ConfigError
from signalling.classroom.messages import Id

MIN_SECRET = 32


class Settings(CommonSettings):
    """All settings of the server; see docs/operations.md."""

    udp_host: str | None = None
    udp_port: Annotated[int, Field(ge=0, le=65_535)] = 40_000
    announced_ip: str | None = None
    secret: SecretStr | None = None
    allowed_origins: Annotated[list[str], NoDecode] = Field(default_factory=list)
    allowed_hosts: Annotated[list[str], NoDecode] = Field(default_factory=list)
    metrics_token: SecretStr | None = None
    metrics_port: Annotated[int, Field(ge=1, le=65_535)] | None = None
    demo_class: Id = "demo"
    max_participants: Annotated[int, Field(ge=2, le=10_000)] = 1_000
    max_sockets: Annotated[int, Field(ge=2, le=100_000)] = 5_000
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return [origin.strip().rstrip("/") for origin in value.split(",") if origin.strip()]
        return value

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split_hosts(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        hosts = [host.strip() for host in value.split(",") if host.strip()]
        if any(not re.fullmatch(r"[A-Za-z0-9._-]+", host) for host in hosts):
            raise ValueError("must be names of hosts with commas, without scheme and port")
        return hosts

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("announced_ip")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value is not None:
            ipaddress.ip_address(value)
        return value

    @field_validator("secret")
    @classmethod
    def _is_long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < MIN_SECRET:
            raise ValueError(f"must have at least {MIN_SECRET} characters")
        return value

    @property
    def has_https(self) -> bool:
        """People reach the pages over TLS, which a proxy ends."""
        return self.base_url.startswith("https:")


def announced_ip(settings: Settings) -> str:
    """The address browsers send media to: the one that is set, else loopback if pages are served on
    loopback, else this machine's own."""
    if settings.announced_ip is not None:
        return settings.announced_ip
    return "127.0.0.1" if is_loopback(settings.http_host) else _own_address()


def media_host(settings: Settings) -> str:
    """The address the media socket is bound to.

    Beside an announced loopback address it must be that one: from a socket bound to all
    addresses, Linux answers a browser's other local address from that address, and the browser
    drops answers that do not come from where it asked (RFC 8445 section 7.2.5.2.1).
    """
    if settings.udp_host is not None:
        return settings.udp_host
    announced = announced_ip(settings)
    return announced if is_loopback(announced) else "0.0.0.0"


def _own_address() -> str:
    """The address of the interface that leads outside; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # RFC 5737: an address for documentation
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def signing_secret(settings: Settings) -> str:
    """The secret that is set, else one that is made once and that only this user can read."""
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = settings.var_dir / "secret"
    try:
        secret = path.read_text().strip()
    except FileNotFoundError:
        return _new_secret(path)
    except OSError as error:
        raise ConfigError(f"{PREFIX}VAR_DIR: cannot read {path}: {error.strerror}") from None
    if len(secret) < MIN_SECRET:
        raise ConfigError(f"{PREFIX}SECRET: {path} is damaged; delete it or set the variable")
    return secret


def _new_secret(path: Path) -> str:
    secret = secrets.token_urlsafe(48)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster
        return path.read_text().strip()
    except OSError as error:
        raise ConfigError(f"{PREFIX}VAR_DIR: cannot write {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret
