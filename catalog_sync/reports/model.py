"""A report as a value: sections of text, tables and charts, with the way from each number to the books behind it.

Renderers (catalog_sync.reports.render) know nothing of figures, reports know nothing of files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal
from urllib.parse import urlencode

from catalog_sync.model import RecordKey
from catalog_sync.reports import russian

Value = str | int | float | date | None
Kind = Literal["text", "int", "decimal", "percent", "money", "date"]
NO_DATA = "нет данных"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell. `rows` is the query of the rows behind the number (Drill.query, listed); `sum_of` are the numbers of
    the rows of this table, from 0, whose cells of the same column add up to it: spreadsheets write a formula there."""

    value: Value = None
    rows: str = ""
    sum_of: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: `group` is the heading above several neighbours; `width` is in characters.

    `rule` says in words where its numbers come from when they open no rows: counted from other columns, or typed. A
    column that is no `is_figure` holds numbers that count nothing: the number of a line, a class.
    """

    title: str
    kind: Kind = "int"
    group: str = ""
    width: int = 11
    rule: str = ""
    is_figure: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    cells: tuple[Cell, ...]
    style: Literal["", "total", "head", "muted"] = ""


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    title: str = ""
    notes: tuple[str, ...] = ()
    numbered: bool = False  # a line with the numbers of the columns under the heading, as official forms have
    name: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, or a heading (`level` 1–3), or items of a list. Style `page`: on paper it begins a new page."""

    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()  # (words of the text, query of the rows they count), in its order
    style: Literal["", "note", "right", "center", "sign", "page"] = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars or lines over common categories. Values are numbers or None where there is no data."""

    title: str
    categories: tuple[str, ...]
    series: tuple[tuple[str, tuple[float | None, ...]], ...]
    kind: Literal["bar", "stacked", "line"] = "bar"
    unit: str = ""


Section = Text | Table | Chart


@dataclass(frozen=True, slots=True)
class Coverage:
    """N of M: how many libraries stand behind the figures, and which do not."""

    covered: int
    of: int
    missing: tuple[str, ...] = ()  # names
    missing_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    title: str
    period: str  # in words: «за III квартал 2026 года»
    start: date
    end: date
    made: date
    sections: tuple[Section, ...]
    library: str = ""
    library_name: str = ""
    head: tuple[str, ...] = ()  # lines above the title: the body, the basis
    coverage: Coverage | None = None
    landscape: bool = False
    facts: Mapping[str, Value] = field(default_factory=dict)  # named figures for machines (the JSON twin)

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(section for section in self.sections if isinstance(section, Table))


@dataclass(frozen=True, slots=True)
class Entry:
    """One row behind a figure that no line of the ledger is: the amounts of all of them add up to the figure."""

    library: str
    what: str
    amount: float
    day: date | None
    why: str = ""
    record: RecordKey | None = None
    cluster: str = ""
    rows: str = ""  # the query of the copies it counts in its turn


@dataclass(frozen=True, slots=True)
class Drill:
    """«Число → книги»: which rows of the ledger a number counts."""

    scope: str
    start: date
    end: date
    measure: Literal["state", "initial", "acquired", "withdrawn", "expired", "left"] = "state"
    unit: Literal["copies", "titles", "editions"] = "copies"
    categories: tuple[str, ...] = ()
    carriers: tuple[str, ...] = ()
    ekinds: tuple[str, ...] = ()
    clusters: tuple[str, ...] = ()
    basis: str = ""
    document: str = ""
    before: int = 0

    @property
    def query(self) -> str:
        """As the query of /reports/rows and /api/v1/statistics/rows."""
        pairs: list[tuple[str, str]] = [("library", self.scope if self.scope != "*" else "")]
        pairs += [("period", f"{self.start}:{self.end}"), ("measure", self.measure), ("unit", self.unit)]
        pairs += [("category", ",".join(self.categories)), ("carrier", ",".join(self.carriers))]
        pairs += [("ekind", ",".join(ekind or "none" for ekind in self.ekinds))]
        pairs += [("cluster", ",".join(self.clusters)), ("basis", self.basis), ("document", self.document)]
        pairs += [("before", str(self.before or ""))]
        return _encoded(pairs)


def listed(
    of: str, libraries: Sequence[str] = (), start: date | None = None, end: date | None = None, *, name: str = "",
    measure: str = "", part: str = "", document: str = "", reason: str = "",
) -> str:  # fmt: skip
    """The query of rows no ledger holds (catalog_sync.reports.behind): records, schools, needs, figures typed."""
    period = f"{start}:{end}" if start and end else ""
    pairs = [("of", of), ("library", ",".join(libraries)), ("period", period), ("name", name), ("measure", measure)]
    return _encoded([*pairs, ("part", part), ("document", document), ("reason", reason)])


def _encoded(pairs: Sequence[tuple[str, str]]) -> str:
    return urlencode([(name, value) for name, value in pairs if value], safe=":,")


def signature(today: date) -> tuple[Text, ...]:
    """The lines on which a paper is signed by whoever answers for it."""
    line = "_" * 24
    return (
        Text(f"Должность {line}", style="sign"),
        Text(f"Подпись {line}    Расшифровка {line}", style="sign"),
        Text(russian.day(today), style="sign"),
    )
