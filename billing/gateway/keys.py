"""The gateway's keys: as set, or the sandbox's, made once and readable by this user alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from billing.settings import BillingSettings

FILE = "sandbox-keys.json"


@dataclass(frozen=True, slots=True)
class Keys:
    """`key_id` is public; the secrets never are."""

    key_id: str
    key_secret: str = field(repr=False)
    webhook_secret: str = field(repr=False)


def keys_of(settings: BillingSettings) -> Keys:
    """Real ones when they are set."""
    key_id, secret = settings.razorpay_key_id, settings.razorpay_key_secret
    if key_id is None or secret is None or settings.razorpay_webhook_secret is None:
        return sandbox_keys(settings.var_dir)
    return Keys(
        key_id, secret.get_secret_value(), settings.razorpay_webhook_secret.get_secret_value()
    )


def sandbox_keys(folder: Path) -> Keys:
    """Those of this folder; made when there are none."""
    path = folder / FILE
    try:
        return Keys(**json.loads(path.read_text()))
    except FileNotFoundError:
        keys = Keys(
            f"rzp_test_{secrets.token_hex(7)}", secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        )
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was faster
        return Keys(**json.loads(path.read_text()))
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(keys), file)
    return keys
