"""Rows of a МАРК-SQL database as plain values: DOC with its INV and INVOFF, in batches, one moment of the base."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any

from sqlalchemy import Connection, Engine, column, event, func, inspect, select, table
from sqlalchemy.sql.expression import ColumnClause, ColumnElement, Select, TableClause

from catalog_sync.errors import SourceUnavailable

DOC_COLUMNS = ("DOC_ID", "RECTYPE", "BIBLEVEL", "ITEM")
COPY_COLUMNS = (
    "INV_ID", "DOC_ID", "T090E", "T090F", "T090H", "T090W", "T876C", "T876P", "T990T", "T990N", "CNT", "REGDATE",
    "INVMODE",
)  # fmt: skip
OFF_COLUMNS = (*COPY_COLUMNS, "OFFDATE", "NOTES", "WROFFACT")
WANTED = {"DOC": DOC_COLUMNS, "INV": COPY_COLUMNS, "INVOFF": OFF_COLUMNS}
COPY_TABLES = {"INV": "inv", "INVOFF": "invoff"}  # table → key of the row
# CP1251 bytes a server took for Latin-1: Cyrillic words become runs of accented capitals and smalls («Àëãåáðà»).
MOJIBAKE = re.compile("[À-ÿ]{3,}")
CYRILLIC = re.compile("[А-Яа-яЁё]")


@dataclass(frozen=True, slots=True)
class Found:
    """A table as it is spelled here, and its columns under their canonical names."""

    table: TableClause
    columns: Mapping[str, ColumnElement[Any]]

    def labelled(self) -> list[Any]:
        return [c.label(n) for n, c in self.columns.items()]


class Reader:
    """Forward only. Nothing but SELECT passes, whatever the account may do."""

    def __init__(self, engine: Engine, schema: str, encoding: str) -> None:
        event.listen(engine, "before_cursor_execute", refuse_writing)
        self._engine = engine
        self._schema = schema or None
        self._encoding = encoding
        self._warnings: list[str] = []

    def told(self) -> tuple[str, ...]:
        """Warnings since the last call."""
        warnings, self._warnings = tuple(self._warnings), []
        return warnings

    def batches(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """Rows {"doc_id", "rectype", "biblevel", "item", "inv", "invoff"}. Raises SourceUnavailable without DOC."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # else every SELECT of pysqlite sees a moment of its own
            found = self._tables(connection)
            self._warn(connection, found)
            for docs in doc_batches(connection, found["DOC"], size):
                yield self._with_copies(connection, found, docs)

    def _tables(self, connection: Connection) -> dict[str, Found]:
        """DOC, INV and INVOFF with the columns they have here: spelling and version differ between schools."""
        inspector = inspect(connection)
        names = inspector.get_table_names(self._schema) + inspector.get_view_names(self._schema)
        found = {}
        for name in names:
            wanted = WANTED.get(name.upper(), ())
            spelled = [c["name"] for c in inspector.get_columns(name, self._schema)] if wanted else []
            kept = [n for n in spelled if n.upper() in wanted]
            columns: list[tuple[str, ColumnClause[Any]]] = [(n.upper(), column(n)) for n in kept]
            if columns:
                place = table(name, *(c for _, c in columns), schema=self._schema)
                found[name.upper()] = Found(place, dict(columns))
        if "DOC" not in found or not {"DOC_ID", "ITEM"} <= found["DOC"].columns.keys():
            raise SourceUnavailable(f"это не база МАРК-SQL: ожидалась таблица DOC (DOC_ID, ITEM), есть: {names[:10]}")
        return found

    def _warn(self, connection: Connection, found: dict[str, Found]) -> None:
        doc_id = found["DOC"].columns["DOC_ID"]
        if lost := count(connection, found["DOC"], doc_id.is_(None)):
            self._warnings.append(f"в DOC пропущено строк без DOC_ID: {lost}")
        for name in COPY_TABLES:
            if name not in found:
                self._warnings.append(f"в базе нет таблицы {name}: экземпляры из неё не известны")
                continue
            owner = found[name].columns["DOC_ID"]
            known = select(doc_id).select_from(found["DOC"].table).where(doc_id.is_not(None))
            if strays := count(connection, found[name], owner.is_(None) | owner.not_in(known)):
                self._warnings.append(f"в {name} экземпляров без описания (DOC_ID нет в DOC): {strays}")

    def _with_copies(
        self, connection: Connection, found: dict[str, Found], docs: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [self._row(doc) for doc in docs]
        for name, key in COPY_TABLES.items():
            if name in found:
                copies = self._copies(connection, found[name], docs[0]["DOC_ID"], docs[-1]["DOC_ID"])
                for row in rows:
                    row[key] = copies.get(str(row["doc_id"]), [])
        return rows

    def _row(self, doc: Mapping[str, Any]) -> dict[str, Any]:
        return {**{n.lower(): self._plain(v) for n, v in doc.items()}, "inv": [], "invoff": []}

    def _copies(self, connection: Connection, found: Found, first: Any, last: Any) -> dict[str, list[dict[str, Any]]]:
        owner = found.columns["DOC_ID"]
        order = [owner, *([found.columns["INV_ID"]] if "INV_ID" in found.columns else [])]
        query = select(*found.labelled()).select_from(found.table).where(owner.between(first, last)).order_by(*order)
        grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for row in connection.execute(query).mappings():
            values = {n.lower(): self._plain(v) for n, v in row.items() if v is not None}
            grouped[str(values.pop("doc_id"))].append({k: v for k, v in values.items() if v != ""})
        return grouped

    def _plain(self, value: Any) -> str | int | float:
        """A JSON value: bytes decoded, CHAR padding and NUL gone, moments as ISO, day numbers as they are."""
        if isinstance(value, bytes | memoryview):
            value = bytes(value).decode(self._encoding, "replace")
        if isinstance(value, str):
            return unmistaken(value.replace("\x00", "").rstrip(" "))
        if isinstance(value, Decimal | float):
            number = float(value)
            return int(number) if number.is_integer() else number if isfinite(number) else ""
        if isinstance(value, date):
            return value.isoformat()
        return "" if value is None else value if isinstance(value, int) else str(value)


def doc_batches(connection: Connection, doc: Found, size: int) -> Iterator[list[dict[str, Any]]]:
    """Rows of DOC by DOC_ID; every batch asks for what lies behind the last, so no cursor stays open for hours."""
    doc_id = doc.columns["DOC_ID"]
    query = select(*doc.labelled()).select_from(doc.table).where(doc_id.is_not(None)).order_by(doc_id)
    last: Any = None
    while True:
        part = query if last is None else query.where(doc_id > last)
        rows = fetched(connection, part.limit(size))
        if len(rows) == size and rows[0]["DOC_ID"] != rows[-1]["DOC_ID"]:
            # DOC_ID may repeat where the base was merged by hand: rows of the last one come whole, next time.
            rows = [r for r in rows if r["DOC_ID"] != rows[-1]["DOC_ID"]]
        elif len(rows) == size:
            rows = fetched(connection, query.where(doc_id == rows[0]["DOC_ID"]))
        if not rows:
            return
        yield rows
        last = rows[-1]["DOC_ID"]


def fetched(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def count(connection: Connection, found: Found, condition: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(found.table).where(condition)).scalar() or 0


def unmistaken(text: str) -> str:
    """CP1251 that was read as Latin-1, put right; any other text as it is."""
    if not MOJIBAKE.search(text) or CYRILLIC.search(text):
        return text
    for taken_for in ("cp1252", "latin-1"):  # what servers call Latin-1 has «–» and «„», the standard has not
        with suppress(UnicodeError):
            return text.encode(taken_for).decode("cp1251")
    return text


def refuse_writing(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    """Raises AssertionError for anything but reading: a guard against our own mistakes."""
    word = statement.split(None, 1)[0].upper()
    if word not in ("SELECT", "WITH", "BEGIN", "PRAGMA", "SHOW"):
        raise AssertionError(f"a source is only read, came {word}")
