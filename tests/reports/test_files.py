"""Every report as every file: numbers are numbers, totals are formulas, office programs open them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
from xml.etree import ElementTree

import pytest
from docx import Document
from openpyxl import load_workbook

from catalog_sync.errors import Refused
from catalog_sync.reports import registry
from catalog_sync.reports.model import Cell, Chart, Column, Report, Row, Table
from catalog_sync.reports.render import render
from catalog_sync.reports.render.html_page import rules
from catalog_sync.reports.render.svg_chart import HEIGHT, svg
from tests.peers import need
from tests.reports.sample import TODAY, build

NAMES = [name for name, _ in registry.names()]


@pytest.fixture(scope="module")
def engine():
    return build(schools=8, records=36)


def made(engine, name: str) -> Report:
    library = "school-01" if registry.entry(name).needs_library else ""
    return registry.make(engine, name, library=library, period="2026Q3", today=TODAY, organisation="Отдел образования")


@pytest.mark.parametrize("name", NAMES)
def test_every_report_becomes_every_file(engine, name):
    report = made(engine, name)
    json.loads(render(report, "json"))
    assert list(csv.reader(io.StringIO(render(report, "csv").decode("utf-8-sig")), delimiter=";"))
    assert Document(io.BytesIO(render(report, "docx"))).paragraphs
    assert load_workbook(io.BytesIO(render(report, "xlsx"))).sheetnames
    assert render(report, "html").startswith(b"<!DOCTYPE html>")


def test_totals_are_formulas_and_say_what_the_cells_say(engine):
    book = load_workbook(io.BytesIO(render(made(engine, "replenishment"), "xlsx")))
    sheet = book.worksheets[0]
    total = next(row for row in sheet.iter_rows() if row[0].value == "ИТОГО по району")
    assert str(total[12].value).startswith("=")
    assert sheet.freeze_panes
    assert sheet.print_title_rows
    values = load_workbook(io.BytesIO(render(made(engine, "replenishment"), "xlsx")), data_only=True).worksheets[0]
    number = next(row for row in values.iter_rows() if row[0].value == "ИТОГО по району")[12]
    assert isinstance(number.value, int)


def test_a_title_that_looks_like_a_formula_stays_text():
    table = Table((Column("Заглавие", "text"), Column("Экз.")), (Row((Cell("=1+1"), Cell(2))),), "Проба")
    report = Report("x", "Проба", "", TODAY, TODAY, TODAY, (table,))
    sheet = load_workbook(io.BytesIO(render(report, "xlsx"))).worksheets[0]
    cell = next(c for row in sheet.iter_rows() for c in row if c.value == "=1+1")
    assert cell.data_type == "s"
    assert "'=1+1" in render(report, "csv").decode("utf-8-sig")
    assert "<script>" not in render(_with_text("<script>alert(1)</script>\x01"), "html").decode()
    render(_with_text("<script>\x01"), "docx")


def _with_text(text: str) -> Report:
    return Report("x", text, text, TODAY, TODAY, TODAY, (Table((Column(text, "text"),), (Row((Cell(text),)),), text),))


def test_an_unknown_format_is_refused_with_the_known_ones(engine):
    with pytest.raises(Refused, match="json, csv, xlsx"):
        render(made(engine, "oo2"), "pdf")


@pytest.mark.parametrize("kind", ["bar", "stacked", "line"])
def test_a_chart_is_valid_svg_with_its_numbers_in_words(kind):
    chart = Chart(
        "Поступило & выбыло", ("А", "Б", "В"), (("x", (1.0, None, 12345.0)), ("y", (0.0, 3.0, 2.0))), kind, "экз."
    )
    root = ElementTree.fromstring(svg(chart))
    description = root.find("{http://www.w3.org/2000/svg}desc").text
    assert "В 12\u00a0345" in description
    assert "Б нет данных" in description


def test_a_chart_of_nothing_is_still_a_chart():
    ElementTree.fromstring(svg(Chart("Пусто", (), ())))
    ElementTree.fromstring(svg(Chart("Ноль", ("А",), (("", (0.0,)),))))


def test_the_memo_speaks_russian(engine):
    words = " ".join(p.text for p in Document(io.BytesIO(render(made(engine, "memo"), "docx"))).paragraphs)
    words = words.replace("\u00a0", " ")
    assert "Отдел образования" in words
    assert "Данные получены по 7 из 8 школ (87,5 %)." in words
    assert "Нет свежих данных в 1 школе: Школа school-07." in words
    assert "заканчивается 1 лицензия на 340 названий" in words
    for wrong in (r"\b1 школ\b", r"[2-9] школа\b", r"в 1 школах", "None", "nan", r"\.\.", r"\b[05-9] экземпляр\b"):
        assert not re.search(wrong, words)


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("ending", ["docx", "xlsx"])
def test_office_programs_open_every_report_and_make_pages_of_it(engine, tmp_path, ending):
    need("soffice")
    files = []
    for name in NAMES:
        path = tmp_path / f"{name}.{ending}"
        path.write_bytes(render(made(engine, name), ending))
        files.append(str(path))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *files]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    for name in NAMES:
        pages = (tmp_path / f"{name}.pdf").read_bytes()
        assert pages.startswith(b"%PDF")
        assert b"/Type/Page" in pages or b"/Type /Page" in pages


def test_a_total_over_schools_one_of_which_names_no_number_is_a_number_in_excel():
    rows = (Row((Cell("А"), Cell(None))), Row((Cell("Б"), Cell("нет данных"))), Row((Cell("В"), Cell(5))),
            Row((Cell("Г"), Cell(7))), Row((Cell("Всего"), Cell(12, sum_of=(0, 2, 3)))))  # fmt: skip
    table = Table((Column("Школа", "text"), Column("Обучающихся")), rows, "=Проба")
    report = Report("x", "Проба", "", TODAY, TODAY, TODAY, (table,), library_name="=1+1")
    sheet = load_workbook(io.BytesIO(render(report, "xlsx"))).worksheets[0]
    total = next(row for row in sheet.iter_rows() if row[0].value == "Всего")
    first = total[1].row - 4
    assert total[1].value == f"=SUM(B{first},B{first + 2}:B{first + 3})"  # with «+» the dash would be #VALUE!
    assert {cell.data_type for row in sheet.iter_rows(max_row=first - 1) for cell in row if cell.value} == {"s"}
    assert "'=1+1" in render(report, "csv").decode("utf-8-sig")


def test_a_letter_that_xml_forbids_does_not_keep_a_paper_from_being_made():
    render(_with_text("Алгебра\ufffe\uffff"), "docx")


def test_columns_that_are_counted_alike_are_explained_once():
    rule = "доля записей, в которых поле заполнено"
    columns = (Column("Школа", "text"), Column("год", "percent", group="Полнота", rule=rule),
               Column("ББК", "percent", group="Полнота", rule=rule), Column("Всего", rule="сумма"))  # fmt: skip
    table = Table(columns, (Row((Cell("А"), Cell(0.5), Cell(0.5), Cell(1))),))
    assert rules(table) == [f"Как посчитано: «Полнота, год», «Полнота, ББК» — {rule}; «Всего» — сумма."]


def test_a_long_name_does_not_push_the_bars_out_of_a_chart(engine):
    name = "Школа № 9 с углублённым изучением английского языка"
    chart = Chart("Фонд", (name, "Лицей"), (("Съёмные", (1.0, 2.0)), ("Лицензионные", (3.0, 4.0))), kind="stacked")
    whole = report_of(chart)
    word = Document(io.BytesIO(render(whole, "docx")))
    drawn = next(part.blob.decode() for part in word.part.package.iter_parts() if "charts/chart" in part.partname)
    assert name not in drawn
    assert "Школа № 9 с углублённым и…" in drawn
    book = load_workbook(io.BytesIO(render(whole, "xlsx")))
    assert book["Данные графиков"]["A3"].value == "Школа № 9 с углублённым и…"
    sheet = book["Графики"]
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.page_setup.fitToHeight != 0  # as many pages as it takes: a chart would be cut in two
    rotated = re.findall(r'<text x="[\d.]+" y="(\d+)"[^>]*rotate', svg(chart))
    assert rotated
    assert all(int(y) + LABEL_FALL < HEIGHT - 16 for y in rotated)  # the legend stands below them


def report_of(chart: Chart) -> Report:
    return Report("x", "Проба", "за 2026 год", TODAY, TODAY, TODAY, (chart,))


LABEL_FALL = 60  # of sixteen letters of 11 points turned by 35 degrees


def test_bases_are_named_by_the_formats_people_know(engine):
    table = next(one for one in made(engine, "cataloguing").tables if one.name == "sources")
    at = [column.title for column in table.columns].index("Формат")
    assert {row.cells[at].value for row in table.rows} <= {"МАРК-SQL", "RUSMARC", "UNIMARC", "MARC 21", ""}


def test_a_page_shows_as_many_lines_as_are_read_and_a_spreadsheet_has_all(monkeypatch):
    monkeypatch.setattr("catalog_sync.reports.render.shared.MOST_ROWS", 2)
    rows = [Row((Cell(f"Школа {n}"), Cell(n))) for n in (1, 2, 3)]
    total = Row((Cell("Всего"), Cell(6, sum_of=(0, 1, 2))), "total")
    table = Table((Column("Школа", "text"), Column("Экз.")), (*rows, total), "Проба")
    report = Report("x", "Проба", "", TODAY, TODAY, TODAY, (table,))
    page = render(report, "html").decode()
    written = Document(io.BytesIO(render(report, "docx"))).tables[0]
    paper = "\n".join(cell.text for row in written.rows for cell in row.cells)
    for text in (page, paper):
        assert "Школа 2" in text
        assert "Школа 3" not in text
        assert "Всего" in text
    assert "Показаны первые строки, 2 из 3: все – в XLSX и CSV" in page
    assert "Школа 3" in render(report, "csv").decode()
    sheet = load_workbook(io.BytesIO(render(report, "xlsx"))).worksheets[0]
    assert [row[0].value for row in sheet.iter_rows() if str(row[0].value).startswith("Школа ")] == [
        "Школа 1", "Школа 2", "Школа 3",
    ]  # fmt: skip
