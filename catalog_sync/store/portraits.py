"""What matching sees of the live records: portraits, each kept once however many records have it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from catalog_sync.errors import Refused, StopEverything
from catalog_sync.matching.features import Features
from catalog_sync.store import tables as t
from catalog_sync.store.database import chunks, insert_rows, plain_rows, upsert

LAST_NUMBER = "portrait"  # in `meta`: the highest number that was ever given


class Sight(NamedTuple):
    """What matching sees of a record, packed, and the digest that tells it from all others.

    A tenth of what Features take in memory, and a record typed like one before needs nothing more.
    """

    digest: bytes
    data: bytes

    @classmethod
    def of(cls, features: Features) -> Sight:
        data = features.pack()
        return cls(blake2b(data, digest_size=16).digest(), data)

    def features(self) -> Features:
        return Features.unpack(self.data)


@dataclass(frozen=True, slots=True)
class Moved:
    """What a change of records came to: those whose portrait is another or none now, and which portraits that concerns.

    `fresh` are portraits nobody had before; `dead` ones, their rows gone, nobody has any more; `left` have others yet.
    """

    records: set[int] = field(default_factory=set)
    entered: set[int] = field(default_factory=set)
    left: set[int] = field(default_factory=set)
    fresh: dict[int, Features] = field(default_factory=dict)
    dead: dict[int, Features] = field(default_factory=dict)

    def __ior__(self, later: Moved) -> Moved:
        """This and what came of other records afterwards."""
        self.records.update(later.records)
        self.entered.update(later.entered)
        self.left.update(later.left)
        self.left.difference_update(later.dead)
        self.fresh.update(later.fresh)
        self.dead.update(later.dead)
        for number in later.dead:
            self.fresh.pop(number, None)
        return self


# --- change -----------------------------------------------------------------------------------------------------------


def place(connection: Connection, seen: Mapping[int, Sight], gone: Collection[int]) -> Moved:
    """Give records the portraits they have now, and take theirs from those that are `gone`.

    Blocks are behind by what comes of it, until `blocks.follow` is told.
    """
    before = of_records(connection, [*seen, *gone])
    sights = {sight.digest: sight for sight in seen.values()}
    numbers = _numbers(connection, sights)
    fresh_numbers = _allocate(connection, sorted(sights.keys() - numbers.keys()))
    numbers |= fresh_numbers
    fresh = {number: sights[digest].features() for digest, number in fresh_numbers.items()}
    rows = [{"number": n, "digest": digest, "data": sights[digest].data} for digest, n in fresh_numbers.items()]
    insert_rows(connection, t.portrait, rows)
    now = {id_: numbers[sight.digest] for id_, sight in seen.items()}
    moved = [id_ for id_, number in now.items() if before.get(id_) != number]
    upsert(connection, t.feature, [{"record": id_, "portrait": now[id_]} for id_ in moved])
    lost = [id_ for id_ in gone if id_ in before]
    for some in chunks(lost):
        connection.execute(delete(t.feature).where(t.feature.c.record.in_(some)))
    left = {before[id_] for id_ in (*moved, *lost) if id_ in before}
    dead = _bury(connection, left)
    return Moved({*moved, *lost}, {now[id_] for id_ in moved}, left - dead.keys(), fresh, dead)


def _numbers(connection: Connection, digests: Collection[bytes]) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for some in chunks(sorted(digests)):
        query = select(t.portrait.c.digest, t.portrait.c.number).where(t.portrait.c.digest.in_(some))
        found |= {bytes(digest): number for digest, number in connection.execute(query)}
    return found


def _allocate(connection: Connection, digests: Collection[bytes]) -> dict[bytes, int]:
    """Numbers for new portraits, never given before: refusals name portraits that may be gone.

    Only one process publishes at a time, so nobody else takes them meanwhile.
    """
    if not digests:
        return {}
    last = max(last_number(connection) or 0, _highest(connection))
    upsert(connection, t.meta, [{"key": LAST_NUMBER, "value": str(last + len(digests))}])
    return {digest: last + n for n, digest in enumerate(digests, 1)}


def last_number(connection: Connection) -> int | None:
    """The highest number that was ever given, as it is written down; None where it is not."""
    kept = connection.execute(select(t.meta.c.value).where(t.meta.c.key == LAST_NUMBER)).scalar()
    return int(kept) if kept and kept.isdecimal() else None


def _highest(connection: Connection) -> int:
    """Of the portraits there are."""
    return connection.execute(select(func.max(t.portrait.c.number))).scalar() or 0


def is_counting(connection: Connection) -> bool:
    """Whether new portraits will get numbers nobody had: for `check`."""
    return (last_number(connection) or 0) >= _highest(connection)


def _bury(connection: Connection, portraits: Collection[int]) -> dict[int, Features]:
    """Of these, the portraits no record has any more: their rows go; what they were is returned."""
    found = features(connection, set(portraits) - records(connection, portraits).keys())
    for some in chunks(sorted(found)):
        connection.execute(delete(t.portrait).where(t.portrait.c.number.in_(some)))
    return found


# --- questions --------------------------------------------------------------------------------------------------------


def of_records(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Record id → number of its portrait, for the live ones."""
    f = t.feature.c
    return dict(plain_rows(connection, select(f.record, f.portrait), f.record, ids))


def records(connection: Connection, portraits: Iterable[int]) -> dict[int, list[int]]:
    """Number → ids of the records that have the portrait, for those that somebody has."""
    found: dict[int, list[int]] = {}
    f = t.feature.c
    query = select(f.portrait, f.record).order_by(f.portrait, f.record)
    for number, record in plain_rows(connection, query, f.portrait, portraits):
        found.setdefault(number, []).append(record)
    return found


def everything(connection: Connection) -> set[int]:
    """Numbers of all portraits."""
    return set(connection.execute(select(t.portrait.c.number)).scalars())


def features(connection: Connection, portraits: Iterable[int]) -> dict[int, Features]:
    """Features by number. Refused where an earlier version of the program computed them; raises StopEverything where
    one is not there."""
    p, wanted = t.portrait.c, set(portraits)
    rows = plain_rows(connection, select(p.number, p.data), p.number, wanted)
    try:
        found = {number: Features.unpack(data) for number, data in rows}
    except ValueError as error:
        raise Refused(
            "каталог вычислен прежней версией программы; вычислите его заново: catalog-sync rebuild"
        ) from error
    if len(found) < len(wanted):
        raise StopEverything(
            f"в таблице portrait нет строк, на которые ссылаются записи: {len(wanted) - len(found)}; "
            "выполните catalog-sync rebuild"
        )
    return found


def features_of(connection: Connection, ids: Iterable[int]) -> dict[int, Features]:
    """Features by record id, for the live ones."""
    numbers = of_records(connection, ids)
    found = features(connection, set(numbers.values()))
    return {id_: found[number] for id_, number in numbers.items()}
