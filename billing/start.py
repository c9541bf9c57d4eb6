"""Opening billing: its settings, the database brought up to date, what services are given."""

import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import SQLAlchemyError

from billing.accounts.passwords import Passwords
from billing.context import Context, Wake
from billing.gateway.protocol import Gateway
from billing.mail.letters import mail_sender
from billing.mail.queue import JOB, MailQueue
from billing.settings import BillingSettings
from billing.store.database import Database
from billing.store.migrate import upgrade
from common import config
from common.config import PREFIX, ConfigError


def load() -> BillingSettings:
    """The settings; raises ConfigError in one line that names the wrong one."""
    return config.load(BillingSettings)


@asynccontextmanager
async def open_database(settings: BillingSettings) -> AsyncIterator[Database]:
    """The database with today's tables; raises ConfigError when it can't be reached."""
    db = Database(settings.database)
    try:
        try:
            await upgrade(db)
        except (OSError, SQLAlchemyError) as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            raise ConfigError(f"{PREFIX}DATABASE_URL: cannot use the database: {reason}") from None
        yield db
    finally:
        await db.close()


def make_context(settings: BillingSettings, db: Database, gateway: Gateway) -> Context:
    """A context with the real clock and random ids."""
    wake = Wake()
    sender = mail_sender(settings.mail_url.get_secret_value())
    return Context(
        db,
        settings,
        gateway,
        MailQueue(sender, lambda: wake(JOB)),
        wake=wake,
        now=lambda: time.time_ns() // 1_000_000,
        new_id=lambda kind: f"{kind}-{secrets.token_hex(8)}",
        passwords=Passwords(),
    )
