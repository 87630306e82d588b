"""Which record (001) hides behind an OAI identifier: a deleted header names only the latter.

Most providers build the identifier from the record's number (oai:host:NUMBER); then nothing has to be kept. Exceptions
are remembered in a small file beside the catalogue. Losing it is harmless: the next full harvest fills it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

BUSY_SECONDS = 30.0


class IdBook:
    """A table identifier → local id of one source, and how often the simple rule held."""

    def __init__(self, home: Path, code: str) -> None:
        folder = home / "harvest"
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / f"{quote(code, safe='')}.oai.sqlite"
        with closing(self._open()) as db, db:
            db.execute("CREATE TABLE IF NOT EXISTS odd (identifier TEXT PRIMARY KEY, local_id TEXT NOT NULL)")
            db.execute("CREATE TABLE IF NOT EXISTS regular (one INTEGER PRIMARY KEY CHECK (one = 1), seen INTEGER)")
            db.execute("INSERT OR IGNORE INTO regular VALUES (1, 0)")

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=BUSY_SECONDS)

    def learn(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Take in (identifier, local id) pairs of records that came."""
        all_pairs = list(pairs)
        odd = [p for p in all_pairs if suffix(p[0]) != p[1]]
        with closing(self._open()) as db, db:
            db.executemany("INSERT OR REPLACE INTO odd VALUES (?, ?)", odd)
            db.execute("UPDATE regular SET seen = seen + ?", (len(all_pairs) - len(odd),))

    def local_ids(self, identifiers: Iterable[str]) -> tuple[str, ...]:
        """Local ids of deleted identifiers. One never met is guessed by the rule only where the rule has held
        without exception: deleting the wrong record is worse than keeping one too long."""
        with closing(self._open()) as db:
            follows_rule = db.execute("SELECT seen > 0 AND NOT EXISTS (SELECT * FROM odd) FROM regular").fetchone()[0]
            found = []
            for identifier in identifiers:
                row = db.execute("SELECT local_id FROM odd WHERE identifier = ?", (identifier,)).fetchone()
                found.append(row[0] if row else suffix(identifier) if follows_rule else identifier)
        return tuple(found)


def suffix(identifier: str) -> str:
    """NUMBER of oai:host:NUMBER; NUMBER may itself hold colons and slashes (RU/SCH/77)."""
    parts = identifier.split(":", 2)
    return parts[2] if len(parts) == 3 and parts[0].lower() == "oai" else identifier
