"""When reconciling last asked about a payment."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds the column; nothing has been asked about yet."""
    op.add_column("payments", sa.Column("checked_at", sa.BigInteger(), nullable=True))
