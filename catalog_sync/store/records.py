"""Source records: kept byte for byte, with what stood before every change, so that a run can be rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Integer, Text, bindparam, delete, false, func, insert, literal, select, update

from catalog_sync.errors import StopEverything
from catalog_sync.marc import fingerprint
from catalog_sync.model import Dialect, RecordKey, SourceRecord
from catalog_sync.restocking import Restocked
from catalog_sync.store import described, digests, renamed
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_rows, plain_rows
from catalog_sync.store.packing import PackedBib, compress, decompress

COLUMNS = (
    t.record.c.id,
    t.record.c.source,
    t.record.c.local_id,
    t.record.c.digest,
    t.record.c.data,
    t.record.c.dialect,
    t.record.c.encoding,
    t.record.c.deleted,
    t.record.c.warnings,
)

CONTENT = ("digest", "data", "dialect", "encoding", "warnings")  # what a staged record brings
KEPT = ("digest", "data", "dialect", "encoding", "deleted", "warnings")  # of what stood before a run


class Known(NamedTuple):
    """What the store knows of a record without opening it."""

    local_id: str
    id: int
    digest: bytes
    deleted: bool
    dialect: str = ""
    encoding: str = ""

    def has(self, record: SourceRecord) -> bool:
        """Whether this very record is published, whatever day its 005 names."""
        if len(self.digest) == fingerprint.LENGTH:
            return not self.deleted and self.digest == record.digest
        return not self.deleted and fingerprint.is_of(self.digest, record.data)


def known(connection: Connection, source: str, local_ids: Iterable[str]) -> dict[str, Known]:
    """Local id → what is published under it, tombstones included; without those that are new."""
    query = select(*(t.record.c[name] for name in Known._fields)).where(t.record.c.source == source)
    found: dict[str, Known] = {}
    for some in chunks(sorted(local_ids)):
        rows = connection.execute(query.where(t.record.c.local_id.in_(some)))
        found |= {known.local_id: known for known in map(Known._make, rows)}
    return found


def live_ids(connection: Connection, source: str) -> list[int]:
    """Database ids of a source's live records, in order."""
    query = select(t.record.c.id).where(t.record.c.source == source, t.record.c.deleted.is_(False))
    return list(connection.execute(query.order_by(t.record.c.id)).scalars())


def live_count(connection: Connection, source: str | None = None) -> int:
    query = select(func.count()).select_from(t.record).where(t.record.c.deleted.is_(False))
    if source is not None:
        query = query.where(t.record.c.source == source)
    return connection.execute(query).scalar_one()


def find(connection: Connection, key: RecordKey) -> tuple[int, SourceRecord] | None:
    """(database id, record) of a key, tombstones included."""
    row = connection.execute(
        select(*COLUMNS).where(t.record.c.source == key.source, t.record.c.local_id == key.local_id)
    ).first()
    return (row.id, _record(row)) if row else None


def ids_of(connection: Connection, keys: Iterable[RecordKey]) -> dict[RecordKey, int]:
    """Database ids of the keys that are there."""
    wanted: dict[str, list[str]] = {}
    for key in keys:
        wanted.setdefault(key.source, []).append(key.local_id)
    found: dict[RecordKey, int] = {}
    for source, locals_ in wanted.items():
        for some in chunks(locals_):
            rows = connection.execute(
                select(t.record.c.id, t.record.c.local_id).where(
                    t.record.c.source == source, t.record.c.local_id.in_(some)
                )
            )
            found |= {RecordKey(source, row.local_id): row.id for row in rows}
    return found


def keys_of(connection: Connection, ids: Iterable[int]) -> dict[int, RecordKey]:
    c = t.record.c
    rows = plain_rows(connection, select(c.id, c.source, c.local_id), c.id, ids)
    return {id_: RecordKey(source, local_id) for id_, source, local_id in rows}


