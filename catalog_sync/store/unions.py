"""Union records, their holdings and their changes, as the store keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, func, select

from catalog_sync.errors import StopEverything
from catalog_sync.facets import year
from catalog_sync.model import Category, RecordKey, SourceRecord, UnionRecord
from catalog_sync.query import Change, LibraryHoldings
from catalog_sync.store import records
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, plain_rows, upsert
from catalog_sync.store.packing import pack_union, unpack_holdings, unpack_union

_SECOND = timedelta(seconds=1)
REDIRECT_STEPS = 50  # merges in a row behind one old link; a longer chain is a fault of ours, not a reader's wait
KIND_NAMES = {
    Category.TEXTBOOK: "Учебники",
    Category.STUDY_AID: "Учебные пособия",
    Category.FICTION: "Художественная литература",
    Category.REFERENCE: "Справочный материал",
    Category.OTHER: "Прочее",
}


def save(connection: Connection, unions: Iterable[UnionRecord]) -> None:
    rows = [{"cluster": u.cluster, "data": pack_union(u), "year": year(u.bib)} for u in unions]
    upsert(connection, t.union_record, rows)


def forget(connection: Connection, clusters: Sequence[str]) -> None:
    for some in chunks(clusters):
        connection.execute(delete(t.union_record).where(t.union_record.c.cluster.in_(some)))


def load(connection: Connection, clusters: Sequence[str]) -> list[UnionRecord]:
    """Union records in the order asked; those that are gone are left out."""
    c = t.union_record.c
    rows = plain_rows(connection, select(c.cluster, c.data), c.cluster, set(clusters))
    found = {cluster: unpack_union(data) for cluster, data in rows}
    return [found[cluster] for cluster in clusters if cluster in found]


def stored(
    connection: Connection, clusters: Sequence[str]
) -> Iterator[tuple[str, UnionRecord | None, int | None]]:
    """(cluster, union record, year kept beside it); None for a union record that is damaged."""
    c = t.union_record.c
    for cluster, data, printed in plain_rows(connection, select(c.cluster, c.data, c.year), c.cluster, clusters):
        try:
            yield cluster, unpack_union(data), printed
        except StopEverything:
            yield cluster, None, printed


def created(connection: Connection, clusters: Sequence[str]) -> dict[str, datetime]:
    """When each cluster came into the union."""
    found: dict[str, datetime] = {}
    for some in chunks(list(clusters)):
        rows = connection.execute(select(t.cluster.c.id, t.cluster.c.created).where(t.cluster.c.id.in_(some)))
        found |= {row.id: row.created for row in rows}
    return found


def redirect(connection: Connection, cluster: str) -> str:
    """Where an old id lives now, following merges; "" where it never was, or nothing is left of it."""
    for _ in range(REDIRECT_STEPS):
        row = connection.execute(select(t.cluster).where(t.cluster.c.id == cluster)).first()
        if row is None:
            return ""
        if row.size:
            return str(row.id)
        cluster = row.redirect
    return ""


def members(connection: Connection, cluster: str, limit: int) -> list[SourceRecord]:
    """The first source records of a cluster: in the union record's order, best first."""
    keys = [key for union in load(connection, [cluster]) for key in union.members[:limit]]
    ids = records.ids_of(connection, keys)
    found = {record.key: record for _, record in records.load(connection, ids.values())}
    return [found[key] for key in keys if key in found]


# Every page of hits asks this: a statement made once is compiled once.
_HOLDINGS = (
    select(
        t.member.c.cluster, t.holding.c.library,
        func.coalesce(t.library.c.name, t.holding.c.library).label("name"),
        t.record.c.source, t.record.c.local_id, t.holding.c.data,
    )
    .select_from(t.member)
    .join(t.holding, t.holding.c.record == t.member.c.record)
    .join(t.record, t.record.c.id == t.member.c.record)
    .outerjoin(t.library, t.library.c.code == t.holding.c.library)
    .where(t.member.c.cluster.in_(bindparam("clusters", expanding=True)))
    .order_by(t.member.c.cluster, "name", t.record.c.source, t.record.c.local_id)
)  # fmt: skip


