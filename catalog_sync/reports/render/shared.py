"""What every renderer says the same way: numbers in words of a column, the lines above and below a report."""

from __future__ import annotations

from datetime import date

from catalog_sync.reports import russian
from catalog_sync.reports.model import Column, Report, Value

CATEGORY = 26  # letters of a name below the bars of a chart in Word and Excel
A4_COLUMNS = 18  # a wider table is unreadable on A4 and goes to A3


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
    return russian.number(value, 1 if column.kind == "decimal" else 0)


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
