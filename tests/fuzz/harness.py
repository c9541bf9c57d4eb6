"""Feeds inputs to a target, and says how to see a failure again.

A target keeps a world (a running class, a session) for some inputs: making one costs more than an
input. When an input fails, it is tried alone in a new world; the report has what was needed.
"""

from pathlib import Path
from typing import Protocol

INPUTS_PER_WORLD = 50


class Target(Protocol):
    """What each module of a surface has, beside the documents about its inputs."""

    TEXT: bool

    def run(self, data: bytes) -> None:
        """Drives the public entry with one input; raises when an invariant does not hold."""

    def renew(self) -> None:
        """Ends the world, asserts what must hold at its end, and forgets it."""


class FuzzFailure(AssertionError):
    """An invariant that did not hold; its text says how to run it again."""


class Harness:
    """One target and what it has been given since its world was made."""

    def __init__(self, name: str, target: Target, folder: Path | None = None) -> None:
        """Histories of failures go to the folder, if there is one."""
        self.name = name
        self._target = target
        self._folder = folder
        self._history: list[bytes] = []
        self.fed = 0

    def feed(self, data: bytes) -> None:
        """One input; raises FuzzFailure."""
        self.fed += 1
        if len(self._history) >= INPUTS_PER_WORLD:
            self.finish()
        self._history.append(data)
        try:
            self._target.run(data)
        except Exception as error:
            raise self._failure(error) from error

    def finish(self) -> None:
        """Ends the present world; raises FuzzFailure when it ends badly."""
        try:
            self._target.renew()
        except Exception as error:
            raise self._failure(error) from error
        self._history = []

    def _failure(self, error: Exception) -> FuzzFailure:
        needed = self._needed()
        self._history = []
        self._forget()
        lines = [data.hex() for data in needed]
        text = f"{self.name}: {error!r} after {len(needed)} inputs, the last one\n{lines[-1]}\n"
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            file = self._folder / f"{self.name}-failure.hex"
            file.write_text("\n".join(lines) + "\n")
            return FuzzFailure(f'{text}again: make fuzz ARGS="{self.name} --replay {file}"')
        return FuzzFailure(f'{text}again: make fuzz ARGS="{self.name} --hex {" ".join(lines)}"')

    def _needed(self) -> list[bytes]:
        """The last input alone, if that is enough."""
        alone = self._history[-1:]
        return alone if self._fails(alone) else self._history

    def _fails(self, sequence: list[bytes]) -> bool:
        self._forget()
        try:
            for data in sequence:
                self._target.run(data)
            self._target.renew()
        except Exception:
            return True
        return False

    def _forget(self) -> None:
        try:
            self._target.renew()
        except Exception:
            return  # it had failed; what follows begins anew
