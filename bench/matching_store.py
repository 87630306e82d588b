"""Matching over its tables: the base and a night's change with all their SQL (`python -m bench.matching --stored`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from catalog_sync import reclustering
from catalog_sync.matching.features import Features
from catalog_sync.model import RecordKey
from catalog_sync.settings import Settings
from catalog_sync.store import portraits
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_rows, writing
from catalog_sync.system import System, open_system

NOW = datetime(2026, 9, 1, tzinfo=UTC)
BATCH = 1000  # as publishing derives them


class StoredMatching:
    """A catalogue of records of which only what matching sees is kept; SQLite in `folder`."""

    def __init__(self, folder: Path, keys: Mapping[RecordKey, object]) -> None:
        self.system: System = open_system(Settings(home=folder))
        self.ids = {key: n for n, key in enumerate(sorted(keys), 1)}
        with writing(self.system.engine) as connection:
            schools = sorted({key.source for key in keys})
            insert_rows(connection, t.library, [{"code": code, "name": code} for code in schools])
            insert_rows(connection, t.source, [{"code": c, "library": c, "dialect": "rusmarc"} for c in schools])
            insert_rows(connection, t.record, map(self._row, self.ids))

    def _row(self, key: RecordKey) -> dict[str, object]:
        return {
            "id": self.ids[key], "source": key.source, "local_id": key.local_id, "digest": b"", "data": b"",
            "dialect": "rusmarc", "encoding": "utf-8", "first_run": 1, "last_run": 1, "first_seen": NOW, "changed": NOW,
        }  # fmt: skip

    def base(self, features: Mapping[RecordKey, Features]) -> float:
        """Everything for the first time; CPU seconds."""
        started = time.process_time()
        with writing(self.system.engine) as connection:
            self._compare(connection, features)
            reclustering.regroup_everything(connection, now=NOW)
        return time.process_time() - started

    def change(self, features: Mapping[RecordKey, Features]) -> float:
        """These records are described otherwise now; CPU seconds."""
        started = time.process_time()
        with writing(self.system.engine) as connection:
            concerned = self._compare(connection, features)
            reclustering.regroup(connection, concerned, [self.ids[key] for key in features], now=NOW)
        return time.process_time() - started

    def _compare(self, connection: Connection, features: Mapping[RecordKey, Features]) -> reclustering.Concerned:
        comparing = reclustering.Comparing(connection)
        for some in chunks(sorted(features), BATCH):
            seen = {self.ids[key]: portraits.Sight.of(features[key]) for key in some}
            comparing.take(portraits.place(connection, seen, ()))
        return comparing.finish()
