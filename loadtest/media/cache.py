"""Keeps a clip in a file, so that it is made once on a machine.

The file says what it must be read as, and carries a digest: a damaged one, or one of another
version, reads as none.
"""

import json
import os
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from struct import Struct, error
from typing import Any

from loadtest.media.footage import Clip, ClipLayer, SoundPacket
from loadtest.media.packets import CutPicture, cut_picture
from loadtest.media.stamp import SIZE

_MAGIC = b"liveclass clip 1\n"
_LENGTH = Struct(">I")
_DIGEST = 32


def directory() -> Path:
    """$XDG_CACHE_HOME/liveclass, or ~/.cache/liveclass."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "liveclass"


def dumps(clip: Clip) -> bytes:
    head: dict[str, Any] = {
        "layers": [
            {"width": layer.width, "height": layer.height, "pictures": _pictures(layer)}
            for layer in clip.layers
        ],
        "speech": [(len(packet.data), packet.level) for packet in clip.speech],
        "silence": [(len(packet.data), packet.level) for packet in clip.silence],
    }
    text = json.dumps(head, separators=(",", ":")).encode()
    blobs = [_encoded(picture) for layer in clip.layers for picture in layer.pictures]
    blobs += [packet.data for packet in (*clip.speech, *clip.silence)]
    body = _LENGTH.pack(len(text)) + text + b"".join(blobs)
    return _MAGIC + sha256(body).digest() + body


def loads(data: bytes) -> Clip:
    """Raises ValueError for anything but what `dumps` gave."""
    body = data[len(_MAGIC) + _DIGEST :]
    if data[: len(_MAGIC)] != _MAGIC or data[len(_MAGIC) :][:_DIGEST] != sha256(body).digest():
        raise ValueError("not a clip, or a damaged one")
    try:
        return _read(body)
    except (error, KeyError, TypeError) as problem:
        raise ValueError("a clip of another version") from problem


def read(path: Path) -> Clip | None:
    """The clip in the file; None when there is none that can be used."""
    try:
        return loads(path.read_bytes())
    except (OSError, ValueError):
        return None


def write(path: Path, clip: Clip) -> None:
    """Puts the clip there at once, so that no process reads half a file. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(dumps(clip))
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def _pictures(layer: ClipLayer) -> list[tuple[int, int, bool]]:
    return [(len(_encoded(p)), p.temporal_id, p.sync) for p in layer.pictures]


def _encoded(picture: CutPicture) -> bytes:
    return b"".join(picture.parts)[:-SIZE]


def _read(body: bytes) -> Clip:
    (length,) = _LENGTH.unpack_from(body)
    position = _LENGTH.size + length
    head = json.loads(body[_LENGTH.size : position])

    def take(size: int) -> bytes:
        nonlocal position
        position += size
        return body[position - size : position]

    layers = tuple(
        ClipLayer(
            layer["width"],
            layer["height"],
            tuple(cut_picture(take(size), tid, sync) for size, tid, sync in layer["pictures"]),
        )
        for layer in head["layers"]
    )

    def sound(packets: Sequence[tuple[int, int]]) -> tuple[SoundPacket, ...]:
        return tuple(SoundPacket(take(size), level) for size, level in packets)

    return Clip(layers, sound(head["speech"]), sound(head["silence"]))
