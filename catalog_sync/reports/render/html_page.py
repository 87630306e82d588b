"""HTML: the body of a report for the web page, and a page of its own for `catalog-sync report --format html`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from catalog_sync.reports.model import Cell, Chart, Column, Report, Row, Section, Table, Text
from catalog_sync.reports.render.shared import coverage_line, cut, made_line, shown, subtitle
from catalog_sync.reports.render.svg_chart import svg

STYLE = """
body{font:16px/1.45 system-ui,"Segoe UI",Roboto,sans-serif;color:#1a1a1a;margin:1.5rem auto;max-width:75rem;
padding:0 1rem}
table{border-collapse:collapse;margin:.5rem 0 1rem;font-variant-numeric:tabular-nums}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{border:1px solid #9aa5ad;padding:.25rem .5rem;vertical-align:top}
thead th{background:#dfe9f1} .n{text-align:right;white-space:nowrap} tr.total{background:#eef3f7;font-weight:600}
tr.muted{color:#555} .scroll{overflow-x:auto} .note{color:#444;font-size:.9rem} svg.chart{max-width:100%;height:auto}
@page sideways{size:A4 landscape;margin:10mm}
@media print{.page{break-before:page}body{margin:0;max-width:none}.scroll{overflow:visible}
.sideways,main:has(>.landscape){page:sideways}
.wide th,.wide td{font-size:7pt;padding:1pt 2pt} .widest th,.widest td{font-size:5.5pt}
.wide thead th{overflow-wrap:anywhere}}
"""
WIDE, WIDEST = 9, 18  # columns: more do not fit an upright A4, nor a turned one in letters of the usual size


def render(report: Report) -> bytes:
    """A whole page that needs nothing else."""
    title = escape(report.title)
    page = (
        f'<!DOCTYPE html>\n<html lang="ru"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f"<body><main><h1>{title}</h1>{body(report)}</main></body></html>\n"
    )
    return page.encode("utf-8")


def body(report: Report, rows_at: str = "") -> str:
    """Everything below the title. `rows_at`: address of the page of rows, to which numbers link («число → книги»)."""
    head = "".join(f"<p>{escape(line)}</p>" for line in report.head)
    lines = f"{head}<p><strong>{escape(subtitle(report))}</strong></p>"
    if coverage_line(report):
        lines += f'<p class="coverage">{escape(coverage_line(report))}</p>'
    levels = sorted({one.level for one in report.sections if isinstance(one, Text) and one.level})
    parts = "".join(_section(section, rows_at, levels) for section in report.sections)
    made = f'{lines}{parts}<p class="note">{escape(made_line(report))}</p>'
    return f'<div class="landscape">{made}</div>' if report.landscape else made


def _section(section: Section, rows_at: str, levels: Sequence[int]) -> str:
    if isinstance(section, Table):
        return _table(cut(section), rows_at)
    if isinstance(section, Chart):
        return f'<figure class="chart" tabindex="0">{svg(section)}</figure>'
    return _text(section, rows_at, levels)


def _text(section: Text, rows_at: str, levels: Sequence[int]) -> str:
    """A heading below the page's own h1 without a gap: the levels a report uses become h2, h3 … (WCAG 1.3.1)."""
    items = "".join(f"<li>{escape(item)}</li>" for item in section.items)
    tag = f"h{levels.index(section.level) + 2}" if section.level else "p"
    look = f' class="{section.style}"' if section.style else ""
    text = f"<{tag}{look}>{_linked(section, rows_at)}</{tag}>" if section.text else ""
    return text + (f"<ul>{items}</ul>" if items else "")


def _linked(section: Text, rows_at: str) -> str:
    """The text with its figures as links to the rows they count."""
    if not rows_at:
        return escape(section.text)
    made, at = "", 0
    for words, query in section.figures:
        found = re.search(rf"(?<![\d\u00a0]){re.escape(words)}", section.text[at:])
        if found and query:
            link = f'<a href="{escape(address(rows_at, query), quote=True)}">{escape(words)}</a>'
            made += escape(section.text[at : at + found.start()]) + link
            at += found.end()
    return made + escape(section.text[at:])


def _table(table: Table, rows_at: str) -> str:
    caption = f"<caption><span>{escape(table.title)}</span></caption>" if table.title else ""
    rows = "".join(_row(row, table.columns, rows_at) for row in table.rows)
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in (*table.notes, *rules(table)))
    label = escape(table.title or "Таблица", quote=True)
    count = len(table.columns)
    turned, look = (" sideways", " wide") if count > WIDE else ("", "")
    look += " widest" if count > WIDEST else ""
    return (
        f'<div class="scroll{turned}" tabindex="0" role="group" aria-label="{label}">'
        f'<table class="report{look}">{caption}'
        f"<thead>{_heading(table)}</thead><tbody>{rows}</tbody></table></div>{notes}"
    )


def rules(table: Table) -> list[str]:
    """One sentence on the columns whose numbers open no rows: how each is counted, or that it is typed."""
    alike: dict[str, list[str]] = {}
    for column in table.columns if table.rows else ():
        if column.rule:
            alike.setdefault(column.rule, []).append(f"«{column.group}, {column.title}»" if column.group
                                                     else f"«{column.title}»")
    return ["Как посчитано: " + "; ".join(f"{', '.join(names)} — {rule}" for rule, names in alike.items()) + "."
            ] if alike else []


def _heading(table: Table) -> str:
    columns = table.columns
    if not any(column.group for column in columns):
        return f"<tr>{''.join(_th(c.title) for c in columns)}</tr>{_numbers(table)}"
    upper, at = [], 0
    while at < len(columns):
        end = at
        while columns[at].group and end + 1 < len(columns) and columns[end + 1].group == columns[at].group:
            end += 1
        if columns[at].group:
            upper.append(f'<th scope="colgroup" colspan="{end - at + 1}">{escape(columns[at].group)}</th>')
        else:
            upper.append(f'<th scope="col" rowspan="2">{escape(columns[at].title)}</th>')
        at = end + 1
    lower = "".join(_th(c.title) for c in columns if c.group)
    return f"<tr>{''.join(upper)}</tr><tr>{lower}</tr>{_numbers(table)}"


def _th(title: str) -> str:
    return f'<th scope="col">{escape(title)}</th>'


def _numbers(table: Table) -> str:
    if not table.numbered:
        return ""
    return f"<tr>{''.join(f'<td class=c>{n}</td>' for n in range(1, len(table.columns) + 1))}</tr>"


def _row(row: Row, columns: tuple[Column, ...], rows_at: str) -> str:
    cells = [
        _cell(cell, column, rows_at, first=n == 0)
        for n, (cell, column) in enumerate(zip(row.cells, columns, strict=True))
    ]
    return f"<tr{f' class={row.style}' if row.style else ''}>{''.join(cells)}</tr>"


def _cell(cell: Cell, column: Column, rows_at: str, first: bool) -> str:
    text = escape(shown(cell.value, column))
    number = isinstance(cell.value, int | float)
    if cell.rows and rows_at and cell.value and (number or text[:1].isdigit()):
        text = f'<a href="{escape(address(rows_at, cell.rows), quote=True)}">{text}</a>'
    note = f' title="{escape(cell.note, quote=True)}"' if cell.note else ""
    if first and text:  # a row that continues the one above has no heading of its own
        narrow = " class=narrow" if column.kind == "date" or not (column.is_figure or column.kind == "text") else ""
        return f'<th scope="row"{narrow}{note}>{text}</th>'
    look = "n" if number or (cell.value is None and column.kind != "text") else ""
    if isinstance(cell.value, str) and cell.value and column.kind not in ("text", "date"):
        look = "c"  # a word where numbers stand
    return f"<td{f' class={look}' if look else ''}{note}>{text}</td>"


def address(rows_at: str, query: str) -> str:
    """Where the rows behind a number are; `rows_at` may name a language already (?lang=en)."""
    return f"{rows_at}{'&' if '?' in rows_at else '?'}{query}"
