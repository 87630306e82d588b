"""XLSX for methodologists: numbers are numbers, totals are formulas, headings stay, the page is ready to print."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from catalog_sync.reports.model import Cell, Chart, Column, Report, Row, Table, Text
from catalog_sync.reports.render.shared import A4_COLUMNS, CATEGORY, coverage_line, made_line, shortened, subtitle

FOOTER = 70  # letters of a title that stand beside the number of the page
NUMBER_FORMATS = {"int": "#,##0", "decimal": "#,##0.0#", "percent": "0.0%", "money": "#,##0.00", "date": "dd.mm.yyyy",
                  "text": "@"}  # fmt: skip
PROSE_WIDTH = 76  # letters in a line of explanations: one column wider than A4 is cut, not shrunk
LINE = 15  # points: the height of one line of text
HIGHEST = 409  # points of a row: Excel's own limit
MOST_ARGUMENTS = 255  # of a function: Excel's own limit, too
SHEET_NAME_LENGTH = 31  # Excel's own limit
WIDTH_OF_BOLD = 1.2  # of a bold letter against the digits in which Excel counts the width of columns
_WORDS = {"total": "left"}  # «ВСЕГО» begins at its column and runs into the empty cells beside it
CHARTS_ON_PAGE = 3
COLOURS = ("#1f5f8b", "#c8641b", "#4f7a28", "#7a3b78", "#8a6d1f", "#3f6f6f")


@dataclass(slots=True)
class _Book:
    book: Any
    formats: dict[tuple[str, str], Any]

    def format(self, kind: str, style: str) -> Any:
        key = (kind, style)
        if key not in self.formats:
            look: dict[str, Any] = {"num_format": NUMBER_FORMATS.get(kind, "@"), "border": 1, "valign": "top"}
            look |= (
                {"text_wrap": True}
                if kind == "text"
                else {"align": _WORDS.get(style, "center") if kind == "word" else "right"}
            )
            look |= {"bold": True} if style in ("total", "head") else {}
            look |= {"bg_color": "#eef3f7"} if style == "total" else {}
            look |= {"font_color": "#666666"} if style == "muted" else {}
            self.formats[key] = self.book.add_format(look)
        return self.formats[key]


def render(report: Report) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "dd.mm.yyyy"}) as book:
        book.set_properties({"title": report.title, "subject": subtitle(report)})
        book.set_calc_mode("auto")
        state = _Book(book, {})
        names: set[str] = set()
        for number, table in enumerate(report.tables, 1):
            _sheet(state, report, table, _name(table, number, names))
        prose = [section for section in report.sections if isinstance(section, Text)]
        if prose or not report.tables:
            _prose(state, report, prose)
        charts = [section for section in report.sections if isinstance(section, Chart)]
        if charts:
            _charts(state, charts)
    return out.getvalue()


def _name(table: Table, number: int, used: set[str]) -> str:
    base = "".join(" " if c in "[]:*?/\\'" else c for c in table.title or f"Таблица {number}").strip()
    base = base[: SHEET_NAME_LENGTH - 4].strip()
    name = base if base.casefold() not in used else f"{base} {number}"
    used.add(name.casefold())
    return name


def _sheet(state: _Book, report: Report, table: Table, name: str) -> None:
    sheet = state.book.add_worksheet(name)
    bold = state.book.add_format({"bold": True, "font_size": 12})
    grey = state.book.add_format({"font_color": "#555555"})
    top = 0
    plain = state.book.add_format({})
    heads = ((report.title, bold), (subtitle(report), plain), (coverage_line(report), grey), (table.title, bold))
    for line, look in heads:
        if line:
            _across(sheet, top, line, look, table)
            top += 1
    first = _heading(state, sheet, table, top + 1)
    for number, row in enumerate(table.rows):
        _row(state, sheet, table, row, first, number)
    last = first + len(table.rows)
    for shift, note in enumerate((*table.notes, made_line(report))):
        _across(sheet, last + 1 + shift, note, grey, table)
    _page(sheet, report, table, top + 1, first, last + len(table.notes) + 1)


def _across(sheet: Any, at: int, text: str, look: Any, table: Table) -> None:
    """A line of text over all columns, as high as it needs: what runs out of the print area is not printed."""
    look.set_text_wrap()
    look.set_align("top")
    width = sum(column.width for column in table.columns)
    sheet.set_row(at, min(HIGHEST, 16 * -(-len(text) * 11 // (max(width, 1) * 10))))
    if len(table.columns) > 1:
        sheet.merge_range(at, 0, at, len(table.columns) - 1, "", look)
    sheet.write_string(at, 0, text, look)  # whatever it begins with: a school's name is no formula and no address


def _heading(state: _Book, sheet: Any, table: Table, top: int) -> int:
    """The heading of one or two lines, and the official numbers of columns; returns the first line of data."""
    look = state.book.add_format(
        {"bold": True, "text_wrap": True, "border": 1, "align": "center", "valign": "vcenter", "bg_color": "#dfe9f1"}
    )
    grouped = any(column.group for column in table.columns)
    at = 0
    for at, column in enumerate(table.columns):
        words = max(len(word) for word in (*column.title.replace("-", "- ").split(), ""))
        sheet.set_column(at, at, max(column.width, round(words * WIDTH_OF_BOLD) + 1))
        if not grouped:
            sheet.write_string(top, at, column.title, look)
        elif not column.group:
            sheet.merge_range(top, at, top + 1, at, column.title, look)
        else:
            sheet.write_string(top + 1, at, column.title, look)
    if grouped:
        _groups(sheet, table.columns, top, look)
    longest = max((len(column.title) / max(column.width, 1) for column in table.columns), default=1)
    line = top + 1 if grouped else top
    sheet.set_row(line, 15 * min(7, max(2, round(longest * 1.5 + 1))))
    if table.numbered:
        line += 1
        for at in range(len(table.columns)):
            sheet.write_number(line, at, at + 1, look)
    return line + 1


def _groups(sheet: Any, columns: tuple[Column, ...], top: int, look: Any) -> None:
    start = 0
    while start < len(columns):
        end = start
        while end + 1 < len(columns) and columns[end + 1].group == columns[start].group:
            end += 1
        if columns[start].group and end > start:
            sheet.merge_range(top, start, top, end, columns[start].group, look)
        elif columns[start].group:
            sheet.write_string(top, start, columns[start].group, look)
        start = end + 1


def _lines(row: Row, columns: tuple[Column, ...]) -> int:
    """How many lines the longest text of a row takes: the height has to be written, programs do not find it."""
    texts = [
        (len(cell.value), column.width)
        for cell, column in zip(row.cells, columns, strict=True)
        if isinstance(cell.value, str) and column.kind == "text"
    ]
    return max((-(-length // max(1, width - 1)) for length, width in texts), default=1) or 1


def _row(state: _Book, sheet: Any, table: Table, row: Row, first: int, number: int) -> None:
    lines = _lines(row, table.columns)
    if lines > 1:
        sheet.set_row(first + number, 15 * min(lines, 12))
    for at, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
        look = state.format(column.kind, row.style)
        line = first + number
        if cell.sum_of and isinstance(cell.value, int | float):
            sheet.write_formula(line, at, _formula(cell, at, first), look, cell.value)
        elif cell.value is None:
            sheet.write_string(line, at, "—", look)
        elif cell.value == "":
            sheet.write_blank(line, at, None, look)
        elif isinstance(cell.value, str):
            kind = "text" if column.kind == "text" else "word"  # a word among numbers may run into the empty cells
            sheet.write_string(line, at, cell.value, state.format(kind, row.style))
        elif isinstance(cell.value, date):
            sheet.write_datetime(line, at, cell.value, state.format("date", row.style))
        else:
            sheet.write_number(line, at, cell.value, look)
        if cell.note:
            sheet.write_comment(line, at, cell.note)


def _formula(cell: Cell, at: int, first: int) -> str:
    """SUM passes over the dash of a row that has no number; with «+» Excel would show #VALUE!."""
    column = xl_col_to_name(at)
    places = [
        f"{column}{first + start + 1}" + (f":{column}{first + end + 1}" if end > start else "")
        for start, end in _runs(cell.sum_of)
    ]
    sums = (places[n : n + MOST_ARGUMENTS] for n in range(0, len(places), MOST_ARGUMENTS))
    return "=" + "+".join(f"SUM({','.join(some)})" for some in sums)


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """First and last of each row of numbers that follow each other."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _page(sheet: Any, report: Report, table: Table, top: int, first: int, last: int) -> None:
    wide = report.landscape or sum(column.width for column in table.columns) > 95
    if wide:
        sheet.set_landscape()
    sheet.set_paper(8 if len(table.columns) > A4_COLUMNS else 9)  # A3 or A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.4, top=0.5, bottom=0.6)
    sheet.repeat_rows(top, first - 1)
    sheet.freeze_panes(first, 1)
    sheet.print_area(0, 0, last, len(table.columns) - 1)
    sheet.set_footer(f"&L{report.title[:FOOTER].replace('&', '&&')}&RСтраница &P из &N")


def _prose(state: _Book, report: Report, prose: list[Text]) -> None:
    sheet = state.book.add_worksheet("Пояснения")
    wrap = state.book.add_format({"text_wrap": True, "valign": "top"})
    bold = state.book.add_format({"text_wrap": True, "valign": "top", "bold": True})
    sheet.set_column(0, 0, PROSE_WIDTH)
    lines = [(line, bold) for line in (report.title, subtitle(report), *report.head)]
    for section in prose:
        look = bold if section.level else wrap
        lines += [(line, look) for line in (section.text, *(f"• {item}" for item in section.items)) if line]
    for at, (line, look) in enumerate(lines):
        lines_of_text = -(-round(len(line) * (WIDTH_OF_BOLD if look is bold else 1)) // (PROSE_WIDTH - 4))
        sheet.set_row(at, min(HIGHEST, LINE * lines_of_text))
        sheet.write_string(at, 0, line, look)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.4, top=0.5, bottom=0.6)
    sheet.print_area(0, 0, max(0, len(lines) - 1), 0)


def _charts(state: _Book, charts: list[Chart]) -> None:
    data = state.book.add_worksheet("Данные графиков")
    sheet = state.book.add_worksheet("Графики")
    for one in (data, sheet):
        one.set_paper(9)
    data.fit_to_pages(1, 0)
    sheet.fit_to_pages(1, -(-len(charts) // CHARTS_ON_PAGE))  # no chart is cut in two
    data.set_column(0, 0, 40)
    data.set_column(1, max(len(chart.series) for chart in charts), 16)
    line = 0
    for number, chart in enumerate(charts):
        data.write_string(line, 0, chart.title)
        for at, (name, values) in enumerate(chart.series, 1):
            data.write_string(line + 1, at, name)
            for row, value in enumerate(values):
                if value is not None:
                    data.write_number(line + 2 + row, at, value)
        for row, category in enumerate(chart.categories):
            data.write_string(line + 2 + row, 0, shortened(category, CATEGORY))
        sheet.insert_chart(number * 22, 0, _native(state, chart, line + 2))
        line += len(chart.categories) + 4


def _native(state: _Book, chart: Chart, first: int) -> Any:
    kind = {"bar": "column", "stacked": "column", "line": "line"}[chart.kind]
    options = {"type": kind, "subtype": "stacked"} if chart.kind == "stacked" else {"type": kind}
    made = state.book.add_chart(options)
    last = first + len(chart.categories) - 1
    for at, (_, _) in enumerate(chart.series, 1):
        colour = COLOURS[(at - 1) % len(COLOURS)]
        look = {"line": {"color": colour}} if kind == "line" else {"fill": {"color": colour}}
        made.add_series(
            {
                "name": ["Данные графиков", first - 1, at],
                "categories": ["Данные графиков", first, 0, last, 0],
                "values": ["Данные графиков", first, at, last, at],
                **look,
            }
        )
    made.set_title({"name": chart.title, "name_font": {"size": 12}})
    made.set_y_axis({"name": chart.unit, "major_gridlines": {"visible": True, "line": {"color": "#d0d0d0"}}})
    made.set_legend({"position": "bottom"} if len(chart.series) > 1 else {"none": True})
    made.set_size({"width": 900, "height": 400})
    return made
