"""The clip to play, from the cache or made now."""

import contextlib
import fcntl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import av
import numpy as np

from loadtest.media import cache, encode
from loadtest.media.footage import Clip

__all__ = ["Clip", "load_clip"]

# The sources of a clip; a change in any of them makes a new one.
_SOURCES = ("encode.py", "opus.py", "pictures.py", "cache.py")


def load_clip(height: int = 720) -> Clip:
    """The clip whose top layer is that high; making it takes some seconds, once on a machine.

    Of several processes that want it at once, one makes it. Where no file can be kept, it is made
    each time. Raises ValueError for a height that is no layer's.
    """
    heights = [spec.height for spec in encode.LAYERS]
    if height not in heights:
        raise ValueError(f"a clip is {', '.join(map(str, heights))} high, not {height}")
    layers = heights.index(height) + 1
    path = cache.directory() / f"clip-{height}-{_version()}.bin"
    clip = cache.read(path)
    if clip is not None:
        return clip
    with _alone(path):
        clip = cache.read(path)
        if clip is None:
            clip = encode.make_clip(layers)
            with contextlib.suppress(OSError):
                cache.write(path, clip)
    return clip


def _version() -> str:
    folder = Path(__file__).parent
    parts = [(folder / name).read_bytes() for name in _SOURCES]
    libraries = f"{av.__version__} {av.library_versions} {np.__version__}"
    return sha256(b"".join(parts) + libraries.encode()).hexdigest()[:16]


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Holds a lock beside the path; without one where no file can be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.with_suffix(".lock").open("w")
    except OSError:
        yield
        return
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
