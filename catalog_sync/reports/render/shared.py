"""What every renderer says the same way: numbers in words of a column, the lines above and below a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from catalog_sync.reports import russian
from catalog_sync.reports.model import Column, Report, Table, Value

CATEGORY = 26  # letters of a name below the bars of a chart in Word and Excel
A4_COLUMNS = 18  # a wider table is unreadable on A4 and goes to A3
MOST_ROWS = 2_000  # of a table on a page and in Word: a region's needs, book by book, are 100,000 lines


def shown(value: Value, column: Column) -> str:
    """A value as people read it: 12 345, 45,3 %, 20.11.2026, — for nothing to say."""
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return russian.short_day(value)
    if column.kind == "percent":
        return russian.percent(value)
    if column.kind == "money":
        return russian.number(value, 2)
    if column.kind == "decimal":
        return russian.number(value, 2 if 0 < abs(value) < 0.1 else 1)  # a disc for 100 pupils is not «0,0»
    return russian.number(value)


def cut(table: Table) -> Table:
    """A table as far as people turn pages: its first rows, its totals, and where the others are."""
    if len(table.rows) <= MOST_ROWS:
        return table
    totals = tuple(row for row in table.rows[MOST_ROWS:] if row.style == "total")
    shown = f"{russian.number(MOST_ROWS)} из {russian.number(len(table.rows) - len(totals))}"
    note = f"Показаны первые строки, {shown}: все – в XLSX и CSV или в отчёте одной школы."
    return replace(table, rows=(*table.rows[:MOST_ROWS], *totals), notes=(note, *table.notes))


def subtitle(report: Report) -> str:
    """«Школа № 7, за 2026 год»."""
    return ", ".join(part for part in (report.library_name, report.period) if part)


def coverage_line(report: Report) -> str:
    """«Данные есть у 18 из 20 школ (90 %). Нет данных: …»; empty for a report of one library."""
    coverage = report.coverage
    if coverage is None or not coverage.of:
        return ""
    share = russian.percent(coverage.covered / coverage.of)
    line = f"Данные есть у {coverage.covered} из {russian.genitive(coverage.of, russian.SCHOOL)} ({share})."
    if coverage.missing:
        line += f" Нет данных: {russian.named(coverage.missing, russian.SCHOOL)}."
    return line


def made_line(report: Report) -> str:
    """When and from what the figures were made."""
    return f"Составлено {russian.day(report.made)} по журналу движения фонда сводного каталога."


def shortened(name: str, most: int) -> str:
    """A name that fits below its bar: a long one pushes the bars out of the chart."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"


def clean(text: str) -> str:
    """Without the characters XML 1.0 forbids (old exports have them inside titles)."""
    return "".join(c for c in text if (c >= " " and c not in "\ufffe\uffff") or c in "\t\n")
