"""The records behind the counts of the catalogue itself, page by page: what catalogue_state counts, these list."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, String, cast, func, literal, select

from catalog_sync.model import RecordKey
from catalog_sync.store import unions
from catalog_sync.store.catalogue_state import has_warnings, last_runs, twin
from catalog_sync.store.tables import holding, library, member, record, run, set_aside, source


@dataclass(frozen=True, slots=True)
class Row:
    """One record, or one edition of a library; `note` is what is wrong with it, where that is what was counted."""

    id: int
    library: str
    record: RecordKey | None
    cluster: str
    note: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which records: of some libraries or of one base; of the schools where nothing is said."""

    libraries: Sequence[str] = ()
    source: str = ""

    def admits(self) -> list[Any]:
        if self.source:
            return [record.c.source == self.source]
        return [source.c.library.in_(self.libraries)] if self.libraries else [library.c.kind == "school"]


def page(connection: Connection, name: str, scope: Scope, after: int, limit: int) -> list[Row]:
    """The next rows after an id; fewer than `limit` at the end."""
    asked = QUESTIONS[name](scope).subquery()
    query = select(asked).where(asked.c.id > after).order_by(asked.c.id).limit(limit)
    rows = connection.execute(query).all()
    titles = {one.cluster: one.bib.title for one in unions.load(connection, sorted({r.cluster for r in rows} - {""}))}
    return [
        Row(row.id, row.library, RecordKey(row.source, row.local_id) if row.local_id else None, row.cluster,
            _note(row.note), titles.get(row.cluster, ""))
        for row in rows
    ]  # fmt: skip


def total(connection: Connection, name: str, scope: Scope) -> int:
    asked = QUESTIONS[name](scope).subquery()
    return int(connection.execute(select(func.count()).select_from(asked)).scalar() or 0)


def _note(text: str) -> str:
    """Warnings are a JSON list of sentences, whose Russian letters the database keeps as escapes."""
    return "; ".join(json.loads(text)) if text.startswith('["') else text


def _rows(note: Any = None, everything: bool = False) -> Select[Any]:
    """(id, library, source, local_id, cluster, note) of the records with an edition, or of `everything` live."""
    cluster = func.coalesce(member.c.cluster, "").label("cluster")
    note = literal("") if note is None else note
    query = select(
        record.c.id.label("id"), source.c.library, record.c.source, record.c.local_id, cluster, note.label("note")
    ).select_from(record)
    query = query.join(member, member.c.record == record.c.id, isouter=everything)
    query = query.join(source, source.c.code == record.c.source).join(library, library.c.code == source.c.library)
    return query.where(record.c.deleted.is_(False)) if everything else query


def _of_base(scope: Scope) -> Select[Any]:
    return _rows(everything=True).where(*scope.admits())


def _records(scope: Scope) -> Select[Any]:
    return _rows().where(*scope.admits())


def _editions(scope: Scope) -> Select[Any]:
    first = _rows().where(*scope.admits()).with_only_columns(func.min(record.c.id)).group_by(member.c.cluster)
    return _rows().where(record.c.id.in_(first))


def _shared(scope: Scope) -> Select[Any]:
    return _rows().where(*scope.admits(), source.c.active, twin(elsewhere=True))


def _doubles(scope: Scope) -> Select[Any]:
    return _rows().where(*scope.admits(), source.c.active, twin(elsewhere=False))


def _warned(scope: Scope) -> Select[Any]:
    return _rows(cast(record.c.warnings, String), everything=True).where(*scope.admits(), has_warnings())


def _set_aside(scope: Scope) -> Select[Any]:
    """What the last published run of a base could not read."""
    last = last_runs().subquery()
    return (
        select(
            set_aside.c.number.label("id"), source.c.library, run.c.source, literal("").label("local_id"),
            literal("").label("cluster"), set_aside.c.reason.label("note"),
        )
        .join(run, run.c.number == set_aside.c.run)
        .join(last, last.c.number == run.c.number)
        .join(source, source.c.code == run.c.source)
        .where(run.c.source == scope.source)
    )  # fmt: skip


def _open_links(scope: Scope) -> Select[Any]:
    """Editions that are an open resource, each once in the libraries asked."""
    linked = _rows().join(holding, holding.c.record == record.c.id).where(holding.c.ekind == "open_link")
    chosen = linked.where(*scope.admits()).with_only_columns(func.min(record.c.id)).group_by(member.c.cluster)
    return _rows().where(record.c.id.in_(chosen))


QUESTIONS: dict[str, Callable[[Scope], Select[Any]]] = {
    "base": _of_base, "records": _records, "editions": _editions, "shared": _shared, "doubles": _doubles,
    "warned": _warned, "set-aside": _set_aside, "open-links": _open_links,
}  # fmt: skip
