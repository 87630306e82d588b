"""Rendered records, shared by all connections: a record is asked for often and changes rarely.

An entry is known by cluster, syntax, element set, charset and database, and lives until the catalogue says that its
cluster changed (`Catalogue.changes`, asked at most once a second).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

from catalog_sync.query import Catalogue

POLL_SECONDS = 1.0  # how stale a record may be: the night's publication is not a stock exchange
MARGIN = timedelta(minutes=5)  # the database's clock may be behind ours
PAGE = 1000


# How records are rendered: syntax, element set, charset, database and the codec of its name (kept with the record).
Look = tuple[str, str, str, str, str]
Records = dict[str, bytes]  # by cluster


class RenderCache:
    """Two generations of records: when the young one is full it becomes the old one, which is then forgotten."""

    def __init__(self, max_bytes: int) -> None:
        self._half = max_bytes // 2
        self._young: dict[Look, Records] = {}
        self._old: dict[Look, Records] = {}
        self._size = 0
        self._lock = threading.Lock()
        self._polled = float("-inf")
        self._last_change = 0
        self._since: datetime | None = None
        self._generation = 0

    @property
    def generation(self) -> int:
        """Grows whenever something is dropped: what was rendered before that must not be put in after it."""
        return self._generation

    def get(self, clusters: Sequence[str], look: Look) -> list[bytes | None]:
        """The records that are kept, None for the others."""
        young, old = self._young.get(look, {}), self._old.get(look, {})
        return [young.get(cluster) or old.get(cluster) for cluster in clusters]

    def put(self, cluster: str, look: Look, data: bytes, generation: int) -> None:
        """Keep what was rendered from data read when `generation` was current."""
        with self._lock:
            if generation != self._generation:
                return
            self._young.setdefault(look, {})[cluster] = data
            self._size += len(data)
            if self._size > self._half:
                self._old, self._young, self._size = self._young, {}, 0

    def refresh(self, catalogue: Catalogue, now: datetime, monotonic: float) -> None:
        """Drop what changed since the last look; the first look only finds out where the changes stand."""
        if monotonic - self._polled < POLL_SECONDS or not self._lock.acquire(blocking=False):
            return
        try:
            first = self._since is None
            self._since = self._since or now - MARGIN
            changed = self._changed(catalogue)
            self._polled = monotonic
            if changed and not first:
                self._drop(changed)
        finally:
            self._lock.release()

    def _changed(self, catalogue: Catalogue) -> set[str]:
        found: set[str] = set()
        while page := catalogue.changes(after=self._last_change, since=self._since, limit=PAGE):
            found |= {change.cluster for change in page}
            self._last_change = page[-1].number
        return found

    def _drop(self, changed: set[str]) -> None:
        self._generation += 1
        self._young, self._old = _without(self._young, changed), _without(self._old, changed)
        self._size = sum(len(data) for kept in self._young.values() for data in kept.values())


def _without(tables: dict[Look, Records], changed: set[str]) -> dict[Look, Records]:
    return {look: {c: data for c, data in kept.items() if c not in changed} for look, kept in tables.items()}
