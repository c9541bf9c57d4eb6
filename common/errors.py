"""Errors by whose fault they are; signalling maps them to wire codes in one place.

Pure: no I/O, no clock.
"""


class LiveclassError(Exception):
    """Base of the errors that reach a caller; `code` is the wire's, `message` a person's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class StateError(LiveclassError):
    """The caller asked for something that the present state does not allow."""


class CapacityError(LiveclassError):
    """A limit is reached; the request was right and can be made again later."""


class PeerError(LiveclassError):
    """The remote peer sent something that cannot be used."""
