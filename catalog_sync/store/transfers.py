"""Books of a source that belongs to another library now: their whole history goes there with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, select

from catalog_sync.ledger.posting import reversal
from catalog_sync.model import MovementKind, RecordKey, StockMovement
from catalog_sync.store import ledger
from catalog_sync.store.ledger_tables import stock_movement
from catalog_sync.store.tables import record, source


def follow_libraries(connection: Connection, code: str = "", *, recorded: date) -> None:
    """Move what the ledger holds of a source's records into the library the source belongs to.

    All sources without `code`. Day by day and column by column, as with a changed class (0050): the settings were
    wrong, nobody handed books over. The runs of the lines stay, so a roll-back takes back what now stands.
    """
    move = stock_movement.c
    stray = (
        select(stock_movement, source.c.library.label("home"), record.c.source.label("base"), record.c.local_id)
        .join_from(stock_movement, record, record.c.id == move.record)
        .join(source, source.c.code == record.c.source)
        .where(move.library != source.c.library)
        .order_by(move.number)
    )
    rows = connection.execute(stray.where(source.c.code == code) if code else stray).all()
    ledger.append(connection, list(_moved(_standing(rows))), recorded=recorded)


def _standing(rows: Sequence[Any]) -> Iterator[Any]:
    """Without lines that were taken back, and those that did it: together they are nothing."""
    of = {row.number: row for row in rows}
    back = {row.corrects: row for row in rows if row.corrects in of and of[row.corrects].copies == -row.copies}
    undone = back.keys() | {row.number for row in back.values()}
    return (row for row in rows if row.number not in undone)


def _moved(rows: Iterator[Any]) -> Iterator[StockMovement]:
    for row in rows:
        line = ledger.as_movement(row, RecordKey(row.base, row.local_id))
        why = f"источник {row.base} отнесён к библиотеке {row.home}"
        yield reversal(line, run=line.run, reason=why, number=row.number)
        yield replace(
            line, library=row.home, kind=MovementKind.CORRECTION, of=line.column, reason=why, corrects=None
        )
