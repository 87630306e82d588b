"""The roll-ups: sums of the ledger by day, quarter, year and all time, for each library and for the district.

Everything in them is a sum, so a line appended to the ledger is added to four periods of two scopes and nothing has to
be recomputed, however old its day is. State at a date = all time − what came after it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table, select

from catalog_sync.model import MovementKind
from catalog_sync.store.database import insert_rows
from catalog_sync.store.ledger_tables import stock_position, stock_rollup
from catalog_sync.store.tables import library as library_table

DISTRICT = "*"  # the scope of all school libraries together; partners and museums are outside it
ALL_TIME = date(1, 1, 1)
Totals = Counter[tuple[Any, ...]]  # (scope, day, category, carrier, kind of e-edition, column) → copies or titles
MEASURES = tuple(kind.value for kind in MovementKind if kind is not MovementKind.CORRECTION)
TITLE_MEASURES = tuple(f"titles_{name}" for name in MEASURES)


def starts(day: date) -> Iterator[tuple[str, date]]:
    """The periods a day belongs to: all time, its year, its quarter, itself."""
    yield "T", ALL_TIME
    yield "Y", date(day.year, 1, 1)
    yield "Q", date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    yield "D", day


def schools(connection: Connection) -> set[str]:
    """Codes of the libraries that count in the district's figures (ОО-2 п. 111: culture-run ones do not)."""
    return set(connection.execute(select(library_table.c.code).where(library_table.c.kind == "school")).scalars())


def add_copies(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add appended lines of the ledger to the roll-ups."""
    counted = schools(connection)
    totals: Totals = Counter()
    for row in rows:
        line = (row["day"], row["category"], row["carrier"], row["ekind"], row["column"])
        totals[(row["library"], *line)] += row["copies"]
        if row["library"] in counted:
            totals[(DISTRICT, *line)] += row["copies"]
    add_to_rollup(connection, by_period(totals), MEASURES)


def by_period(totals: Totals) -> dict[tuple[Any, ...], dict[str, int]]:
    """Sums of each scope, day, class and column → the cells of all periods they belong to."""
    sums: dict[tuple[Any, ...], dict[str, int]] = {}
    for (scope, day, *line, column), total in totals.items():
        for grain, start in starts(day):
            measures = sums.setdefault((grain, scope, start, *line), {})
            measures[column] = measures.get(column, 0) + total
    return sums


def add_to_rollup(
    connection: Connection, sums: Mapping[tuple[Any, ...], Mapping[str, int]], names: Sequence[str]
) -> None:
    """Add measures to the cells of the roll-up, making those that are not there yet."""
    keys = [column.name for column in stock_rollup.primary_key]
    rows = [
        {**dict(zip(keys, cell, strict=True)), **{name: measures.get(name, 0) for name in names}}
        for cell, measures in sums.items()
    ]
    add(connection, stock_rollup, rows, names)


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    """Insert rows, or add the named columns to those that are there."""
    if not rows:
        return
    quote = connection.dialect.identifier_preparer.quote
    keys = ", ".join(quote(column.name) for column in table.primary_key)
    sums = ", ".join(f"{n} = {quote(table.name)}.{n} + excluded.{n}" for n in map(quote, names))
    insert_rows(connection, table, rows, f"ON CONFLICT ({keys}) DO UPDATE SET {sums}")


def add_positions(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add appended lines of the ledger to the copies each record has now."""
    keys = [column.name for column in stock_position.primary_key]
    sums: dict[tuple[Any, ...], int] = {}
    for row in rows:
        cell = tuple(row[name] for name in keys)
        sums[cell] = sums.get(cell, 0) + row["copies"]
    found = [{**dict(zip(keys, cell, strict=True)), "copies": copies} for cell, copies in sums.items()]
    add(connection, stock_position, found, ["copies"])
