"""Lists of LibreOffice (.ods): what a person sees in the sheet is what is read, and nothing that hides beside it."""

from __future__ import annotations

import io
import re
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment

from catalog_sync.errors import Refused, SourceUnavailable
from catalog_sync.model import Dialect, Source
from catalog_sync.store import tabular
from harvesters import by_hand, limits
from harvesters.table import TableSettings, preview
from harvesters.table_reading import read_sheet, sheet_names
from tests import peers
from tests.harvesters.test_table import HEADINGS, ROWS, bibs, xlsx
from tests.opendocument import cell, ods, package, row, table

NOTE = "<office:annotation><text:p>спросить у завуча</text:p></office:annotation>"
PICTURE = "<draw:frame><draw:text-box><text:p>печать</text:p></draw:text-box></draw:frame>"
ENCRYPTED = '<manifest:file-entry><manifest:encryption-data manifest:checksum="x"/></manifest:file-entry>'
BOOK = row("Автор", "Название")


def rows_of(*rows: str) -> tuple[tuple[str, ...], ...]:
    return read_sheet("a.ods", ods(table(*rows))).rows


def shown(made: str) -> str:
    [[text]] = rows_of(row(made))
    return text


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (cell("00123", "float", "123"), "00123"),
        (cell("9,78509E+12", "float", "9785090713672"), "9785090713672"),
        (cell("###", "float", "2019"), "2019"),
        (cell("1 250,50 ₽", "currency", "1250.5"), "1250.5"),
        (cell("01.09.19", "date", "2019-09-01"), "2019-09-01"),
        (cell("2019", "date", "1905-07-11"), "1905-07-11"),
        (cell("02.01.2020 10:30", "date", "2020-01-02T10:30:00.000000000"), "2020-01-02 10:30:00"),
        (cell("31.02.2020", "date", "2020-02-31"), "31.02.2020"),
        (cell("NaN", "float", "NaN"), "NaN"),
        (cell("", "string", "Сказки"), "Сказки"),
        (cell("15\n16"), "15; 16"),
        (cell("Герой\nнашего времени"), "Герой нашего времени"),
        ("<table:table-cell><text:p>15\n  16</text:p></table:table-cell>", "15 16"),
        ("<table:table-cell><text:p>15<text:line-break/>16</text:p></table:table-cell>", "15; 16"),
        ('<table:table-cell><text:p>А<text:s text:c="3"/>Б<text:tab/>В</text:p></table:table-cell>', "А Б В"),
        ("<table:table-cell><text:p><text:span>Ка</text:span>питан<text:a>ская</text:a></text:p></table:table-cell>",
         "Капитанская"),
        (cell("Вий", inside=NOTE + PICTURE), "Вий"),
    ],
)  # fmt: skip
def test_a_cell_is_what_it_says(made: str, text: str) -> None:
    assert shown(made) == text


def test_a_failed_formula_a_truth_value_and_a_covered_cell_say_nothing() -> None:
    failed = '<table:table-cell calcext:value-type="error"><text:p>#Н/Д</text:p></table:table-cell>'
    covered = "<table:covered-table-cell><text:p>было</text:p></table:covered-table-cell>"
    assert rows_of(row(failed, cell("ИСТИНА", "boolean", "true"), covered, "Вий")) == (("", "", "", "Вий"),)


def test_repeated_cells_and_rows_are_as_many_as_they_say() -> None:
    assert rows_of(row(cell("А", times=2), cell(times=3), "Б", times=2)) == (("А", "А", "", "", "", "Б"),) * 2


def test_a_million_empty_rows_are_not_written_out() -> None:
    blank = cell(times=16_384)
    assert len(rows_of(BOOK, row("Пушкин", "Сказки", blank), row(blank, times=1_048_574))) == 2
    assert len(tabular.cells(ods(table(row("Класс"), row(blank, times=1_048_575))))) < 2_000


def test_a_row_filled_down_to_the_end_is_refused() -> None:
    with pytest.raises(SourceUnavailable, match="разделите список"):
        rows_of(BOOK, row("-", times=1_048_575))


