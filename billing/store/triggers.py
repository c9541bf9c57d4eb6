"""Triggers that refuse to change or take away what has been written to the journal."""

from sqlalchemy import Connection

JOURNAL = ("gateway_events", "ledger")

_SQLITE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""
_FUNCTION = """
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRES = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()
"""


def keep_journal(connection: Connection) -> None:
    """Makes the triggers; call it once, in a migration."""
    if connection.dialect.name == "sqlite":
        for table in JOURNAL:
            for verb in ("update", "delete"):
                connection.exec_driver_sql(_SQLITE.format(table=table, verb=verb))
        return
    connection.exec_driver_sql(_FUNCTION)
    for table in JOURNAL:
        connection.exec_driver_sql(_POSTGRES.format(table=table))
