"""A report as a file: JSON, CSV, XLSX, DOCX, HTML. `render` is the only name others need."""

from __future__ import annotations

from collections.abc import Callable

from catalog_sync.errors import Refused
from catalog_sync.reports.model import Report
from catalog_sync.reports.render import csv_file, docx_file, html_page, json_file, xlsx_file

FORMATS: dict[str, tuple[Callable[[Report], bytes], str]] = {
    "json": (json_file.render, "application/json; charset=utf-8"),
    "csv": (csv_file.render, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_file.render, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": (docx_file.render, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "html": (html_page.render, "text/html; charset=utf-8"),
}


def render(report: Report, format_: str) -> bytes:
    """The report in a format. Raises Refused for a format that does not exist."""
    if format_ not in FORMATS:
        raise Refused(f"формат {format_!r}: ожидался {', '.join(FORMATS)}")
    return FORMATS[format_][0](report)


def media_type(format_: str) -> str:
    """The Content-Type of a format."""
    return FORMATS[format_][1]


def file_name(report: Report, format_: str) -> str:
    """A name that says what is inside: oo2_school-07_2026-01-01_2026-12-31.xlsx, rollout_2026-10-10.xlsx."""
    parts = [report.name, report.library, *dict.fromkeys((str(report.start), str(report.end)))]
    return "_".join(part for part in parts if part) + f".{format_}"