def test_the_sheet_is_chosen_and_the_hidden_copies_of_other_files_are_none() -> None:
    linked = table(row("чужое"), name="&apos;file:///home/a.ods&apos;#$Лист1")
    drawn = f"<table:shapes><draw:frame>{table(row('диаграмма'))}</draw:frame></table:shapes>"
    data = ods(linked, table(drawn, BOOK, name="Книги"), table(row("Алгебра"), name="Учебники"))
    assert sheet_names("a.ods", data) == ("Книги", "Учебники")
    assert read_sheet("a.ods", data).rows == (("Автор", "Название"),)
    assert read_sheet("a.ods", data, sheet="Учебники").rows == (("Алгебра",),)
    with pytest.raises(SourceUnavailable, match="есть: Книги, Учебники"):
        read_sheet("a.ods", data, sheet="Нет такого")


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.ods", ods(table(BOOK), manifest=ENCRYPTED), "защищена паролем"),
        ("a.ods", ods(table(BOOK))[:-30], "оборван или повреждён"),
        ("a.ods", package("<office:document-content"), "оборван или повреждён"),
        ("a.ods", package('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), "объявлены сущности XML"),
        ("a.ods", package(f"<a>{table(BOOK)}</a>".replace("table:", "").replace("text:", "").replace("office:", "")),
         "другой документ"),
        ("a.ods", b"PK\x03\x04 torn", "оборван или повреждён"),
        ("a.fods", b"<office:document office:mimetype='application/vnd.oasis.opendocument.spreadsheet'/>", "[.]fods"),
        ("a.ods", b"\xff\xd8\xff\xe0\x00\x10JFIF", "двоичные данные"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_one_line(name: str, data: bytes, why: str) -> None:
    with pytest.raises(SourceUnavailable, match=why) as refused:
        read_sheet(name, data)
    said = re.sub(rf"{re.escape(name)}|OpenDocument|Excel|CSV|XML|\.f?ods|\.xlsx", "", str(refused.value))
    assert not re.search("[A-Za-z]{3,}|\n", said)
    assert sheet_names(name, data) == ()


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", limits.MEGABYTE)
    with pytest.raises(SourceUnavailable, match="больше 1 МБ"):
        read_sheet("a.ods", ods(table(row("Я" * limits.MEGABYTE))))


def test_a_book_of_excel_called_ods_and_the_other_way_round_are_read() -> None:
    assert read_sheet("a.ods", xlsx([["Вий"]])).rows == (("Вий",),)
    assert read_sheet("a.xlsx", ods(table(row("Вий")))).rows == (("Вий",),)


def test_a_flat_spreadsheet_brought_by_hand_is_told_what_to_do() -> None:
    flat = b'<?xml version="1.0"?><office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet"/>'
    with pytest.raises(SourceUnavailable, match=r"сохраните заново как таблицу \.ods"):
        list(by_hand.opened("список.fods", flat, Source("s", "l"), complete=True))
    with pytest.raises(Refused, match=r"сохраните как \.ods"):
        tabular.cells(flat)


def test_a_list_of_the_methodologist_may_be_ods() -> None:
    pupils = row("Класс", "Предмет", "Обучающихся"), row(cell("5", "float", "5"), "Алгебра", cell("27", "float", "27"))
    _, rows = tabular.read("needs", ods(table(*pupils)))
    assert rows == [{"grade": "5", "subject": "Алгебра", "pupils": "27"}]
    with pytest.raises(Refused, match="паролем"):
        tabular.cells(ods(table(*pupils), manifest=ENCRYPTED))


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """One list as Excel keeps it, and as the real LibreOffice saves it."""
    peers.need("soffice")
    book = openpyxl.Workbook()
    page: Any = book.active
    for cells in [HEADINGS, *ROWS, [4, "Гоголь Н. В.", "Вий\nи другие", None, None, 2001, None, None, 1250, 123]]:
        page.append(cells)
    year = datetime(1905, 7, 11)  # as Excel shows the day number 2019
    page.append([5, None, "Мцыри", None, None, year, None, 3, None, "15\n16\n17", datetime(2020, 1, 2)])
    page["J5"].number_format, page["I5"].number_format, page["F6"].number_format = "00000", '#,##0.00" ₽"', "yyyy"
    page["C5"].comment = Comment("спросить у завуча", "я")
    page.append([])
    page["C8"] = "Объединённая"
    page.merge_cells("C8:E8")
    book.create_sheet("Учебники").append(["Алгебра"])
    out = io.BytesIO()
    book.save(out)
    folder = tmp_path_factory.mktemp("office")
    (folder / "a.xlsx").write_bytes(out.getvalue())
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "ods"]
    subprocess.run([*command, "--outdir", str(folder), str(folder / "a.xlsx")], check=True, timeout=300,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    return out.getvalue(), Path(folder / "a.ods").read_bytes()


def test_what_the_real_libreoffice_saves_reads_like_the_book_of_excel(both: tuple[bytes, bytes]) -> None:
    excel, office = both
    assert read_sheet("a.ods", office).rows == read_sheet("a.xlsx", excel).rows
    assert sheet_names("a.ods", office) == sheet_names("a.xlsx", excel)
    assert bibs(office, "a.ods") == bibs(excel, "a.ods")
    assert preview("a.ods", office, TableSettings(), Dialect.RUSMARC).total == 6
