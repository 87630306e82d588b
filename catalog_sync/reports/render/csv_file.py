"""CSV as Russian Excel opens it: UTF-8 with a mark, semicolons, decimal commas. Tables follow each other."""

from __future__ import annotations

import csv
import io
from datetime import date

from catalog_sync.reports.model import Column, Report, Table, Value
from catalog_sync.reports.render.shared import coverage_line, subtitle
from catalog_sync.wording import safe_cell


def render(report: Report) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    for line in (report.title, subtitle(report), coverage_line(report)):
        if line:
            writer.writerow([safe_cell(line)])
    for table in report.tables:
        writer.writerow([])
        _write(writer, table)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _write(writer: csv._writer, table: Table) -> None:  # type: ignore[name-defined]
    if table.title:
        writer.writerow([safe_cell(table.title)])
    writer.writerow([f"{c.group}: {c.title}" if c.group else c.title for c in table.columns])
    for row in table.rows:
        writer.writerow([_plain(cell.value, column) for cell, column in zip(row.cells, table.columns, strict=True)])
    for note in table.notes:
        writer.writerow([safe_cell(note)])


def _plain(value: Value, column: Column) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y")
    if isinstance(value, str):
        return safe_cell(value)
    if column.kind == "money":
        return f"{value:.2f}".replace(".", ",")
    if column.kind == "percent":
        return f"{value * 100:.1f}".replace(".", ",") + "%"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",")
    return str(value)
