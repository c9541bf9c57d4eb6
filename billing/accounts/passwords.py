"""Passwords: argon2id, in threads, since a hash takes tens of milliseconds."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from billing.errors import TooManyError

Answer = TypeVar("Answer")

MIN_LENGTH, MAX_LENGTH = 10, 200
AT_ONCE = 2  # hashes at a time: each takes a core and 64 MiB
MAX_WAITING = 50  # those beyond are asked to come again

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE, "passwords")
_waiting: set[object] = set()
_NOBODYS = _hasher.hash("the password of nobody at all")


async def hash_password(password: str) -> str:
    """The hash that is kept, with its own salt and parameters; raises TooManyError."""
    return await _in_thread(_hasher.hash, password)


async def is_password(kept: str | None, password: str) -> bool:
    """Whether it is the one that was hashed; None, nobody's, takes the same time. Raises
    TooManyError."""
    return await _in_thread(_verify, kept or _NOBODYS, password) and kept is not None


async def _in_thread(work: Callable[..., Answer], *args: str) -> Answer:
    if len(_waiting) >= MAX_WAITING:
        raise TooManyError("Too many people are signing in. Try again in a moment.", 5)
    place = object()
    _waiting.add(place)
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work, *args)
    finally:
        _waiting.discard(place)


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False
