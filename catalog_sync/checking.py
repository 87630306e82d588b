"""Stored against computed: what `catalog-sync check` looks at. Reads only; sentences in Russian."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Select, Table, func, select

from catalog_sync import deriving, reclustering
from catalog_sync.errors import BadRecord
from catalog_sync.store import derived, described, digests, portraits, records, unions
from catalog_sync.store import tables as t
from catalog_sync.store.ledger_check import check as check_ledger

BATCH = 1000
EXAMPLES = 3  # of one kind of problem named before «и ещё N»


def problems(connection: Connection) -> list[str]:
    return [
        *_tables(connection),
        *_records(connection),
        *_named("дайджесты хранятся не те у источников", list(digests.untrue(connection))),
        *_clusters(connection),
        *check_ledger(connection),
    ]


def _tables(connection: Connection) -> Iterator[str]:
    """Rows that must pair up, do."""
    whole = t.cluster.outerjoin(t.union_record)
    checks: list[tuple[str, Select[int]]] = [
        ("действующих записей без кластера", _lone(t.member)),
        ("действующих записей без признаков", _lone(t.feature)),
        ("действующих записей без сведений о наличии", _lone(t.holding)),
        ("удалённых записей в кластерах", _count(t.record.join(t.member), t.record.c.deleted)),
        ("кластеров без сводной записи", _count(whole, (t.cluster.c.size > 0) & t.union_record.c.cluster.is_(None))),
        ("сводных записей без кластера", _count(t.union_record.join(t.cluster), t.cluster.c.size == 0)),
    ]
    for what, query in checks:
        count = connection.execute(query).scalar_one()
        if count:
            yield f"{what}: {count}"
    sizes = select(t.member.c.cluster, func.count().label("n")).group_by(t.member.c.cluster).subquery()
    wrong = select(func.count()).select_from(t.cluster.outerjoin(sizes, sizes.c.cluster == t.cluster.c.id)).where(
        t.cluster.c.size != func.coalesce(sizes.c.n, 0)
    )  # fmt: skip
    count = connection.execute(wrong).scalar_one()
    if count:
        yield f"кластеров с неверным числом записей: {count}"


def _lone(table: Table) -> Select[int]:
    """Live records with no row in `table`."""
    return _count(t.record.outerjoin(table), t.record.c.deleted.is_(False) & table.c.record.is_(None))


def _count(rows: object, condition: object) -> Select[int]:
    return select(func.count()).select_from(rows).where(condition)  # type: ignore[arg-type]


def _records(connection: Connection) -> Iterator[str]:
    """Descriptions, features and holdings of every live record, computed anew."""
    unread: list[str] = []
    features: list[str] = []
    holdings: list[str] = []
    texts: list[str] = []
    for batch in records.live(connection, batch=BATCH):
        ids = [id_ for id_, _ in batch]
        try:
            found = deriving.understand(connection, ids, anew=True)
        except BadRecord as error:
            unread.append(str(error))
            continue
        kept = described.load(connection, ids)
        texts += [str(kept[id_].key) for id_ in kept if kept[id_] != found.bibs[id_]]
        stored, held = portraits.features_of(connection, ids), derived.held(connection, ids)
        for id_, key in found.keys.items():
            if stored.get(id_) != found.features[id_]:
                features.append(str(key))
            now = held.get(id_)
            _, holdings_now, classified = found.held[id_]
            if now is None or now.holdings != holdings_now or not now.is_classified(classified):
                holdings.append(str(key))
    yield from _named("не читаются записи", unread)
    yield from _named("описания хранятся не те у записей", texts)
    yield from _named("признаки хранятся не те у записей", features)
    yield from _named("сведения о наличии хранятся не те у записей", holdings)


def _named(what: str, found: list[str]) -> Iterator[str]:
    if found:
        rest = f" и ещё {len(found) - EXAMPLES}" if len(found) > EXAMPLES else ""
        yield f"{what}: {', '.join(found[:EXAMPLES])}{rest}"


def _clusters(connection: Connection) -> Iterator[str]:
    """The partition against the one computed from scratch, and what the union records say of their members."""
    different = reclustering.differences(connection)
    yield from _named("кластеры не те, что получаются заново, у записей", different)
    wrong = []
    rows = connection.execute(select(t.member.c.cluster, t.record.c.source, t.record.c.local_id).join(t.record)).all()
    members: dict[str, set[tuple[str, str]]] = {}
    for row in rows:
        members.setdefault(row.cluster, set()).add((row.source, row.local_id))
    for some in _slices(sorted(members)):
        for union in unions.load(connection, some):
            if {(key.source, key.local_id) for key in union.members} != members[union.cluster]:
                wrong.append(union.cluster)
    yield from _named("сводные записи не из тех записей, в кластерах", wrong)


def _slices(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), BATCH):
        yield values[start : start + BATCH]
