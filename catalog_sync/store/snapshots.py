"""Quarterly snapshots: frozen figures, numbered, chained by digest and signed; later corrections are listed by name.

A snapshot is canonical JSON of every balance of its period, by library and class. Its digest covers the JSON and the
digest of the snapshot before it, so none can be changed or taken out unseen; the signature is HMAC-SHA256 with the
district's key. Nothing recomputes a snapshot in place: what came later is read from the ledgers behind its numbers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from catalog_sync.errors import Refused
from catalog_sync.store import coverage, leases
from catalog_sync.store.figures import Balance, Figures, Horizon, Selection, balances, horizon
from catalog_sync.store.ledger_tables import snapshot, stock_movement, title_movement
from catalog_sync.store.packing import compress, decompress
from catalog_sync.store.rollups import DISTRICT


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    number: int
    name: str
    start: date
    end: date
    made: datetime
    who: str
    digest: str
    signature: str
    previous: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    head: SnapshotHead
    horizon: Horizon
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Correction:
    """What the ledgers learnt about the period of a snapshot after it: one line per cause."""

    library: str
    unit: str  # copies | titles
    column: str
    amount: int
    cause: str
    recorded: date
    document: str = ""


def freeze(
    connection: Connection, name: str, start: date, end: date, *, now: datetime, today: date, who: str,
    key: bytes = b"", extra: Mapping[str, Any] | None = None,
) -> SnapshotHead:  # fmt: skip
    """Freeze the figures of a period. Raises Refused before its end: a quarter that still runs has no figures."""
    if today <= end:
        raise Refused(f"срез {name}: период кончается {end}, сегодня {today}; замораживают законченный период")
    at = horizon(connection)
    fresh = coverage.freshness(connection)
    scopes = (DISTRICT, *(one.library.code for one in fresh))
    figures = balances(connection, Selection(scopes=scopes), start, end)
    data = {
        "name": name,
        "start": start.isoformat(),
        "end": end.isoformat(),
        "coverage": {one.library.code: one.covers(end, today) for one in fresh
                     if one.library.kind == "school" and one.was_open(start)},
        "copies": _plain(figures, "copies"),
        "titles": _plain(figures, "titles"),
        **(extra or {}),
    }
    leases.one_publisher(connection)  # each names the digest of the one before
    last = connection.execute(select(snapshot.c.number, snapshot.c.digest).order_by(snapshot.c.number.desc())).first()
    number, previous = (last.number + 1, last.digest) if last else (1, "")
    digest = digest_of(data, previous)
    values: dict[str, Any] = {"number": number, "name": name, "start": start, "end": end, "made": now, "who": who}
    values |= {"movement": at.movement, "title_movement": at.title_movement, "data": compress(canonical(data))}
    values |= {"digest": digest, "signature": sign(digest, key), "previous": previous}
    connection.execute(snapshot.insert().values(**values))
    found = find(connection, number)
    assert found is not None
    return found.head


def canonical(data: Mapping[str, Any]) -> bytes:
    """The one way to write the JSON: sorted keys, no spaces, UTF-8 (after RFC 8785)."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8")


def digest_of(data: Mapping[str, Any], previous: str) -> str:
    return hashlib.sha256(previous.encode("ascii") + canonical(data)).hexdigest()


def sign(digest: str, key: bytes) -> str:
    """HMAC-SHA256 of the digest; empty without a key."""
    return hmac.new(key, digest.encode("ascii"), hashlib.sha256).hexdigest() if key else ""


def verify(connection: Connection, key: bytes = b"") -> list[str]:
    """Sentences about every snapshot whose content, chain or signature is not what was frozen."""
    faults, previous = [], ""
    for row in connection.execute(select(snapshot).order_by(snapshot.c.number)):
        data = json.loads(decompress(row.data))
        if row.previous != previous or digest_of(data, row.previous) != row.digest:
            faults.append(f"срез № {row.number} {row.name}: содержание или порядок не сходятся с отпечатком")
        if key and row.signature and not hmac.compare_digest(row.signature, sign(row.digest, key)):
            faults.append(f"срез № {row.number} {row.name}: подпись не сходится с ключом района")
        previous = row.digest
    return faults


def listed(connection: Connection) -> list[SnapshotHead]:
    """All snapshots, newest first."""
    return [_head(row) for row in connection.execute(select(snapshot).order_by(snapshot.c.number.desc()))]


def find(connection: Connection, number: int) -> Snapshot | None:
    row = connection.execute(select(snapshot).where(snapshot.c.number == number)).first()
    if row is None:
        return None
    return Snapshot(_head(row), Horizon(row.movement, row.title_movement), json.loads(decompress(row.data)))


def named(connection: Connection, name: str) -> Snapshot | None:
    """The latest snapshot of a name («2026Q3»)."""
    number = connection.execute(select(func.max(snapshot.c.number)).where(snapshot.c.name == name)).scalar()
    return find(connection, number) if number else None


def corrections(connection: Connection, frozen: Snapshot) -> list[Correction]:
    """What the ledgers gained after a snapshot with a day up to its end: snapshot + these = the figures of today."""
    return [*_stock_corrections(connection, frozen), *_title_corrections(connection, frozen)]


def _stock_corrections(connection: Connection, frozen: Snapshot) -> Iterator[Correction]:
    move = stock_movement.c
    names = (move.library, move.column, move.recorded, move.kind, move.reason, move.document, move.run)
    query = (
        select(*names, func.sum(move.copies).label("amount"))
        .where(move.number > frozen.horizon.movement, move.day <= frozen.head.end)
        .group_by(*names)
        .order_by(move.recorded, move.library)
    )
    for row in connection.execute(query):
        cause = row.reason or (f"сеанс {row.run}: внесено позже среза" if row.run else "внесено вручную")
        yield Correction(row.library, "copies", row.column, int(row.amount), cause, row.recorded, row.document)


_CAUSES = {
    "merge": "объединение изданий", "split": "разделение изданий", "stock": "внесено позже среза",
    "correction": "исправление", "rollback": "откат сеанса",
}  # fmt: skip


def _title_corrections(connection: Connection, frozen: Snapshot) -> Iterator[Correction]:
    line = title_movement.c
    names = (line.scope, line.column, line.recorded, line.cause)
    query = (
        select(*names, func.sum(line.titles).label("amount"))
        .where(line.number > frozen.horizon.title_movement, line.day <= frozen.head.end)
        .group_by(*names)
        .order_by(line.recorded, line.scope)
    )
    for row in connection.execute(query):
        yield Correction(
            row.scope, "titles", row.column, int(row.amount), _CAUSES.get(row.cause, row.cause), row.recorded
        )


def _plain(figures: Figures, unit: str) -> dict[str, list[int]]:
    half = figures.copies if unit == "copies" else figures.titles
    return {
        "|".join(cell): [b.opening, b.initial, b.acquired, b.withdrawn, b.expired]
        for cell, b in sorted(half.items())
        if b != Balance()
    }


def frozen_balance(frozen: Snapshot, unit: str, scope: str) -> Balance:
    """What a snapshot says of one scope, all classes together."""
    half = frozen.data[unit]
    return sum((Balance(*values) for key, values in half.items() if key.split("|")[0] == scope), Balance())


def _head(row: Any) -> SnapshotHead:
    return SnapshotHead(**{name: getattr(row, name) for name in SnapshotHead.__dataclass_fields__})
