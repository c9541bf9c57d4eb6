"""Passwords: argon2id, in threads, since a hash takes tens of milliseconds."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

MIN_LENGTH, MAX_LENGTH = 10, 200
AT_ONCE = 2  # hashes at a time: each takes a core and 64 MiB

_hasher = PasswordHasher()
_threads = ThreadPoolExecutor(AT_ONCE, "passwords")
_NOBODYS = _hasher.hash("the password of nobody at all")


async def hash_password(password: str) -> str:
    """The hash that is kept, with its own salt and parameters."""
    return await asyncio.get_running_loop().run_in_executor(_threads, _hasher.hash, password)


async def is_password(kept: str | None, password: str) -> bool:
    """Whether it is the one that was hashed; None, nobody's, takes the same time."""
    loop = asyncio.get_running_loop()
    matches = await loop.run_in_executor(_threads, _verify, kept or _NOBODYS, password)
    return matches and kept is not None


def is_outdated(kept: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _verify(kept: str, password: str) -> bool:
    try:
        return _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False
