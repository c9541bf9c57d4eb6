"""The gateway's keys: those that are set, or the sandbox's, made once for this user alone to
read."""

import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from billing.settings import BillingSettings
from common.config import ConfigError

FILE = "sandbox-keys.json"


@dataclass(frozen=True, slots=True)
class Keys:
    """`key_id` is public; the secrets never are."""

    key_id: str
    key_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)


def keys_of(settings: BillingSettings) -> Keys:
    """The real keys when they are set, else the sandbox's."""
    key_id, secret = settings.razorpay_key_id, settings.razorpay_key_secret
    if key_id is None or secret is None or settings.razorpay_webhook_secret is None:
        return sandbox_keys(settings.var_dir)
    return Keys(
        key_id, secret.get_secret_value(), settings.razorpay_webhook_secret.get_secret_value()
    )


def sandbox_keys(folder: Path) -> Keys:
    """The sandbox's keys in this folder; made when there are none. Raises ConfigError for a broken
    file."""
    path = folder / FILE
    if not path.exists():
        _make(path)
    try:
        return Keys(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise ConfigError(f"{path} does not hold the sandbox's keys: delete it") from None


def _make(path: Path) -> None:
    """Writes the file at once and whole; when another process is faster, its keys stay."""
    keys = Keys(
        f"rzp_test_{secrets.token_hex(7)}", secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)  # readable by this user alone
    try:
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(keys), file)
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.unlink(draft)