def heads(connection: Connection, ids: Iterable[int]) -> dict[int, tuple[RecordKey, bool]]:
    """Key of each record, and whether it is a tombstone; in id order."""
    c = t.record.c
    rows = plain_rows(connection, select(c.id, c.source, c.local_id, c.deleted).order_by(c.id), c.id, ids)
    return {id_: (RecordKey(source, local_id), bool(deleted)) for id_, source, local_id, deleted in rows}


def load(connection: Connection, ids: Iterable[int]) -> Iterator[tuple[int, SourceRecord]]:
    """(id, record) for database ids, in id order."""
    for some in chunks(sorted(ids)):
        rows = connection.execute(select(*COLUMNS).where(t.record.c.id.in_(some)).order_by(t.record.c.id))
        yield from ((row.id, _record(row)) for row in rows)


def sound_and_damaged(connection: Connection, *, batch: int = 1000) -> tuple[list[int], set[int]]:
    """Ids of live records: in order those whose bytes are what their digest says, and those whose are not."""
    sound: list[int] = []
    damaged: set[int] = set()
    last, c = 0, t.record.c
    query = select(c.id, c.digest, c.data).where(c.deleted.is_(False)).order_by(c.id).limit(batch)
    while rows := connection.execute(query.where(c.id > last)).all():
        last = rows[-1].id
        whole = {row.id for row in rows if _is_whole(row.data, row.digest)}
        sound += sorted(whole)
        damaged.update(row.id for row in rows if row.id not in whole)
    return sound, damaged


def damaged_before(connection: Connection, *, batch: int = 1000) -> set[int]:
    """Ids of records of which what a roll-back would put back is not what its digest says."""
    c = t.record_change.c
    last = t.record_change.join(t.source, t.source.c.published_run == c.run)  # no other run can be taken back
    kept = select(c.record, c.digest, c.data).select_from(last).where(c.data.is_not(None))
    rows = connection.execute(kept.execution_options(yield_per=batch))
    return {row.record for row in rows if not _is_whole(row.data, row.digest or b"")}


def _is_whole(packed: bytes, digest: bytes) -> bool:
    try:
        data = decompress(packed)
    except StopEverything:
        return False
    return fingerprint.is_of(digest, data)


