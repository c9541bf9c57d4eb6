"""Where handlers find what the application holds."""

from collections.abc import Callable

from aiohttp import web

from billing.accounts.sessions import SessionKey
from billing.context import Context

CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
SESSION_KEY: web.AppKey[SessionKey] = web.AppKey("session_key", SessionKey)
ORIGINS: web.AppKey[frozenset[str]] = web.AppKey("origins", frozenset)
"""Pages of these origins may change things, beside the page's own."""
BASE_URL: web.AppKey[Callable[[], str]] = web.AppKey("base_url")
"""Where people open pages; known for sure once the socket is bound."""
JOIN_SECRET: web.AppKey[str] = web.AppKey("join_secret", str)
"""What signs join tokens."""