def holdings(connection: Connection, clusters: Sequence[str]) -> dict[str, list[LibraryHoldings]]:
    """Cluster → what each library has of it, libraries by name."""
    grouped: dict[str, dict[str, list[_Held]]] = {}
    for some in chunks(list(clusters)):
        for cluster, *held in connection.execute(_HOLDINGS, {"clusters": some}).all():
            grouped.setdefault(cluster, {}).setdefault(held[0], []).append(held)
    return {cluster: [_library(some) for some in by_library.values()] for cluster, by_library in grouped.items()}


_Held = Sequence[Any]  # a row of _HOLDINGS less its cluster


def _library(rows: Sequence[_Held]) -> LibraryHoldings:
    copies, calls, siglas, keys = 0, [], [], []
    for _, _, source, local_id, data in rows:
        packed = unpack_holdings(data)
        calls.append(packed.call_number)
        siglas.append(packed.sigla)
        keys.append(RecordKey(source, local_id))
        for item in packed.items:
            calls.append(item.call_number)
            if item.withdrawn is None:
                copies += item.copies
                siglas.append(item.sigla)
    library, name, *_ = rows[0]
    return LibraryHoldings(library, name, copies, _distinct(calls), _distinct(siglas), tuple(keys))


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, values)))


# --- changes, for OAI-PMH and feeds ----------------------------------------------------------------------------------


def changes(
    connection: Connection, *, after: int, since: datetime | None, until: datetime | None, oai_set: str, limit: int,
    after_cluster: str | None = None,
) -> list[Change]:  # fmt: skip
    """Latest change of each cluster, numbered above `after`; with `after_cluster`, by cluster and from there on.

    Asked of one set, a cluster that left it is a deletion there, whatever it is elsewhere.
    """
    c = t.cluster_change.c
    key, start = (c.number, after) if after_cluster is None else (c.cluster, after_cluster)
    conditions = [key > start, c.number > after]
    if since is not None:
        conditions.append(c.when >= since)
    if until is not None:
        # A moment keeps microseconds, the protocol whole seconds: «until 12:00:00» includes that whole second.
        conditions.append(c.when < until.replace(microsecond=0).astimezone(UTC) + _SECOND)
    found: list[Change] = []
    while len(found) < limit:
        rows = connection.execute(
            select(t.cluster_change).where(and_(*conditions)).order_by(key).limit(limit)
        ).all()
        found += [
            _change(r, oai_set) for r in rows if not oai_set or oai_set in r.sets or oai_set in r.left_sets
        ]
        if len(rows) < limit or not oai_set:
            break
        conditions[0] = key > (rows[-1].number if after_cluster is None else rows[-1].cluster)
    return found[:limit]


def change(connection: Connection, cluster: str) -> Change | None:
    """Latest change of one cluster."""
    row = connection.execute(select(t.cluster_change).where(t.cluster_change.c.cluster == cluster)).first()
    return None if row is None else _change(row)


def _change(row: Any, oai_set: str = "") -> Change:
    if oai_set and oai_set not in row.sets:
        return Change(row.number, row.cluster, row.when, True, (oai_set,))
    return Change(row.number, row.cluster, row.when, row.deleted, tuple(row.sets))


def earliest_change(connection: Connection) -> datetime | None:
    return connection.execute(select(func.min(t.cluster_change.c.when))).scalar()


def oai_sets(connection: Connection) -> list[tuple[str, str]]:
    libraries = connection.execute(select(t.library.c.code, t.library.c.name).order_by(t.library.c.code))
    sources = connection.execute(select(t.source.c.code, t.source.c.name).order_by(t.source.c.code))
    return [
        *((f"library:{row.code}", row.name) for row in libraries),
        *((f"kind:{category.value}", name) for category, name in KIND_NAMES.items()),
        *((f"source:{row.code}", row.name or row.code) for row in sources),
    ]


def sets_of(union: UnionRecord, libraries: Iterable[str]) -> list[str]:
    """OAI-PMH sets a union record belongs to."""
    kind = [f"kind:{union.classified.category.value}"] if union.classified else []
    sources = sorted({key.source for key in union.members})
    return [*(f"library:{code}" for code in sorted(set(libraries))), *kind, *(f"source:{code}" for code in sources)]
