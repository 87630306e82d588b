"""Who changed what, when: one line per change, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from catalog_sync.store.tables import audit

SECRET = ("password", "stamp")  # never written down, not even as a hash


@dataclass(frozen=True, slots=True)
class Entry:
    number: int
    when: datetime
    who: str
    what: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """(field, before, after) of what is different."""
        names = dict.fromkeys([*self.before, *self.after])
        return [(n, self.before.get(n), self.after.get(n)) for n in names if self.before.get(n) != self.after.get(n)]


def note(
    connection: Connection, who: str, what: str, when: datetime, before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:  # fmt: skip
    """Add a line; `what` names the action and the thing: «библиотека school-01: изменена»."""
    values = {"when": when, "who": who, "what": what, "before": _plain(before), "after": _plain(after)}
    connection.execute(insert(audit).values(**values))


def latest(connection: Connection, *, limit: int = 100, before: int | None = None) -> list[Entry]:
    query = select(audit).order_by(audit.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.number < before)
    return [Entry(r.number, r.when, r.who, r.what, r.before or {}, r.after or {}) for r in connection.execute(query)]


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    return {k: _json(v) for k, v in (values or {}).items() if k not in SECRET}


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
