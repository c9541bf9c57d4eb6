"""Structured logs: lines for people on a terminal, JSON elsewhere, and no secrets."""

import logging
import sys
import time
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO

import structlog

from common.work import WorkBudget

SECRET_KEYS = frozenset(
    {"token", "resume", "secret", "auth", "authorization", "cookie", "sdp", "password", "email"}
)
# These libraries say too much below a warning; aiosqlite logs the values of every statement.
QUIET = ("aiortc", "aioice", "aiosqlite", "alembic", "engineio.server", "socketio.server")
_HIDDEN = "[hidden]"


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger of this module."""
    logger: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return logger


def hide_secrets(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replaces the values of fields that may hold a secret."""
    for key in event:
        if key.lower() in SECRET_KEYS:
            event[key] = _HIDDEN
    return event


class StrangersLines(logging.Filter):
    """Limits the lines that strangers can cause by connecting: a few at once, then one a second."""

    LOGGERS = frozenset({"engineio.server", "socketio.server", "aiohttp.server"})
    EVENTS = frozenset({"connection.refused"})

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._bucket = WorkBudget(rate=1.0, burst=20.0, updated_at=clock())  # in lines

    def filter(self, record: logging.LogRecord) -> bool:
        event = record.msg.get("event") if isinstance(record.msg, dict) else None
        if record.name not in self.LOGGERS and event not in self.EVENTS:
            return True
        return self._bucket.take(1.0, self._clock())


def configure(level: str, stream: TextIO = sys.stderr) -> None:
    """Sets up structlog and the standard library's logging to write the same way."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(stream),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    handler.addFilter(StrangersLines())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def _renderers(stream: TextIO) -> list[structlog.typing.Processor]:
    if stream.isatty():
        # The other formatters print the values of variables: passwords, tokens, addresses.
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
