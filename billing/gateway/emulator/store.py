"""The emulator's entities, kept in a small SQLite file so that a restart loses nothing."""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

MOST = 20_000  # entities of a kind; the oldest are forgotten
KINDS = ("order", "payment", "refund", "key", "hook")

Entity = dict[str, Any]


class Store:
    """Entities by kind and id, oldest first: the gateway's own, keys of refunds that were asked
    for, webhooks on their way."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")  # a write doesn't wait for the disk
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS entities"
            " (id TEXT PRIMARY KEY, kind TEXT NOT NULL,"
            " number INTEGER NOT NULL, data TEXT NOT NULL)"
        )
        self._entities: dict[str, dict[str, Entity]] = {kind: {} for kind in KINDS}
        rows = self._db.execute("SELECT kind, id, number, data FROM entities ORDER BY number")
        self._next = 1
        for kind, key, number, data in rows:
            self._entities[kind][key] = json.loads(data)
            self._next = number + 1

    def put(self, entity: Entity) -> None:
        """Adds it, or writes its change."""
        kind, key = entity["entity"], entity["id"]
        known = self._entities[kind]
        if key in known:
            self._db.execute("UPDATE entities SET data = ? WHERE id = ?", (json.dumps(entity), key))
        else:
            row = (key, kind, self._next, json.dumps(entity))
            self._db.execute("INSERT INTO entities VALUES (?, ?, ?, ?)", row)
            self._next += 1
        known[key] = entity
        if len(known) > MOST:
            self.remove(kind, next(iter(known)))

    def remove(self, kind: str, key: str) -> None:
        """Forgets it; it may be gone already."""
        if self._entities[kind].pop(key, None) is not None:
            self._db.execute("DELETE FROM entities WHERE id = ?", (key,))

    def get(self, kind: str, key: str) -> Entity | None:
        """The entity, if it is known."""
        return self._entities[kind].get(key)

    def all(self, kind: str) -> Iterator[Entity]:
        """The newest first, as the gateway lists them."""
        return reversed(list(self._entities[kind].values()))

    def close(self) -> None:
        """Closes the file."""
        self._db.close()
