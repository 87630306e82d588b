"""A chart inside DOCX as a native one (DrawingML charts, ECMA-376 part 1, 21.2): sharp in print, no pictures needed.

The values are written as literals, so no workbook is embedded.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import parse_xml
from docx.shared import Mm

from catalog_sync.reports.model import Chart
from catalog_sync.reports.render.shared import CATEGORY, clean, shortened
from catalog_sync.reports.render.xlsx_file import COLOURS

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
NAMESPACES = (
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
WIDTH, HEIGHT = Mm(165), Mm(85)


def _xml(text: str, more: dict[str, str] | None = None) -> str:
    return escape(clean(text), more or {})


def add_chart(document: Any, chart: Chart) -> None:
    """Append a chart to a python-docx document as a paragraph of its own."""
    number = sum(1 for part in document.part.package.iter_parts() if part.content_type == CONTENT_TYPE) + 1
    name = PackURI(f"/word/charts/chart{number}.xml")
    part = Part(name, CONTENT_TYPE, chart_xml(chart).encode("utf-8"), document.part.package)
    relation = document.part.relate_to(part, RELATIONSHIP_TYPE.CHART)
    paragraph = document.add_paragraph()
    paragraph.add_run()._r.append(parse_xml(_drawing(relation, number, chart.title)))


def _drawing(relation: str, number: int, title: str) -> str:
    return (
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        f'{NAMESPACES}><wp:inline><wp:extent cx="{WIDTH}" cy="{HEIGHT}"/>'
        f'<wp:docPr id="{1000 + number}" name="chart{number}" descr="{_xml(title, {chr(34): "&quot;"})}"/>'
        '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f'<c:chart r:id="{relation}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )


def chart_xml(chart: Chart) -> str:
    """The chart part: bars, stacked bars or lines with literal values."""
    series = "".join(_series(chart, number) for number in range(len(chart.series)))
    axes = '<c:axId val="111"/><c:axId val="112"/>'
    if chart.kind == "line":
        plot = f'<c:lineChart><c:grouping val="standard"/>{series}<c:marker val="1"/>{axes}</c:lineChart>'
    else:
        stacked = chart.kind == "stacked"
        overlap = '<c:overlap val="100"/>' if stacked else ""
        plot = (
            f'<c:barChart><c:barDir val="col"/><c:grouping val="{"stacked" if stacked else "clustered"}"/>{series}'
            f'<c:gapWidth val="60"/>{overlap}{axes}</c:barChart>'
        )
    legend = '<c:legend><c:legendPos val="b"/><c:overlay val="0"/></c:legend>' if len(chart.series) > 1 else ""
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><c:chartSpace {NAMESPACES}><c:lang val="ru-RU"/>'
        f'<c:chart>{_title(chart.title)}<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>{plot}{_axes(chart)}'
        f'</c:plotArea>{legend}<c:plotVisOnly val="1"/><c:dispBlanksAs val="gap"/></c:chart></c:chartSpace>'
    )


def _title(text: str, size: int = 1100) -> str:
    run = f'<a:r><a:rPr lang="ru-RU" sz="{size}" b="1"/><a:t>{_xml(text)}</a:t></a:r>'
    return (
        f'<c:title><c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz="{size}" b="1"/></a:pPr>{run}</a:p></c:rich>'
        '</c:tx><c:overlay val="0"/></c:title>'
    )


def _series(chart: Chart, number: int) -> str:
    name, values = chart.series[number]
    colour = COLOURS[number % len(COLOURS)].lstrip("#")
    fill = f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'
    look = f'<c:spPr><a:ln w="28575">{fill}</a:ln></c:spPr>' if chart.kind == "line" else f"<c:spPr>{fill}</c:spPr>"
    points = "".join(f'<c:pt idx="{i}"><c:v>{v}</c:v></c:pt>' for i, v in enumerate(values) if v is not None)
    names = [shortened(category, CATEGORY) for category in chart.categories]
    labels = "".join(f'<c:pt idx="{i}"><c:v>{_xml(c)}</c:v></c:pt>' for i, c in enumerate(names))
    invert = "" if chart.kind == "line" else '<c:invertIfNegative val="0"/>'
    return (
        f'<c:ser><c:idx val="{number}"/><c:order val="{number}"/><c:tx><c:v>{_xml(name)}</c:v></c:tx>{look}{invert}'
        f'<c:cat><c:strLit><c:ptCount val="{len(chart.categories)}"/>{labels}</c:strLit></c:cat>'
        f'<c:val><c:numLit><c:ptCount val="{len(values)}"/>{points}</c:numLit></c:val></c:ser>'
    )


def _axes(chart: Chart) -> str:
    grid = (
        '<c:majorGridlines><c:spPr><a:ln w="6350"><a:solidFill><a:srgbClr val="D0D0D0"/></a:solidFill></a:ln></c:spPr>'
    )
    unit = _title(chart.unit, 900) if chart.unit else ""
    small = '<c:txPr><a:bodyPr/><a:p><a:pPr><a:defRPr sz="800"/></a:pPr><a:endParaRPr lang="ru-RU"/></a:p></c:txPr>'
    ends = '<c:scaling><c:orientation val="minMax"/></c:scaling><c:delete val="0"/>'
    ticks = '<c:majorTickMark val="out"/><c:minorTickMark val="none"/><c:tickLblPos val="nextTo"/>'
    return (
        f'<c:catAx><c:axId val="111"/>{ends}<c:axPos val="b"/>{ticks}{small}<c:crossAx val="112"/></c:catAx>'
        f'<c:valAx><c:axId val="112"/>{ends}<c:axPos val="l"/>{grid}</c:majorGridlines>{unit}'
        f'<c:numFmt formatCode="#,##0" sourceLinked="0"/>{ticks}{small}<c:crossAx val="111"/></c:valAx>'
    )
