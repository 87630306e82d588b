"""Writing the stock ledger: append movements, keep the roll-ups equal in the same transaction, take a run back.

How a publishing transaction uses it:

1. `lines = posted_to(connection, keys)` for the records that changed (not needed for new ones);
2. `ledger.movements(…, posted=lines[key])` for each touched record;
3. `append(connection, movements, recorded=today)`;
4. when `member` says the final word: `titles_changed(connection, clusters, cause=…, run=…, recorded=today)` with every
   cluster that had or has one of the touched records, and every cluster that won or lost a member.

A roll-back calls `reverse_run` instead of 2–3, then `titles_changed(…, cause="rollback")`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Row, and_, func, or_, select

from catalog_sync.ledger.heirs import HANDED
from catalog_sync.ledger.items import GONE
from catalog_sync.ledger.posting import reversal
from catalog_sync.model import Carrier, Category, EKind, MovementKind, RecordKey, StockMovement
from catalog_sync.store import leases, records
from catalog_sync.store.database import chunks, insert_rows, plain_rows, upsert
from catalog_sync.store.ledger_tables import ledger_member, stock_movement, stock_position
from catalog_sync.store.rollups import DISTRICT, add_copies, add_positions
from catalog_sync.store.tables import record as record_table
from catalog_sync.store.tables import source as source_table
from catalog_sync.store.titles import titles_changed

__all__ = ["DISTRICT", "append", "is_first_load", "posted", "reverse_run", "titles_changed"]

LICENCES = "licence"  # source part of the key of a package that has no records: licence:12

_UNDOING = "откат сеанса "  # how the reason of a correction begins that takes a run back
_columns = stock_movement.c


def append(connection: Connection, movements: Sequence[StockMovement], *, recorded: date, who: str = "") -> list[int]:
    """Append the lines, and their sums to the roll-ups; returns the numbers given. Records must be stored already."""
    movements = [line for line in movements if line.copies]
    if not movements:
        return []
    ids = ids_of(connection, {line.record for line in movements})
    movements = _without_double_exits(connection, movements, ids)
    number = leases.next_number(connection, stock_movement)
    rows = [_row(line, number + i, ids[line.record], recorded, who) for i, line in enumerate(movements)]
    insert_rows(connection, stock_movement, rows)
    add_copies(connection, rows)
    add_positions(connection, rows)
    return [row["number"] for row in rows]


def posted(connection: Connection, keys: Collection[RecordKey]) -> dict[RecordKey, tuple[StockMovement, ...]]:
    """The lines the ledger has for these records, in the order they were written."""
    ids = ids_of(connection, keys, strict=False)
    return dict.fromkeys(keys, ()) | posted_to(connection, {number: key for key, number in ids.items()})


def posted_to(connection: Connection, keys: Mapping[int, RecordKey]) -> dict[RecordKey, tuple[StockMovement, ...]]:
    """The same of records whose ids are known."""
    found: dict[RecordKey, list[StockMovement]] = {key: [] for key in keys.values()}
    for some in chunks(sorted(keys)):
        query = select(stock_movement).where(_columns.record.in_(some)).order_by(_columns.number)
        for row in connection.execute(query):
            key = keys[row.record]
            found[key].append(as_movement(row, key))
    return {key: tuple(lines) for key, lines in found.items()}


def of_records_gone(connection: Connection, library: str) -> dict[RecordKey, tuple[StockMovement, ...]]:
    """All lines that a library's books have of records that are gone."""
    return _of_records(connection, library, deleted=True)


def of_records_there(connection: Connection, library: str) -> dict[RecordKey, tuple[StockMovement, ...]]:
    """All lines that a library's books have of live records."""
    return _of_records(connection, library, deleted=False)


def _of_records(connection: Connection, library: str, *, deleted: bool) -> dict[RecordKey, tuple[StockMovement, ...]]:
    ids = (
        select(record_table.c.id)
        .join(source_table, source_table.c.code == record_table.c.source)
        .where(source_table.c.library == library, record_table.c.deleted.is_(deleted))
    )
    found = posted_to(connection, keys_of(connection, list(connection.execute(ids).scalars())))
    return {key: lines for key, lines in found.items() if lines}


def reverse_run(connection: Connection, run: int, *, by_run: int | None, recorded: date, why: str = "") -> set[int]:
    """Take back every line of a run that still stands, each on its own day; returns the ids of the records moved.

    What records the run lost have handed over since goes back to them. The lines stay in the ledger, the corrections
    name them. `by_run`: the run the corrections belong to, if any.
    """
    undone = select(_columns.corrects).where(_columns.reason.like(f"{_UNDOING}%"), _columns.corrects.is_not(None))
    lost = select(_columns.record).where(_columns.run == run, _columns.reason == GONE)
    handed = and_(_columns.record.in_(lost), _columns.run > run, _columns.reason == HANDED)
    query = select(stock_movement).where(or_(_columns.run == run, handed), _columns.number.not_in(undone))
    rows = [row for row in connection.execute(query.order_by(_columns.number)) if not row.reason.startswith(_UNDOING)]
    keys = keys_of(connection, {row.record for row in rows})
    reason = f"{_UNDOING}{run}"
    lines = [reversal(as_movement(row, keys[row.record]), run=by_run, reason=reason, number=row.number) for row in rows]
    append(connection, lines, recorded=recorded, who=why)
    return {row.record for row in rows}


