"""Is what stands in a column of its kind: SQLite keeps a word where a number belongs, and whoever reads it stumbles.

PostgreSQL keeps to the types by itself; words of a closed list are looked at in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    case,
    false,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy import Text as Words

from catalog_sync.model import LIBRARY_KINDS, Carrier, Category, Dialect, EKind, MovementKind, RunState
from catalog_sync.store import tables as t
from catalog_sync.store.ledger_tables import stock_movement, stock_position, stock_rollup, title_movement
from catalog_sync.store.links_check import COMPUTED_OF, REBUILD, RESTORE
from catalog_sync.store.staff import ROLES
from catalog_sync.store.staff_tables import staff_user
from catalog_sync.store.tables import Moment, metadata

# Computed anew whatever is in them; of the others a copy has the right value.
COMPUTED = COMPUTED_OF | {
    table.name
    for table in (t.match_block, t.portrait, t.edge, t.apart, t.not_compared, stock_rollup, stock_position)
}
DAY, CLOCK = "[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]", " [0-2][0-9]:[0-5][0-9]:[0-5][0-9]*"
CLASS: dict[str, type[StrEnum]] = {"category": Category, "carrier": Carrier, "ekind": EKind}
# Columns of a closed list of words: (table, name) → the list. Of the ledger and of what people wrote, no other place
# could say what was meant.
LISTS: dict[tuple[str, str], tuple[str, ...]] = {
    **{(table.name, name): tuple(CLASS[name]) for table in (stock_movement, title_movement) for name in CLASS},
    (stock_movement.name, "kind"): tuple(MovementKind),
    (stock_movement.name, "column"): tuple(MovementKind),
    (title_movement.name, "column"): tuple(MovementKind),
    (stock_rollup.name, "grain"): ("T", "Y", "Q", "D"),
    (t.run.name, "state"): tuple(RunState),
    (t.source.name, "dialect"): tuple(Dialect),
    (t.record.name, "dialect"): tuple(Dialect),
    (t.library.name, "kind"): LIBRARY_KINDS,
    (staff_user.name, "role"): ROLES,
}


def unheld(connection: Connection) -> Iterator[str]:
    """A sentence for every column with values that are none of its kind."""
    for table in metadata.sorted_tables:
        wrong = {column: _wrong(column, connection.dialect.name == "sqlite") for column in table.columns}
        counts = [func.sum(case((condition, 1), else_=0)) for condition in wrong.values()]
        for column, count in zip(wrong, connection.execute(select(*counts).select_from(table)).one(), strict=True):
            if count:
                yield _sentence(table, column, count)


def _sentence(table: Table, column: Column[Any], count: int) -> str:
    remedy = REBUILD if table.name in COMPUTED else RESTORE
    return f"в таблице {table.name} в столбце {column.name} негодных значений: {count}; {remedy}"


def _wrong(column: Column[Any], loose: bool) -> ColumnElement[bool]:
    """What is true of a value that can't be read. `loose`: the database does not look at types."""
    conditions: list[ColumnElement[bool]] = []
    if words := LISTS.get((column.table.name, column.name)):
        conditions.append(column.not_in([str(word) for word in words]))
    if loose:
        conditions.append(column.is_not(None) & ~_is_of_kind(column))
    return or_(false(), *conditions)


def _is_of_kind(column: Column[Any]) -> ColumnElement[bool]:
    kind, plain = func.typeof(column), type_coerce(column, Words)
    match column.type:
        case LargeBinary():
            return kind == "blob"
        case Boolean():
            return (kind == "integer") & type_coerce(column, Integer).in_([0, 1])
        case Integer():
            return kind == "integer"
        case Float():
            return kind.in_(["real", "integer"])
        case Moment():
            return (kind == "text") & plain.op("GLOB")(DAY + CLOCK)
        case Date():
            return (kind == "text") & plain.op("GLOB")(DAY)
        case JSON():
            return (kind == "text") & (func.json_valid(plain) == 1) & _is_of_shape(column, plain)
    return kind == "text"


def _is_of_shape(column: Column[Any], plain: ColumnElement[str]) -> ColumnElement[bool]:
    """A list where a list is its default; json_type of what is no JSON would be an error."""
    default: Any = column.default
    shape = "array" if default is not None and default.is_callable and default.arg(None) == [] else ""
    valid = case((func.json_valid(plain) == 1, func.json_type(plain)), else_="")
    return valid == shape if shape else valid != ""
