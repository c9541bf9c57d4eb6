"""Roles in a class, and the records by which billing and signalling speak of people.

Pure: no I/O, no clock.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """A person's part in the class; the values are those of join tokens and of the wire."""

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
    """The gate's answer: the class's title and the person's role in it now, which may differ from
    the one in their token."""

    title: str
    role: Role
