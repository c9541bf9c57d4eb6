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


class Passwords:
    """Hashes and verifies with one hasher, whose parameters are those of today."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """The hasher is the library's own unless another one is given."""
        self._hasher = hasher or PasswordHasher()
        self._threads = ThreadPoolExecutor(AT_ONCE, "passwords")
        self._waiting: set[object] = set()
        self._nobodys = self._hasher.hash("the password of nobody at all")

    async def hash(self, password: str) -> str:
        """The hash that is kept, with its own salt and parameters; raises TooManyError."""
        return await self._in_thread(self._hasher.hash, password)

    async def matches(self, kept: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; None, the hash of an unknown account,
        takes the same time. Raises TooManyError."""
        matches = await self._in_thread(self._verify, kept or self._nobodys, password)
        return matches and kept is not None

    def is_outdated(self, kept: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(kept)

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False

    async def _in_thread(self, work: Callable[..., Answer], *args: str) -> Answer:
        if len(self._waiting) >= MAX_WAITING:
            raise TooManyError("Too many people are signing in. Try again in a moment.", 5)
        place = object()
        self._waiting.add(place)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting.discard(place)
