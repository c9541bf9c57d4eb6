"""The check before real money moves: nothing of the sandbox may be left in the books."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from billing.gateway.emulator.service import FILE
from billing.gateway.opening import is_real
from billing.settings import BillingSettings
from billing.store.database import Database
from billing.store.tables import Order
from common.config import PREFIX, ConfigError
from common.logs import get_logger

AT_ONCE = 500  # ids of one query

log = get_logger(__name__)


async def check_going_live(settings: BillingSettings, db: Database) -> None:
    """Raises ConfigError when the books hold sandbox money; warns when letters are only
    printed."""
    if not is_real(settings):
        return
    if await _holds_any(db, _sandbox_orders(settings.var_dir / FILE)):
        raise ConfigError(
            f"{PREFIX}DATABASE_URL: this database holds orders of the sandbox. "
            "Real money needs a database of its own, or an empty one."
        )
    if settings.mail_url.get_secret_value() == "console":
        log.warning("mail.console", advice=f"Set {PREFIX}MAIL_URL: letters are only printed.")


def _sandbox_orders(path: Path) -> list[str]:
    """Ids of the orders that the sandbox of this folder has made."""
    if not path.exists():
        return []
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as store:
        rows = store.execute("SELECT id FROM entities WHERE kind = 'order'").fetchall()
    return [str(row[0]) for row in rows]


async def _holds_any(db: Database, order_ids: list[str]) -> bool:
    async with db.reading() as session:
        for start in range(0, len(order_ids), AT_ONCE):
            known = Order.gateway_order_id.in_(order_ids[start : start + AT_ONCE])
            if await session.scalar(select(Order.id).where(known).limit(1)) is not None:
                return True
    return False
