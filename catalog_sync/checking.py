"""Stored against computed: what `catalog-sync check` looks at. Reads only; sentences in Russian."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Select, Table, func, select

from catalog_sync import deriving, judgements_check, reclustering, unifying
from catalog_sync.errors import BadRecord, StopEverything
from catalog_sync.facets import year
from catalog_sync.ledger import posting
from catalog_sync.model import RecordKey, RunState
from catalog_sync.store import (
    blocks,
    derived,
    described,
    digests,
    links_check,
    portraits,
    records,
    registry,
    unions,
    values_check,
)
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks
from catalog_sync.store.ledger_check import booked_otherwise
from catalog_sync.store.ledger_check import check as check_ledger
from catalog_sync.store.ledger_tables import ledger_member

BATCH = 1000
UNCHECKED = "остальное не сверено: сначала исправьте названное и повторите catalog-sync check"
EXAMPLES = 3  # of one kind of problem named before «и ещё N»


def problems(connection: Connection) -> list[str]:
    """What is wrong, in sentences. What is damaged is named, and the rest is looked at without it."""
    if missing := links_check.missing_tables(connection):
        return [f"в базе нет таблиц: {', '.join(missing)}; {links_check.RESTORE}"]
    if unheld := list(values_check.unheld(connection)):
        return [*unheld, UNCHECKED]
    sound, damaged = records.sound_and_damaged(connection)
    severed = list(links_check.severed(connection))
    found = [*_tables(connection), *map(str, severed), *_runs(connection), *_bytes(connection, damaged)]
    if any(one.table in READ_TOGETHER for one in severed):
        return [*found, UNCHECKED]
    return [
        *found,
        *_records(connection, sound, damaged),
        *_named("дайджесты хранятся не те у источников", list(digests.untrue(connection))),
        *_judgements(connection),
        *_clusters(connection, damaged),
        *check_ledger(connection),
    ]


# Tables that are read side by side to compute anything: a row of one without its row in another ends that.
READ_TOGETHER = {table.name for table in (t.source, t.record, t.member, t.feature, t.holding, t.described)}


def _tables(connection: Connection) -> Iterator[str]:
    """Rows that must pair up, do."""
    whole = t.cluster.outerjoin(t.union_record)
    told = t.member.outerjoin(ledger_member, ledger_member.c.record == t.member.c.record)
    known = ledger_member.c.cluster
    unseen = t.portrait.outerjoin(t.feature, t.feature.c.portrait == t.portrait.c.number)
    target = t.cluster.alias()
    redirects = t.cluster.outerjoin(target, t.cluster.c.redirect == target.c.id)
    checks: list[tuple[str, Select[int]]] = [
        ("действующих записей без кластера", _lone(t.member)),
        ("действующих записей без признаков", _lone(t.feature)),
        ("действующих записей без сведений о наличии", _lone(t.holding)),
        ("признаков, которых нет ни у одной записи", _count(unseen, t.feature.c.record.is_(None))),
        ("удалённых записей в кластерах", _count(t.record.join(t.member), t.record.c.deleted)),
        ("кластеров без сводной записи", _count(whole, (t.cluster.c.size > 0) & t.union_record.c.cluster.is_(None))),
        ("сводных записей без кластера", _count(t.union_record.join(t.cluster), t.cluster.c.size == 0)),
        (
            "записей, которые журнал фонда считает в другом издании",
            _count(told, known.is_(None) | (known != t.member.c.cluster)),
        ),
        ("постоянных ссылок в никуда", _count(redirects, (t.cluster.c.redirect != "") & target.c.id.is_(None))),
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


COUNTED = (RunState.HELD, RunState.PUBLISHED, RunState.REJECTED, RunState.ROLLED_BACK)  # runs that read to the end


def _runs(connection: Connection) -> Iterator[str]:
    """Pieces read = kept + set aside, and what was set aside is there with its bytes.

    A tombstone is read and is neither, so that a run may have read more. Kept bytes read anew are no pieces.
    """
    c = t.run.c
    kept = select(t.set_aside.c.run, func.count().label("n")).group_by(t.set_aside.c.run).subquery()
    query = select(c.number, c.read, c.new + c.changed + c.unchanged + c.set_aside, c.set_aside, kept.c.n).select_from(
        t.run.outerjoin(kept, kept.c.run == c.number)
    )  # fmt: skip
    for number, read, sorted_out, promised, there in connection.execute(
        query.where(c.state.in_([state.value for state in COUNTED])).order_by(c.number)
    ):
        if read and sorted_out > read:
            yield f"сеанс № {number}: прочитано {read}, а принято и отложено вместе {sorted_out}"
        if promised != (there or 0):
            yield f"сеанс № {number}: отложено записей {promised}, а хранится {there or 0}"


@dataclass(slots=True)
class _Odd:
    """Keys of the records of which something is kept that their bytes do not say."""

    unread: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    features: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    holdings: list[str] = field(default_factory=list)
    books: list[str] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)  # portrait → in how many blocks it is


def _bytes(connection: Connection, damaged: Collection[int]) -> Iterator[str]:
    before = records.damaged_before(connection)
    for what, ids in (("байты", damaged), ("прежние байты (их вернул бы откат)", before)):
        yield from _named(f"{what} повреждены у записей", [str(k) for k in records.keys_of(connection, ids).values()])


def _records(connection: Connection, sound: Sequence[int], damaged: Collection[int]) -> Iterator[str]:
    """Descriptions, features, match keys and holdings of every live record, computed anew."""
    odd = _Odd()
    for ids in chunks(sound, BATCH):
        try:
            _compare(connection, ids, deriving.understand(connection, ids, anew=True), odd)
        except BadRecord as error:
            odd.unread.append(str(error))
    yield from _named("не читаются записи", odd.unread)
    yield from _named("описания хранятся не те у записей", odd.texts)
    yield from _named("признаки хранятся не те у записей", odd.features)
    yield from _named("ключи сопоставления хранятся не те у записей", odd.keys)
    if not (damaged or odd.unread or odd.features or odd.keys):  # else it is not known what belongs there
        surplus = blocks.places_taken(connection) - sum(odd.places.values())
        yield from [f"лишних мест в группах сопоставления: {surplus}"] if surplus else []
    yield from _named("сведения о наличии хранятся не те у записей", odd.holdings)
    yield from _named("в журнале фонда (catalog-sync explain) не столько экземпляров, сколько у записей", odd.books)


def _compare(connection: Connection, ids: Sequence[int], found: deriving.Understood, odd: _Odd) -> None:
    odd.texts += [str(found.keys[id_]) for id_ in described.untrue(connection, found.bibs)]
    stored, held = portraits.features_of(connection, ids), derived.held(connection, ids, damaged=set())
    computed = {id_: sight.features() for id_, sight in found.sights.items()}
    counted, numbers = derived.counted(connection, ids), portraits.of_records(connection, ids)
    seen = {numbers[id_]: features for id_, features in computed.items() if stored.get(id_) == features}
    outside = blocks.missing(connection, seen)
    due = {id_: posting.standing(holdings, classified) for id_, (_, holdings, classified) in found.held.items()}
    odd.books += [str(found.keys[id_]) for id_ in booked_otherwise(connection, due)]
    odd.places |= {number: blocks.places(features) for number, features in seen.items()}
    for id_, key in found.keys.items():
        if stored.get(id_) != computed[id_]:
            odd.features.append(str(key))
        elif numbers[id_] in outside:
            odd.keys.append(str(key))
        library, holdings, classified = found.held[id_]
        now = held.get(id_)
        same = now is not None and now.holdings == holdings and now.is_classified(classified)
        if not same or counted[id_] != (library, holdings.copies):
            odd.holdings.append(str(key))


def _named(what: str, found: list[str]) -> Iterator[str]:
    if found:
        rest = f" и ещё {len(found) - EXAMPLES}" if len(found) > EXAMPLES else ""
        yield f"{what}: {', '.join(found[:EXAMPLES])}{rest}"


def _judgements(connection: Connection) -> Iterator[str]:
    """What comparisons came to, and the counter that lets them name portraits by number."""
    try:
        odd = judgements_check.compare(connection)
    except StopEverything:  # what tells who is to be compared is damaged; that was named
        return
    yield from _named("сравнения хранятся не те у записей", _of_portraits(connection, odd.edges))
    yield from _named("отказы при сравнении хранятся не те у записей", _of_portraits(connection, odd.refusals))
    if odd.loose_edges:
        yield f"сравнений с признаками, которых нет: {odd.loose_edges}"
    yield from _named("переполненные группы сопоставления хранятся не те", sorted(odd.crowds))
    if not portraits.is_counting(connection):
        yield f"последний номер признаков потерян (таблица meta); {links_check.REBUILD}"


def _of_portraits(connection: Connection, numbers: Collection[int]) -> list[str]:
    """The first record of each."""
    first = [min(ids) for ids in portraits.records(connection, numbers).values()]
    return sorted(str(key) for key in records.keys_of(connection, first).values())


def _clusters(connection: Connection, damaged: Collection[int]) -> Iterator[str]:
    """The partition against the one computed from scratch, and every union record against its members united anew."""
    different = reclustering.differences(connection)
    yield from _named("кластеры не те, что получаются заново, у записей", different)
    query = select(t.member.c.cluster, t.record.c.id, t.record.c.source, t.record.c.local_id).join(t.record)
    members: dict[str, set[RecordKey]] = {}
    unreadable = set[str]()
    for cluster, id_, source, local_id in connection.execute(query):
        members.setdefault(cluster, set()).add(RecordKey(source, local_id))
        unreadable.update([cluster] if id_ in damaged else [])
    torn, wrong, other = [], [], []
    sources = {source.code: source for source in registry.sources(connection)}
    for some in chunks(sorted(members.keys() - unreadable), BATCH):
        made = {union.cluster: union for union in unifying.united(connection, some, sources)}
        for cluster, union, kept_year in unions.stored(connection, some):
            if union is None:
                torn.append(cluster)
            elif set(union.members) != members[cluster]:
                wrong.append(cluster)
            elif union != made[cluster] or kept_year != year(union.bib):
                other.append(cluster)
    yield from _named("сводные записи повреждены в кластерах", torn)
    yield from _named("сводные записи не из тех записей, в кластерах", wrong)
    yield from _named("сводные записи не те, что получаются заново, в кластерах", other)
    unsaid, undead = unifying.untold(connection)
    yield from _named("для OAI-PMH и лент записано не то о кластерах", sorted({*unsaid, *undead}))
