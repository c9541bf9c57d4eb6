"""Checks of this machine for everything a class needs, with advice for what is missing."""

import importlib.metadata
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

from common.addresses import is_loopback
from common.config import ConfigError
from liveclass.config import Settings, announced_ip, media_host, signing_secret
from liveclass.hosts import known_hosts
from liveclass.metrics_listener import HOST as METRICS_HOST
from liveclass.pages import VENDOR_PACKAGES
from sfu.io.buffers import size_buffers

PACKAGES = ("aiortc", "aioice", "cryptography", "pylibsrtp", "aiohttp", "python-socketio", "uvloop")
PINNED = {"aiortc": "1.16.", "aioice": "0.13."}


@dataclass(slots=True)
class Finding:
    """The result of one check; `advice` is empty when all is well. Classes can be held without a
    thing that is not `needed`."""

    name: str
    detail: str
    advice: str = ""
    needed: bool = True


def examine(settings: Settings) -> list[Finding]:
    """Every check, in the order they are shown."""
    return [
        _python(),
        *(_package(name) for name in PACKAGES),
        _crypto(),
        _dtls(),
        _port("HTTP", settings.http_host, settings.http_port, socket.SOCK_STREAM),
        _port("UDP", media_host(settings), settings.udp_port, socket.SOCK_DGRAM),
        _buffers(),
        _announced(settings),
        _hosts(settings),
        _metrics(settings),
        _secret(settings),
        _pages(settings),
        _modules(settings),
    ]


def _python() -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    advice = "" if sys.version_info >= (3, 11) else "Install Python 3.11 or newer."
    return Finding("Python", version, advice)


def _package(name: str) -> Finding:
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(name, "missing", "Run `make setup` in the checkout.")
    wanted = PINNED.get(name, "")
    advice = "" if version.startswith(wanted) else f"Install {name} {wanted}x."
    return Finding(name, version, advice)


def _attempt(name: str, check: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(name, check())
    except Exception as error:  # a check that fails is a finding
        return Finding(name, f"{type(error).__name__}: {error}", advice)


def _crypto() -> Finding:
    def check() -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        sealed = AESGCM(bytes(16)).encrypt(bytes(12), b"packet", b"header")
        assert AESGCM(bytes(16)).decrypt(bytes(12), sealed, b"header") == b"packet"
        return "AES-128-GCM works"

    return _attempt("Encryption", check, "Reinstall the cryptography package.")


def _dtls() -> Finding:
    def check() -> str:
        from sfu.dtls.session import AiortcDtls

        return f"certificate {AiortcDtls().fingerprints[0][1][:11]}…"

    return _attempt("DTLS", check, "Install the aiortc version this project is pinned to.")


def _port(kind: str, host: str, port: int, type_: socket.SocketKind) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, type_) as probe:
        if type_ == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            advice = f"Stop the program that uses it, or set LIVECLASS_{kind}_PORT (and _HOST)."
            return Finding(f"{kind} port", f"{host}:{port}: {error.strerror}", advice)
    return Finding(f"{kind} port", f"{host}:{port} is free")


def _buffers() -> Finding:
    """The buffers the media socket will be granted (limits belong to the network namespace)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        buffers = size_buffers(probe)
    return Finding("UDP buffers", str(buffers), buffers.advice(), needed=False)


def _announced(settings: Settings) -> Finding:
    address = announced_ip(settings)
    wrong = is_loopback(address) and not is_loopback(settings.http_host)
    advice = "Set LIVECLASS_ANNOUNCED_IP to the address that browsers reach." if wrong else ""
    return Finding("Media address", f"{address}:{settings.udp_port}/udp", advice)


def _hosts(settings: Settings) -> Finding:
    """The names under which pages open; they always open by address."""
    names = sorted(known_hosts(settings) - {settings.http_host})
    is_unnamed = not is_loopback(settings.http_host) and names == ["localhost"]
    advice = "Set LIVECLASS_PUBLIC_URL, or pages open by address alone." if is_unnamed else ""
    return Finding("Host names", ", ".join(names), advice, needed=False)


def _metrics(settings: Settings) -> Finding:
    if settings.metrics_port is not None:
        return _port("METRICS", METRICS_HOST, settings.metrics_port, socket.SOCK_STREAM)
    token = settings.metrics_token
    if token is not None and token.get_secret_value():
        return Finding("Metrics", "with LIVECLASS_METRICS_TOKEN")
    return Finding("Metrics", "closed: neither LIVECLASS_METRICS_TOKEN nor LIVECLASS_METRICS_PORT")


def _secret(settings: Settings) -> Finding:
    if settings.secret is not None:
        return Finding("Secret", "from LIVECLASS_SECRET")
    path = settings.var_dir / "secret"
    try:
        signing_secret(settings)
    except ConfigError as error:
        return Finding("Secret", str(error), "Make the folder writable or set LIVECLASS_SECRET.")
    is_private = path.stat().st_mode & 0o077 == 0
    return Finding("Secret", f"in {path}", "" if is_private else f"Run `chmod 600 {path}`.")


def _pages(settings: Settings) -> Finding:
    missing = [n for n in ("index.html", "class.html") if not (settings.static_dir / n).is_file()]
    if not missing:
        return Finding("Pages", "present")
    advice = "Run from a checkout or set LIVECLASS_STATIC_DIR."
    return Finding("Pages", f"missing: {', '.join(missing)}", advice)


def _modules(settings: Settings) -> Finding:
    missing = [name for name in VENDOR_PACKAGES if not (settings.vendor_dir / name).is_dir()]
    if not missing:
        return Finding("Browser modules", "present")
    advice = "Run `make setup` (npm install), or set LIVECLASS_VENDOR_DIR."
    return Finding("Browser modules", f"missing: {', '.join(missing)}", advice)
