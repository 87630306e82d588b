"""A table as WordprocessingML (ECMA-376 part 1, 17.4): headings that repeat on every page, columns by their width."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from docx.oxml import parse_xml

from catalog_sync.reports.model import Column, Row, Table
from catalog_sync.reports.render.shared import clean, shown

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
TWIPS_PER_MM = 1440 / 25.4
TWIPS_PER_LETTER = 5.9  # of one half-point of size: the mean width of bold Cyrillic letters of a book face
SMALLEST = 12  # half-points: 6 points is the least that is read without a glass
LONGEST = 18  # longer words (addresses) are broken
KEPT_TOGETHER = 12  # rows of a table that is not split between pages, nor parted from the line below it
LOOKED_AT = 200  # rows whose words are measured
NUMERIC = ("int", "decimal", "percent", "money")


def table_element(table: Table, width_mm: float) -> Any:
    """The <w:tbl> of a table, `width_mm` wide."""
    size, widths = _layout(table, round(width_mm * TWIPS_PER_MM))
    grid = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    lines = "".join(_heading(table, widths, size))
    together = len(table.rows) <= KEPT_TOGETHER
    lines += "".join(_row(row, table.columns, widths, size, together) for row in table.rows)
    border = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    return parse_xml(
        f'<w:tbl xmlns:w="{W}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:tblBorders>{border}</w:tblBorders>'
        '<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="50" w:type="dxa"/><w:right w:w="50" w:type="dxa"/>'
        f"</w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl>"
    )


def _layout(table: Table, total: int) -> tuple[int, list[int]]:
    """Size of the letters in half-points and widths of the columns: no word is broken while smaller letters help."""
    count = len(table.columns)
    size = 20 if count <= 6 else 18 if count <= 9 else 15
    words = [_longest_word(table, at) for at in range(count)]
    while size > SMALLEST and sum(_needs(word, size) for word in words) > total:
        size -= 1
    return size, _widths(table.columns, [_needs(word, size) for word in words], total)


def _longest_word(table: Table, at: int) -> int:
    column = table.columns[at]
    texts = [column.title, *(shown(row.cells[at].value, column) for row in table.rows[:LOOKED_AT])]
    whole = column.kind in (*NUMERIC, "date")  # a number with its spaces stands on one line
    numbers = [len(text) for text in texts[1:] if whole and text[:1].isdigit()]
    words = [len(word) for text in texts for word in text.replace("-", "- ").split()]
    return min(max([4, *words, *numbers]), LONGEST)


def _needs(letters: int, size: int) -> int:
    return round(letters * size * TWIPS_PER_LETTER) + 110


def _widths(columns: tuple[Column, ...], floors: list[int], total: int) -> list[int]:
    """What each column needs, and the rest shared out as the columns ask."""
    asked = sum(column.width for column in columns) or 1
    rest = total - sum(floors)
    if rest <= 0:
        return [floor * total // sum(floors) for floor in floors]
    wished = [max(0, total * column.width // asked - floor) for column, floor in zip(columns, floors, strict=True)]
    return [floor + rest * wish // (sum(wished) or 1) for floor, wish in zip(floors, wished, strict=True)]


def _heading(table: Table, widths: list[int], size: int) -> list[str]:
    columns = table.columns
    grouped = any(column.group for column in columns)
    lines = []
    if grouped:
        lines.append(_line(_group_cells(columns, widths, size), heading=True))
    merge = "continue" if grouped else ""
    cells = [
        _cell("" if grouped and not c.group else c.title, w, size, bold=True, merge="" if c.group else merge)
        for c, w in zip(columns, widths, strict=True)
    ]
    lines.append(_line(cells, heading=True))
    if table.numbered:
        lines.append(_line([_cell(str(n), w, size) for n, w in enumerate(widths, 1)], heading=True))
    return lines


def _group_cells(columns: tuple[Column, ...], widths: list[int], size: int) -> list[str]:
    cells, start = [], 0
    while start < len(columns):
        end = start
        while columns[start].group and end + 1 < len(columns) and columns[end + 1].group == columns[start].group:
            end += 1
        column, width = columns[start], sum(widths[start : end + 1])
        if column.group:
            cells.append(_cell(column.group, width, size, bold=True, span=end - start + 1))
        else:
            cells.append(_cell(column.title, width, size, bold=True, merge="restart"))
        start = end + 1
    return cells


def _row(row: Row, columns: tuple[Column, ...], widths: list[int], size: int, together: bool) -> str:
    cells = []
    for cell, column, width in zip(row.cells, columns, widths, strict=True):
        align = "left" if column.kind == "text" else "centre" if isinstance(cell.value, str) else "right"
        fill = "EEF3F7" if row.style == "total" else ""
        cells.append(
            _cell(shown(cell.value, column), width, size, align=align, bold=row.style in ("total", "head"), fill=fill,
                  keep=together)
        )
    return _line(cells)


def _line(cells: list[str], heading: bool = False) -> str:
    return f"<w:tr><w:trPr><w:cantSplit/>{'<w:tblHeader/>' if heading else ''}</w:trPr>{''.join(cells)}</w:tr>"


def _cell(
    text: str, width: int, size: int, *, align: str = "center", bold: bool = False, span: int = 1, merge: str = "",
    fill: str = "", keep: bool = False,
) -> str:  # fmt: skip
    parts = [f'<w:tcW w:w="{width}" w:type="dxa"/>']
    parts += [f'<w:gridSpan w:val="{span}"/>'] if span > 1 else []
    parts += ["<w:vMerge/>" if merge == "continue" else f'<w:vMerge w:val="{merge}"/>'] if merge else []
    parts += [f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>'] if fill else []
    parts += ['<w:vAlign w:val="center"/>'] if align == "center" else []
    weight, stays = "<w:b/>" if bold else "", "<w:keepNext/>" if keep else ""
    run = f'<w:rPr>{weight}<w:sz w:val="{size}"/></w:rPr><w:t xml:space="preserve">{escape(clean(text))}</w:t>'
    return (
        f'<w:tc><w:tcPr>{"".join(parts)}</w:tcPr><w:p><w:pPr>{stays}<w:spacing w:after="0" w:line="240"'
        f' w:lineRule="auto"/><w:jc w:val="{align.replace("centre", "center")}"/></w:pPr><w:r>{run}</w:r></w:p></w:tc>'
    )
