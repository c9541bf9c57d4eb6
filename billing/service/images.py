"""Pictures of classes: files beside the database, known by what is in them."""

import asyncio
import hashlib
import os
from pathlib import Path

from billing.context import Context
from billing.errors import BillingError

MAX_BYTES = 1_000_000
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


def kind_of(data: bytes) -> str:
    """The kind of a picture as a file's ending; raises BillingError for anything else."""
    if data.startswith(b"\xff\xd8\xff") and data.rstrip(b"\0").endswith(b"\xff\xd9"):
        return "jpg"
    if data.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"):
        return "png"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and data[12:15] == b"VP8":
        return "webp"
    raise BillingError("bad_image", "Send a picture in JPEG, PNG or WebP.", "image")


def folder(context: Context) -> Path:
    """The folder of the pictures."""
    return context.settings.var_dir / "media" / "classes"


async def keep(context: Context, class_id: str, data: bytes) -> str:
    """Keeps a picture and says its address, which changes with what is in it."""
    if len(data) > MAX_BYTES:
        raise BillingError("too_large", "A picture may have 1 MB.", "image")
    digest = hashlib.sha256(data).hexdigest()[:12]
    name = f"{class_id}.{digest}.{kind_of(data)}"
    await asyncio.to_thread(_write, folder(context), name, data)
    return f"/media/classes/{name}"


async def drop(context: Context, url: str | None) -> None:
    """Removes a picture that nothing speaks of any more."""
    if url is not None:
        path = folder(context) / url.rpartition("/")[2]
        await asyncio.to_thread(path.unlink, missing_ok=True)


def _write(where: Path, name: str, data: bytes) -> None:
    """The whole file or none."""
    where.mkdir(parents=True, exist_ok=True)
    half = where / f"{name}.part"
    half.write_bytes(data)
    os.replace(half, where / name)
