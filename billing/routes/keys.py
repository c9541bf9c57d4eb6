"""The application's keys, by which handlers find what it holds."""

from collections.abc import Callable

from aiohttp import web

from billing.accounts.sessions import SessionKey
from billing.context import Context
from billing.service.join_tokens import Mint

CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
SESSION_KEY: web.AppKey[SessionKey] = web.AppKey("session_key", SessionKey)
ORIGINS: web.AppKey[frozenset[str]] = web.AppKey("origins", frozenset)
"""Pages of these origins may change things, beside the page's own."""
BASE_URL: web.AppKey[Callable[[], str]] = web.AppKey("base_url")
"""The address at which people open pages; known for sure once the socket is bound."""
MINT: web.AppKey[Mint] = web.AppKey("mint")
"""Signs join tokens."""
