"""Billing in the application: its routes, database and jobs, for as long as the application
runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from billing import demo
from billing.accounts.rate_limit import Limit
from billing.accounts.sessions import session_key
from billing.gateway.emulator.service import FILE, Sandbox
from billing.gateway.keys import keys_of
from billing.gateway.opening import SANDBOX, emulator_url, open_gateway
from billing.going_live import check_going_live
from billing.jobs import Job, start_jobs, stop_jobs
from billing.mail import queue as mail_queue
from billing.metrics import billing_metrics, count_rows
from billing.receipts.pdf import PdfRenderer
from billing.routes import (
    admin,
    auth,
    classes,
    coupons,
    enrolments,
    me,
    payments,
    receipts,
    users,
)
from billing.routes.errors import errors_to_json
from billing.routes.keys import BASE_URL, CONTEXT, MINT, ORIGINS, SESSION_KEY
from billing.routes.pages import add_site
from billing.routes.session import WEBHOOK, check_origin
from billing.service import cancel
from billing.service.guardians import LinkCodes
from billing.service.join_tokens import Mint
from billing.service.live_classes import (
    LOOK_EVERY,
    BillingGate,
    LiveClasses,
    LiveWatch,
    expire_all,
)
from billing.service.reconcile import reconcile
from billing.service.refunds import run_refunds
from billing.settings import BillingSettings
from billing.start import make_context, open_database
from common.metrics import Family

ROUTES = (
    *(auth.routes, me.routes, users.routes, receipts.routes, admin.routes),
    *(classes.routes, coupons.routes, enrolments.routes, payments.routes),
)
JOBS = (
    Job(mail_queue.JOB, 60, mail_queue.deliver),
    Job("figures", 15, count_rows),
    Job("expiry", 60, expire_all),
    Job(cancel.JOB, 60, cancel.refund_cancelled),
)
GATEWAY_JOBS = (Job("refunds", 30, run_refunds), Job("reconcile", 60, reconcile))


@dataclass(slots=True)
class ServerAddress:
    """The server's addresses, for people and on this machine; the sandbox, when there is one.

    Both addresses are known for sure once the socket is bound (`bound`).
    """

    public_url: str
    local_url: str = ""
    sandbox: Sandbox | None = None
    demo_password: str | None = field(default=None, repr=False)
    is_bound: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    def bound(self, public_url: str, local_url: str) -> None:
        """Notes the bound socket: the sandbox can be asked, and can send its webhooks."""
        self.public_url, self.local_url = public_url, local_url
        self.is_bound.set()
        if self.sandbox is not None:
            self.sandbox.hooks.target = local_url + WEBHOOK


ADDRESS: web.AppKey[ServerAddress] = web.AppKey("address", ServerAddress)


def add_billing(
    app: web.Application, settings: BillingSettings, secret: str, mint: Mint, public_url: str
) -> None:
    """Everything of billing; CONTEXT is set while the application runs. Sessions are signed with
    keys derived from the secret, join tokens by `mint`."""
    address = app[ADDRESS] = ServerAddress(public_url)
    add_routes(app, secret, mint, lambda: address.public_url, frozenset({public_url}))
    if settings.is_sandbox:
        address.sandbox = Sandbox(keys_of(settings), settings.var_dir / FILE)
        app.add_subapp(SANDBOX, address.sandbox.application())
    emulator = emulator_url(settings)
    add_site(app, settings.static_dir, is_sandbox=settings.is_sandbox, emulator=emulator)
    app.cleanup_ctx.append(_running(settings, address))


def gate_of(app: web.Application) -> BillingGate | None:
    """The gate to the classes of the catalogue; None for an application without billing."""
    return BillingGate(app[CONTEXT]) if CONTEXT in app else None


@asynccontextmanager
async def watching(app: web.Application, live: LiveClasses) -> AsyncIterator[None]:
    """Runs the job that looks after the people in live classes."""
    tasks = start_jobs(app[CONTEXT], [Job("entry", LOOK_EVERY, LiveWatch(live).turn)])
    try:
        yield
    finally:
        await stop_jobs(tasks)


def billing_families(app: web.Application) -> Iterator[Family]:
    """Billing's metrics; none when it does not run."""
    return billing_metrics(app[CONTEXT].counts) if CONTEXT in app else iter(())


def add_routes(
    app: web.Application,
    secret: str,
    mint: Mint,
    base_url: Callable[[], str],
    origins: frozenset[str] = frozenset(),
) -> None:
    """Adds all that needs no open database; CONTEXT is to be set before the first request."""
    app.middlewares.append(errors_to_json)
    app.middlewares.append(check_origin)
    app[SESSION_KEY] = session_key(secret)
    app[MINT] = mint
    app[BASE_URL] = base_url
    app[ORIGINS] = origins
    app[auth.LIMITS] = auth.SignInLimits()
    app[payments.LIMITS] = payments.PaymentLimits()
    app[enrolments.TRIES] = Limit(enrolments.BURST, enrolments.EVERY)
    app[me.LINK_CODES] = LinkCodes()
    app[me.LINK_TRIES] = Limit(me.TRIES, me.TRY_EVERY)
    app[receipts.PDF_RENDERER] = PdfRenderer()
    for table in ROUTES:
        app.router.add_routes(table)


def _running(
    settings: BillingSettings, address: ServerAddress
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def running(app: web.Application) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            db = await stack.enter_async_context(open_database(settings))
            await check_going_live(settings, db)
            gateway = open_gateway(settings, lambda: address.local_url)
            stack.push_async_callback(gateway.close)
            if address.sandbox is not None:
                await stack.enter_async_context(address.sandbox.running())
            context = app[CONTEXT] = make_context(settings, db, gateway)
            address.demo_password = await demo.seed(context)
            tasks = start_jobs(context, JOBS)
            tasks += start_jobs(context, GATEWAY_JOBS, address.is_bound)
            stack.push_async_callback(stop_jobs, tasks)
            yield

    return running
