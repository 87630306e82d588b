"""The JSON twin of a report: the same sections, numbers as numbers, dates as ISO 8601."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from catalog_sync.reports.model import Report, Section, Table


def render(report: Report) -> bytes:
    return json.dumps(as_dict(report), ensure_ascii=False, indent=1, default=_iso).encode("utf-8")


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain values; `facts` are the named figures, `sections` everything a person sees."""
    found = {name: getattr(report, name) for name in ("name", "title", "library", "library_name", "period")}
    found |= {"start": report.start, "end": report.end, "made": report.made, "facts": dict(report.facts)}
    found["coverage"] = asdict(report.coverage) if report.coverage else None
    found["sections"] = [_section(section) for section in report.sections]
    return found


def _section(section: Section) -> dict[str, Any]:
    if isinstance(section, Table):
        return _table(section)
    return {"type": type(section).__name__.lower(), **{k: v for k, v in asdict(section).items() if v}}


def _table(table: Table) -> dict[str, Any]:
    rows = [
        {
            "style": row.style,
            "values": [cell.value for cell in row.cells],
            "rows": [address(cell.rows) if cell.rows else None for cell in row.cells],
        }
        for row in table.rows
    ]
    columns = [
        {"title": c.title, "group": c.group, "kind": c.kind, "rule": c.rule, "is_figure": c.is_figure}
        for c in table.columns
    ]
    return {"type": "table", "title": table.title, "name": table.name, "columns": columns, "rows": rows,
            "notes": table.notes}  # fmt: skip


def address(query: str) -> str:
    """Where the API gives the rows of a query (Drill.query, or listed)."""
    return f"/api/v1/statistics/{'lists' if query.startswith('of=') else 'rows'}?{query}"


def _iso(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"expected a plain value, came {type(value).__name__}")
