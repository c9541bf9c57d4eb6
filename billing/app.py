"""Billing in the application: its settings, routes, database and jobs, for as long as it runs."""

from collections.abc import Callable

from aiohttp import web

from billing.jobs import Job
from billing.limits import Limit
from billing.receipt_process import Draftsman
from billing.routes import auth, me, receipts, users
from billing.routes.errors import errors_to_json
from billing.routes.keys import BASE_URL, ORIGINS, SESSION_KEY
from billing.routes.session import check_origin
from billing.service.guardians import LinkCodes
from billing.sessions import session_key

DEMO_PASSWORD: web.AppKey[dict[str, str]] = web.AppKey("demo_password")
"""Of the demo people, under "password", once the application has started and there are any."""

ROUTES = (auth.routes, me.routes, users.routes, receipts.routes)
JOBS: tuple[Job, ...] = ()


def add_routes(app: web.Application, secret: str, base_url: Callable[[], str]) -> None:
    """Everything that needs no open database; SHOP is to be set before the first request."""
    app.middlewares.append(errors_to_json)
    app.middlewares.append(check_origin)
    app[SESSION_KEY] = session_key(secret)
    app[BASE_URL] = base_url
    app[ORIGINS] = frozenset()
    app[auth.LIMITS] = auth.Limits()
    app[me.LINK_CODES] = LinkCodes()
    app[me.LINK_TRIES] = Limit(me.TRIES, me.TRY_EVERY)
    app[receipts.DRAFTSMAN] = Draftsman()
    for table in ROUTES:
        app.router.add_routes(table)
