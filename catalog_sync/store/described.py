"""What live records say, kept packed: uniting an edition reads no bytes of its records again. Derived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Insert, Select, delete, insert, select

from catalog_sync.errors import StopEverything
from catalog_sync.model import BibRecord
from catalog_sync.restocking import Restocked
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, plain_rows, upsert
from catalog_sync.store.packing import PackedBib, unpack_bib

AT_ONCE = 1_000  # descriptions read together, a kilobyte each


def packed(connection: Connection, ids: Iterable[int]) -> dict[int, PackedBib]:
    """Descriptions by record id; without those nobody kept, or another version of the program packed."""
    found: dict[int, PackedBib] = {}
    c = t.described.c
    for id_, data in plain_rows(connection, select(c.record, c.data), c.record, ids):
        packed = unpack_bib(data)
        if packed is not None:
            found[id_] = packed
    return found


def load(connection: Connection, ids: Iterable[int], *, bare: bool = False) -> dict[int, BibRecord]:
    """The same unpacked, without damaged ones; of descriptions typed alike what they say is one value.

    `bare`: without holdings, where nobody asks for them.
    """
    alike: dict[bytes, Any] = {}
    found: dict[int, BibRecord] = {}
    for id_, kept in packed(connection, ids).items():
        with suppress(StopEverything):
            found[id_] = kept.bib(alike, bare=bare)
    return found


def untrue(connection: Connection, bibs: Mapping[int, BibRecord]) -> list[int]:
    """Records of which another description is kept, a damaged one, or one of no shape that this program packs."""
    c = t.described.c
    kept = {id_ for (id_,) in plain_rows(connection, select(c.record), c.record, bibs)}
    told = load(connection, kept)
    return sorted(id_ for id_ in kept if told.get(id_) != bibs[id_])


def save(connection: Connection, bibs: Mapping[int, BibRecord]) -> None:
    upsert(connection, t.described, [{"record": id_, "data": PackedBib.of(bib).dump()} for id_, bib in bibs.items()])


def now_and_before(placed: Select[Any]) -> Select[Any]:
    """Of `placed`, (id, description) of staged records, those that replace others, with the former description."""
    before = t.described.alias("before")
    both = placed.add_columns(before.c.data).join(before, before.c.record == t.record.c.id)
    return both.where(t.stage.c.action.in_(("changed", "reread"))).execution_options(yield_per=AT_ONCE)


def restocked(connection: Connection, replacing: Select[Any], given: Mapping[str, Any]) -> dict[int, Restocked]:
    """Of the rows of `now_and_before`, records of which only copies changed.

    To be asked before `follow`. One whose former description another version packed is not among them.
    """
    found: dict[int, Restocked] = {}
    for id_, *packed in connection.execute(replacing, given):
        now, was = (unpack_bib(data) if data else None for data in packed)
        if now and was and (one := only_copies(was, now)):
            found[id_] = one
    return found


def only_copies(before: PackedBib, now: PackedBib) -> Restocked | None:
    """None where more than copies and the day differ."""
    if before.said != now.said:
        return None
    (_, _, day, warned), (key, _, today, warnings) = before.own_values(), now.own_values()
    return Restocked(key, day, today) if warned == warnings else None


def keeping(placed: Select[Any]) -> Insert:
    """The statement that keeps what was packed for records when they were staged: rows of `placed`."""
    return insert(t.described).from_select(["record", "data"], placed.where(t.stage.c.described.is_not(None)))


def follow(connection: Connection, keep: Insert, given: Mapping[str, Any], ids: Sequence[int]) -> None:
    """Records `ids` say now what `keeping` keeps."""
    forget(connection, ids)
    connection.execute(keep, given)


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Of records whose bytes are others now, or that are gone."""
    for some in chunks(ids):
        connection.execute(delete(t.described).where(t.described.c.record.in_(some)))
