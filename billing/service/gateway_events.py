"""The gateway's messages as they are kept, for whoever looks into one."""

from sqlalchemy import or_, select

from billing.context import Context
from billing.store.tables import GatewayEvent

_STRANGE = ("%unknown%", "%not_ours%")  # rows of the state table that fit no order of ours


async def newest(context: Context, limit: int, *, only_strange: bool) -> list[GatewayEvent]:
    """The newest first; `only_strange`: those that fitted no order, payment or refund."""
    query = select(GatewayEvent).order_by(GatewayEvent.number.desc()).limit(limit)
    if only_strange:
        query = query.where(or_(*(GatewayEvent.outcome.like(one) for one in _STRANGE)))
    async with context.db.reading() as session:
        return list(await session.scalars(query))