def live(connection: Connection, *, batch: int = 1000) -> Iterator[list[tuple[int, SourceRecord]]]:
    """All live records in id order, `batch` at a time, so that memory stays bounded."""
    last = 0
    while True:
        rows = connection.execute(
            select(*COLUMNS)
            .where(t.record.c.id > last, t.record.c.deleted.is_(False))
            .order_by(t.record.c.id)
            .limit(batch)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        yield [(row.id, _record(row)) for row in rows]


def renew_digests(connection: Connection, *, batch: int = 1000) -> None:
    """Digests of an earlier version as this one computes them; one that is not of the bytes stays, `check` names it."""
    last, c = 0, t.record.c
    earlier = func.length(c.digest) != fingerprint.LENGTH
    query = select(c.id, c.digest, c.data).where(earlier).order_by(c.id).limit(batch)
    anew = update(t.record).where(c.id == bindparam("one")).values(digest=bindparam("now"))
    while rows := connection.execute(query.where(c.id > last)).all():
        last = rows[-1].id
        true = [row for row in rows if _is_whole(row.data, row.digest)]
        if true:
            connection.execute(anew, [{"one": r.id, "now": fingerprint.digest(decompress(r.data))} for r in true])


def _record(row: Any) -> SourceRecord:
    return SourceRecord(
        source=row.source,
        local_id=row.local_id,
        data=decompress(row.data),
        digest=row.digest,
        dialect=Dialect(row.dialect),
        encoding=row.encoding,
        deleted=row.deleted,
        warnings=tuple(row.warnings or ()),
    )


# --- the stage -------------------------------------------------------------------------------------------------------


def stage(
    connection: Connection, run: int, records: Sequence[tuple[SourceRecord, PackedBib]], known_ids: Mapping[str, Known]
) -> None:
    """Put new and changed records of a run, and what they say, aside until it is published.

    The same bytes read otherwise are «reread».
    """
    rows = [
        {
            "run": run,
            "local_id": record.local_id,
            "action": _action(record, known_ids.get(record.local_id)),
            "digest": record.digest,
            "data": compress(record.data),
            "dialect": record.dialect.value,
            "encoding": record.encoding,
            "warnings": record.warnings,
            "described": said.dump(),
        }
        for record, said in records
    ]
    insert_rows(connection, t.stage, rows)


def _action(record: SourceRecord, known: Known | None) -> str:
    if known is None:
        return "new"
    return "reread" if known.has(record) else "changed"


def stage_gone(connection: Connection, run: int, local_ids: Sequence[str]) -> None:
    insert_rows(connection, t.stage, [{"run": run, "local_id": x, "action": "gone"} for x in local_ids])


def unstage(connection: Connection, run: int, local_ids: Sequence[str] | None = None) -> None:
    """Forget what a run staged: all of it, or what it staged under these numbers."""
    everything = delete(t.stage).where(t.stage.c.run == run)
    if local_ids is None:
        connection.execute(everything)
        return
    for some in chunks(local_ids):
        connection.execute(everything.where(t.stage.c.local_id.in_(some)))


def staged(connection: Connection, run: int, action: str, limit: int | None = None) -> list[Any]:
    """Rows by local id; a number that is gone is no record gone where another number has it."""
    c = t.stage.c
    query = select(t.stage).where(c.run == run, c.action == action).order_by(c.local_id)
    if action == "gone":
        query = query.where(c.local_id.not_in(select(c.former).where(c.run == run, c.former.is_not(None))))
    return list(connection.execute(query.limit(limit) if limit else query))


def staged_record(source: str, row: Any) -> SourceRecord:
    """A staged row as the record it will be."""
    return SourceRecord(
        source,
        row.local_id,
        decompress(row.data),
        row.digest,
        Dialect(row.dialect),
        row.encoding,
        False,
        tuple(row.warnings or ()),
    )


# The stage becomes the published state inside the database. Statements are made once: a night has many sources.
_RUN, _SOURCE = bindparam("of_run", type_=Integer), bindparam("of_source", type_=Text)
_NOW = bindparam("at", type_=t.Moment)
_THERE = t.record.alias("there")
# Id of the record that stands where a staged one goes. In a subquery and not in the join itself: SQLite would walk
# through all records of the source for a few staged ones.
_PLACE = (
    select(_THERE.c.id)
    .where(_THERE.c.source == _SOURCE, _THERE.c.local_id == t.stage.c.local_id)
    .correlate(t.stage)
    .scalar_subquery()
)
_OF_RUN = t.stage.c.run == _RUN
_STAGED = select(*(t.stage.c[name] for name in ("local_id", "action", "dialect", "encoding", "digest"))).where(_OF_RUN)
_WITH_PLACE = t.stage.join(t.record, t.record.c.id == _PLACE)
_PLACED = select(t.record.c.id).select_from(_WITH_PLACE).where(_OF_RUN)
_SAYS = _PLACED.add_columns(t.stage.c.described)
_SAYS_AND_SAID, _KEEP_SAYS = described.now_and_before(_SAYS), described.keeping(_SAYS)
_REMEMBER = insert(t.record_change).from_select(
    ["run", "record", "action", *KEPT],
    select(t.stage.c.run, t.record.c.id, t.stage.c.action, *(t.record.c[name] for name in KEPT))
    .select_from(_WITH_PLACE)
    .where(_OF_RUN),
)
_REMEMBER_NEW = insert(t.record_change).from_select(
    ["run", "record", "action"],
    _PLACED.with_only_columns(_RUN, t.record.c.id, literal("new")).where(
        t.record.c.id.not_in(select(t.record_change.c.record).where(t.record_change.c.run == _RUN))
    ),
)
_TAKE_PLACE = update(t.record).where(_OF_RUN, t.record.c.id == _PLACE, t.record.c.local_id == t.stage.c.local_id)
_IS_GONE = t.stage.c.action == "gone"
_BURY = _TAKE_PLACE.where(_IS_GONE).values(deleted=True, last_run=_RUN, changed=_NOW)
_REPLACE = _TAKE_PLACE.where(~_IS_GONE).values(
    deleted=False, last_run=_RUN, changed=_NOW, **{name: t.stage.c[name] for name in CONTENT}
)
_ADD = insert(t.record).from_select(
    ["source", "local_id", *CONTENT, "last_run", "changed", "first_run", "first_seen", "deleted"],
    select(_SOURCE, t.stage.c.local_id, *(t.stage.c[name] for name in CONTENT), _RUN, _NOW, _RUN, _NOW, false())
    .where(_OF_RUN, ~_IS_GONE, _PLACE.is_(None))
    .order_by(t.stage.c.local_id),
)


def publish_stage(
    connection: Connection, run: int, source: str, now: datetime
) -> tuple[list[int], dict[int, Restocked], set[int]]:
    """Make the stage of a run the published state; keep what stood before.

    Returns touched record ids, in id order, those of them of which only copies changed, and those under other numbers.
    """
    given = {"of_run": run, "of_source": source, "at": now}
    rows = connection.execute(_STAGED, given).all()
    if not rows:
        return [], {}, set()
    former = renamed.follow(connection, run, source) if any(row.action == "renamed" for row in rows) else {}
    digests.follow(connection, source, rows)
    for statement in (_REMEMBER, _BURY, _REPLACE, _ADD):
        connection.execute(statement, given)
    renamed.remember(connection, run, former)
    touched = list(connection.execute(_PLACED.order_by(t.record.c.id), given).scalars())
    connection.execute(_REMEMBER_NEW, given)
    restocked = described.restocked(connection, _SAYS_AND_SAID, given)
    described.follow(connection, _KEEP_SAYS, given, touched)
    unstage(connection, run)
    return touched, restocked, set(former)


def reread_by(connection: Connection, run: int) -> set[int]:
    """Ids of the records whose bytes a published run left alone and read otherwise."""
    c = t.record_change.c
    return set(connection.execute(select(c.record).where(c.run == run, c.action == "reread")).scalars())


def reread(connection: Connection, run: int, limit: int) -> list[tuple[SourceRecord, SourceRecord]]:
    """Some of them as they were read before and as they are read now."""
    c = t.record_change.c
    query = select(c.record, c.dialect, c.encoding).where(c.run == run, c.action == "reread")
    before = {row.record: row for row in connection.execute(query.order_by(c.record).limit(limit))}
    return [
        (replace(now, dialect=Dialect(before[id_].dialect), encoding=before[id_].encoding), now)
        for id_, now in load(connection, before)
    ]


def roll_back(connection: Connection, run: int, now: datetime) -> tuple[list[int], set[int]]:
    """Put back what stood before a run: new records become tombstones. Returns touched ids, and those named anew."""
    rows = connection.execute(select(t.record_change).where(t.record_change.c.run == run)).all()
    fresh = [row.record for row in rows if row.action == "new"]
    for some in chunks(fresh):
        connection.execute(update(t.record).where(t.record.c.id.in_(some)).values(deleted=True, changed=now))
    back = [
        {
            "key": row.record,
            "digest": row.digest,
            "data": row.data,
            "dialect": row.dialect,
            "encoding": row.encoding,
            "deleted": row.deleted,
            "warnings": row.warnings,
            "changed": now,
        }
        for row in rows
        if row.action != "new"
    ]
    if back:
        connection.execute(update(t.record).where(t.record.c.id == bindparam("key")), back)
    named = renamed.take_back(connection, run)
    connection.execute(delete(t.record_change).where(t.record_change.c.run == run))
    described.forget(connection, [row.record for row in rows])
    for source in {key.source for key in keys_of(connection, [row.record for row in rows]).values()}:
        digests.forget(connection, source)
    return sorted(row.record for row in rows), named
