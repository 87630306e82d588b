"""DOCX: a paper ready for signature. Text through python-docx; tables and charts as OOXML written at once (ECMA-376),
because a library call per cell makes a district's table take minutes."""

from __future__ import annotations

import io
from typing import Any, NamedTuple

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from catalog_sync.reports.model import Chart, Report, Table, Text
from catalog_sync.reports.render.docx_chart import add_chart
from catalog_sync.reports.render.docx_table import table_element
from catalog_sync.reports.render.shared import A4_COLUMNS, clean, coverage_line, cut, made_line, subtitle

FONT = "Times New Roman"
WIDE_COLUMNS = 9  # a table with more does not fit an upright A4 page
MARGIN_MM = {"left": 25, "right": 15, "top": 20, "bottom": 20}  # ГОСТ Р 7.0.97: поля документа
ALIGN = {
    "right": WD_ALIGN_PARAGRAPH.RIGHT,
    "center": WD_ALIGN_PARAGRAPH.CENTER,
    "": WD_ALIGN_PARAGRAPH.JUSTIFY,
    "note": WD_ALIGN_PARAGRAPH.LEFT,
    "sign": WD_ALIGN_PARAGRAPH.LEFT,
}


def render(report: Report) -> bytes:
    document = Document()
    _styles(document)
    first = report.sections[0] if report.sections else None
    format_ = _format_of(report, first if isinstance(first, Table) else None)  # the title stands above its table
    _page(document.sections[0], format_)
    _head(document, report)
    for section, following in zip(report.sections, (*report.sections[1:], None), strict=True):
        heads = isinstance(section, Text) and section.level > 0
        table = following if heads else section  # a heading goes to the page of its table
        format_ = _turn(document, format_, _format_of(report, table if isinstance(table, Table) else None))
        if isinstance(section, Table):
            _table(document, cut(section), format_.width_mm - MARGIN_MM["left"] - MARGIN_MM["right"])
        elif isinstance(section, Chart):
            add_chart(document, section)
        else:
            _text(document, section)
    _paragraph(document, made_line(report), size=9)
    _page_numbers(document)
    document.core_properties.title = clean(report.title)
    document.core_properties.subject = clean(subtitle(report))
    document.core_properties.author = ""
    document.core_properties.comments = ""
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _styles(document: Any) -> None:
    for name, size in (("Normal", 12), ("Heading 1", 14), ("Heading 2", 13), ("Heading 3", 12)):
        style = document.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), FONT)
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            style.element.rPr.rFonts.attrib.pop(qn(attribute), None)
        if name != "Normal":
            style.font.bold, style.font.color.rgb = True, None
            style.paragraph_format.keep_with_next = True
    body = document.styles["Normal"].paragraph_format
    body.space_after, body.line_spacing = Pt(4), 1.15
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "ru-RU")
    document.styles["Normal"].element.get_or_add_rPr().append(language)


class _Format(NamedTuple):
    """A page: ISO 216 sizes, in millimetres."""

    width_mm: int
    height_mm: int


UPRIGHT, LANDSCAPE, LARGE = _Format(210, 297), _Format(297, 210), _Format(420, 297)  # A4, A4 turned, A3 turned


def _format_of(report: Report, table: Table | None) -> _Format:
    """The page a table needs; text goes on A4."""
    columns = len(table.columns) if table else 0
    if columns > A4_COLUMNS:
        return LARGE
    return LANDSCAPE if report.landscape or columns > WIDE_COLUMNS else UPRIGHT


def _page(section: Any, format_: _Format) -> None:
    wide = format_.width_mm > format_.height_mm
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Mm(format_.width_mm), Mm(format_.height_mm)
    for side, size in MARGIN_MM.items():
        setattr(section, f"{side}_margin", Mm(size))


def _turn(document: Any, now: _Format, needed: _Format) -> _Format:
    """Begin a page of another size where it is needed."""
    if now != needed:
        _page(document.add_section(), needed)
    return needed


def _head(document: Any, report: Report) -> None:
    for line in report.head:
        _paragraph(document, line, align="center")
    title = document.add_heading(clean(report.title), level=1)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _paragraph(document, subtitle(report), align="center")
    if coverage_line(report):
        _paragraph(document, coverage_line(report), align="note")


def _paragraph(document: Any, text: str, *, align: str = "", size: float = 0, style: str | None = None) -> Any:
    paragraph = document.add_paragraph(clean(text), style=style)
    paragraph.alignment = ALIGN.get(align, WD_ALIGN_PARAGRAPH.LEFT)
    if size:
        for run in paragraph.runs:
            run.font.size = Pt(size)
    return paragraph


def _text(document: Any, section: Text) -> None:
    if section.level:
        heading = document.add_heading(clean(section.text), level=section.level)
        heading.paragraph_format.page_break_before = section.style == "page" or None
    elif section.text:
        paragraph = _paragraph(document, section.text, align=section.style, size=10 if section.style == "note" else 0)
        if section.style == "":
            paragraph.paragraph_format.first_line_indent = Mm(12.5)
    for item in section.items:
        _paragraph(document, item, align="note", style="List Bullet")


def _table(document: Any, table: Table, width_mm: int) -> None:
    if table.title:
        title = _paragraph(document, table.title, align="center")
        title.runs[0].bold = True
        title.paragraph_format.keep_with_next = True
    body = document.element.body
    body.insert(len(body) - 1, table_element(table, width_mm))  # the last child is the section's properties
    for note in table.notes:
        _paragraph(document, note, align="note", size=9)
    _paragraph(document, "", align="note", size=6)


def _page_numbers(document: Any) -> None:
    for section in document.sections:
        section.footer.is_linked_to_previous = section is not document.sections[0] and True
    paragraph = document.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)