def is_first_load(connection: Connection, source: str, run: int | None = None) -> bool:
    """Whether no line of this source stands in the ledger (lines of `run` itself and undone lines do not count)."""
    standing = (
        select(func.sum(func.abs(stock_position.c.copies)))
        .select_from(stock_position.join(record_table, record_table.c.id == stock_position.c.record))
        .where(record_table.c.source == source)
    )
    if run is not None:
        own = select(_columns.record).where(_columns.run == run)
        standing = standing.where(stock_position.c.record.not_in(own))
    return not connection.execute(standing).scalar()


# --- Rows and values -------------------------------------------------------------------------------------------------


def _row(line: StockMovement, number: int, record: int, recorded: date, who: str) -> dict[str, Any]:
    return {
        "number": number,
        "library": line.library,
        "record": record,
        "day": line.day,
        "recorded": recorded,
        "kind": line.kind.value,
        "column": line.column.value,
        "copies": line.copies,
        "category": line.category.value,
        "carrier": line.carrier.value,
        "ekind": line.ekind.value,
        "basis": line.basis,
        "run": line.run,
        "document": line.document,
        "corrects": line.corrects,
        "reason": line.reason,
        "inventory": line.inventory,
        "kopecks": line.kopecks,
        "who": who,
    }


def as_movement(row: Row[Any], key: RecordKey) -> StockMovement:
    """A row of the ledger as the value it was."""
    kind, column = MovementKind(row.kind), MovementKind(row.column)
    return StockMovement(
        library=row.library,
        record=key,
        day=row.day,
        kind=kind,
        copies=row.copies,
        category=Category(row.category),
        carrier=Carrier(row.carrier),
        ekind=EKind(row.ekind),
        basis=row.basis,
        run=row.run,
        document=row.document,
        corrects=row.corrects,
        of=column if kind is MovementKind.CORRECTION else None,
        reason=row.reason,
        inventory=row.inventory,
        kopecks=row.kopecks,
    )


def ids_of(connection: Connection, keys: Iterable[RecordKey], strict: bool = True) -> dict[RecordKey, int]:
    """Ids of records by key; packages without records are below zero. `strict`: none of them may be unknown."""
    found: dict[RecordKey, int] = {}
    by_source: dict[str, list[str]] = {}
    for key in keys:
        if key.source == LICENCES:
            found[key] = -int(key.local_id)
        else:
            by_source.setdefault(key.source, []).append(key.local_id)
    columns = record_table.c
    for source, local_ids in by_source.items():
        for some in chunks(local_ids):
            query = select(columns.local_id, columns.id).where(columns.source == source, columns.local_id.in_(some))
            found |= {RecordKey(source, local_id): number for local_id, number in connection.execute(query)}
        missing = [i for i in local_ids if RecordKey(source, i) not in found] if strict else []
        if missing:
            raise LookupError(f"{source}: expected stored records before their movements, {missing[:3]} are not there")
    return found


def keys_of(connection: Connection, ids: Collection[int]) -> dict[int, RecordKey]:
    """Keys of record ids; ids below zero are packages without records (licence:NUMBER)."""
    found = {number: RecordKey(LICENCES, str(-number)) for number in ids if number < 0}
    return found | records.keys_of(connection, (number for number in ids if number >= 0))


def editions(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Record id → the edition it stands for in the ledger."""
    c = ledger_member.c
    return dict(plain_rows(connection, select(c.record, c.cluster), c.record, ids))


def follow_heirs(connection: Connection, heirs: Mapping[RecordKey, RecordKey]) -> None:
    """Records (the values) that have the books of others now stand for their editions, where they stood for none."""
    ids = ids_of(connection, [*heirs.keys(), *heirs.values()])
    of = editions(connection, ids.values())
    rows = {ids[heir]: of[ids[former]] for former, heir in heirs.items() if ids[former] in of and ids[heir] not in of}
    upsert(connection, ledger_member, [{"record": record, "cluster": edition} for record, edition in rows.items()])


def _without_double_exits(
    connection: Connection, movements: list[StockMovement], ids: Mapping[RecordKey, int]
) -> list[StockMovement]:
    """A licensed title that has already expired can't be withdrawn once more when it vanishes from an export."""
    exits = [m for m in movements if m.kind is MovementKind.WITHDRAWN and m.ekind is EKind.LICENSED]
    if not exits:
        return movements
    there: dict[int, int] = {}
    for some in chunks(sorted({ids[line.record] for line in exits})):
        position = stock_position.c
        query = (
            select(position.record, func.sum(position.copies))
            .where(position.record.in_(some))
            .group_by(position.record)
        )
        there |= {record: int(copies) for record, copies in connection.execute(query)}
    for line in movements:  # what the same batch brings counts too
        if line.copies > 0:
            there[ids[line.record]] = there.get(ids[line.record], 0) + line.copies
    kept = []
    for line in movements:
        if line in exits:
            copies = max(line.copies, -there.get(ids[line.record], 0))
            there[ids[line.record]] = there.get(ids[line.record], 0) + copies
            line = replace(line, copies=copies)
        if line.copies:
            kept.append(line)
    return kept
