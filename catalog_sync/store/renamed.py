"""Records that keep their place under another number: editions, books and librarians' words stay with them.

A number is a record's name, not its place: the row is named anew, and nothing that hangs on it has to move. The words
of librarians, which are kept by number, follow the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from catalog_sync.model import RecordKey
from catalog_sync.store import decisions, overrides
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_rows

Names = Mapping[str, str]  # local ids of one source: as they are and as they shall be
_BESIDE = "\x1f"  # begins no number: it ends subfields


def numbers(connection: Connection, run: int, action: str) -> list[str]:
    """Local ids that a run has staged with an action, in order."""
    c = t.stage.c
    query = select(c.local_id).where(c.run == run, c.action == action).order_by(c.local_id)
    return list(connection.execute(query).scalars())


def said(connection: Connection, run: int, local_ids: Sequence[str]) -> dict[str, bytes]:
    """What staged records say, packed, by local id."""
    c = t.stage.c
    query = select(c.local_id, c.described).where(c.run == run)
    found: dict[str, bytes] = {}
    for some in chunks(local_ids):
        found |= {row.local_id: row.described for row in connection.execute(query.where(c.local_id.in_(some)))}
    return found


def stage(connection: Connection, run: int, pairs: Sequence[tuple[str, str]]) -> None:
    """Remember of staged records that they are published under other local ids: (published, staged)."""
    c = t.stage.c
    statement = update(t.stage).where(c.run == run, c.local_id == bindparam("now"))
    rows = [{"now": now, "was": was} for was, now in pairs]
    connection.execute(statement.values(action="renamed", former=bindparam("was")), rows)


def formers(connection: Connection, run: int) -> dict[str, str]:
    """Local ids of the records a run has staged under others: published → staged."""
    c = t.stage.c
    query = select(c.former, c.local_id).where(c.run == run, c.action == "renamed")
    return {row.former: row.local_id for row in connection.execute(query)}


def follow(connection: Connection, run: int, source: str) -> dict[int, str]:
    """Name the published records as a run has staged them; returns the former local ids of those named anew, by id."""
    return _name(connection, source, formers(connection, run))


def remember(connection: Connection, run: int, former: Mapping[int, str]) -> None:
    """Keep the local ids that records had before a run."""
    rows = ({"run": run, "record": id_, "local_id": was} for id_, was in former.items())
    insert_rows(connection, t.former_number, rows)


def take_back(connection: Connection, run: int) -> set[int]:
    """Name records as they were named before a run; returns the ids of those named anew."""
    c = t.former_number.c
    query = select(t.record.c.source, t.record.c.local_id, c.local_id.label("former"))
    rows = connection.execute(query.join(t.former_number, c.record == t.record.c.id).where(c.run == run)).all()
    connection.execute(delete(t.former_number).where(c.run == run))
    return set(_name(connection, rows[0].source, {row.local_id: row.former for row in rows})) if rows else set()


def now(connection: Connection, key: RecordKey) -> RecordKey | None:
    """The key of the live record that was published under this one once."""
    c = t.former_number.c
    there = (c.local_id == key.local_id, t.record.c.source == key.source, t.record.c.deleted.is_(False))
    query = select(t.record.c.local_id).join(t.former_number, c.record == t.record.c.id).where(*there)
    found = connection.execute(query.order_by(c.run.desc()).limit(1)).scalar()
    return None if found is None else RecordKey(key.source, found)


def _name(connection: Connection, source: str, wanted: Names) -> dict[int, str]:
    """Name records anew, all at once; who stands under a name that another takes gets one that is left over."""
    if not wanted:
        return {}
    taken = set(wanted.values())
    ids = _ids(connection, source, taken.union(wanted))
    displaced = sorted(name for name in ids if name in taken and name not in wanted)
    names = {**wanted, **dict(zip(displaced, sorted(wanted.keys() - taken), strict=False))}
    moving = {ids[was]: (was, now) for was, now in names.items() if was in ids}
    place = update(t.record).where(t.record.c.id == bindparam("one")).values(local_id=bindparam("name"))
    for step in (_BESIDE, ""):  # a name is unique at every moment
        connection.execute(place, [{"one": id_, "name": step + now} for id_, (_, now) in moving.items()])
    decisions.follow(connection, source, names)
    overrides.follow(connection, source, names)
    return {id_: was for id_, (was, _) in moving.items()}


def _ids(connection: Connection, source: str, names: set[str]) -> dict[str, int]:
    c = t.record.c
    query = select(c.local_id, c.id).where(c.source == source)
    found: dict[str, int] = {}
    for some in chunks(sorted(names)):
        found |= {row.local_id: row.id for row in connection.execute(query.where(c.local_id.in_(some)))}
    return found
