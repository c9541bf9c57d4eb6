"""Roles in a class, and what billing and signalling tell each other about people.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What a person is in the class; the values are those of join tokens and of the wire."""

    TEACHER = "teacher"
    ASSISTANT = "assistant"
    STUDENT = "student"
    PARENT = "parent"
    ADMIN = "admin"
    OBSERVER = "observer"


STAFF = frozenset({Role.TEACHER, Role.ASSISTANT, Role.ADMIN})


class Person(Protocol):
    """A person as their join token describes them."""

    @property
    def user_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def role(self) -> Role: ...
    @property
    def class_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Admission:
    """What the gate knows: the class's title, and what the person is in it now, whatever their
    token said when it was made."""

    title: str
    role: Role
