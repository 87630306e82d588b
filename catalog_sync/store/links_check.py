"""Is the database whole as a database: are its tables there, and does every row that names another find it.

SQLite keeps such rows while foreign keys are off: tools that mend files and hands leave them so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, ForeignKeyConstraint, FromClause, Table, func, inspect, select

from catalog_sync.store import tables as t
from catalog_sync.store.tables import metadata

REBUILD = "выполните catalog-sync rebuild"
RESTORE = "восстановите копию (catalog-sync restore ФАЙЛ)"
EXAMPLES = 3  # of the lost rows that have a name and not a number
# What is computed can be computed again; the rest is in a backup or nowhere.
COMPUTED = {table.name for table in (t.portrait, t.cluster)}
COMPUTED_OF = {table.name for table in (t.holding, t.member, t.feature, t.described, t.union_record, t.source_digests)}
LOST = {
    "record": "исходной записи", "source": "источника", "library": "библиотеки", "run": "сеанса сбора",
    "portrait": "признаков", "cluster": "кластера",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Severed:
    """Rows of `table` that name a row of `parent` that is not there."""

    table: str
    parent: str
    count: int
    examples: Sequence[str] = ()

    def __str__(self) -> str:
        what = LOST.get(self.parent, f"строки таблицы {self.parent}")
        named = f" ({', '.join(self.examples)})" if self.examples else ""
        remedy = REBUILD if self.parent in COMPUTED or self.table in COMPUTED_OF else RESTORE
        return f"строк без {what} в таблице {self.table}: {self.count}{named}; {remedy}"


def missing_tables(connection: Connection) -> list[str]:
    """Names of the tables this version of the schema has and the database has not."""
    return sorted(metadata.tables.keys() - set(inspect(connection).get_table_names()))


def severed(connection: Connection) -> Iterator[Severed]:
    """Every broken link between two tables."""
    for table in metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            if count := connection.execute(select(func.count()).select_from(_broken(table, constraint))).scalar_one():
                yield Severed(table.name, constraint.referred_table.name, count, _named(connection, table, constraint))


def _broken(table: Table, constraint: ForeignKeyConstraint) -> FromClause:
    """What the rows name that find nothing, a row each."""
    parent = constraint.referred_table.alias()
    (link,) = constraint.elements  # our keys to other tables have one column
    there = parent.c[link.column.name]
    rows = table.outerjoin(parent, link.parent == there)
    broken = link.parent.is_not(None) & there.is_(None)
    return select(link.parent.label("name")).select_from(rows).where(broken).subquery()


def _named(connection: Connection, table: Table, constraint: ForeignKeyConstraint) -> Sequence[str]:
    """Some of the lost rows, where a person knows them by a code."""
    rows = _broken(table, constraint)
    found = connection.execute(select(rows.c.name).distinct().order_by(rows.c.name).limit(EXAMPLES)).scalars()
    return [name for name in found if isinstance(name, str)]
