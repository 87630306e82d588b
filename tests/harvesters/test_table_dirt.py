"""Lists as spreadsheets and people spoil them: no book and no copy may be lost or counted twice."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest

from catalog_sync.errors import Refused, SourceUnavailable
from catalog_sync.model import Dialect, Source
from catalog_sync.store import tabular
from harvesters import by_hand, table_reading
from harvesters.table import TableSettings, preview
from harvesters.table_reading import read_sheet
from harvesters.table_records import inventory_numbers, numbers_of
from tests.harvesters.biff import xls
from tests.harvesters.test_table import bibs, xlsx

HEADINGS = ["Автор", "Название", "Кол-во", "Инв. №"]
SHEET = "xl/worksheets/sheet1.xml"


def numbers(cell: str, copies: int | None = None) -> list[str]:
    """Inventory numbers of a book in the order they are read."""
    [bib] = bibs(xlsx([HEADINGS, ["Пушкин", "Сказки", copies, cell]]), "a.xlsx")
    return [item.inventory_number for item in bib.holdings.items for _ in range(item.copies)]


def patched(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with another first sheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = old.read(entry)
            new.writestr(entry, change(content) if entry.filename == SHEET else content)
    return out.getvalue()


@pytest.mark.parametrize("cell", ["15\n16\n17", "15,\r\n16,\r\n17", "Б15\nБ16\nБ17", "15-17", "15; 16; 17"])
def test_numbers_under_each_other_are_copies_of_their_own(cell: str) -> None:
    assert len(numbers(cell)) == 3
    assert len(numbers(cell, 3)) == 3


def test_numbers_under_each_other_in_a_csv_are_copies_of_their_own() -> None:
    [bib] = bibs('Автор;Название;Инв. №\r\nПушкин;Сказки;"15\n16"\r\n'.encode(), "a.csv")
    assert [item.inventory_number for item in bib.holdings.items] == ["15", "16"]


def test_lines_of_words_stay_one_text() -> None:
    [bib] = bibs(xlsx([HEADINGS, ["Пушкин", "Сказки\nдля детей", 1, None]]), "a.xlsx")
    assert bib.title == "Сказки для детей"


@pytest.mark.parametrize("cell", ["Б1201–Б1203", "Б-1201 - Б-1203"])
def test_a_range_may_repeat_its_letters(cell: str) -> None:
    prefix = cell.split("1201")[0]
    assert list(inventory_numbers(cell)) == [f"{prefix}120{n}" for n in (1, 2, 3)]


def test_a_number_with_a_hyphen_is_one_copy_where_the_list_says_one() -> None:
    assert numbers("2020-2345", 1) == ["2020-2345"]
    assert numbers("2020-2022", 3) == ["2020", "2021", "2022"]
    assert numbers("2020-15, 2020-16", 2) == ["2020-15", "2020-16"]


def test_numbers_with_a_blank_between_them_are_told_apart_by_the_number_of_copies() -> None:
    assert numbers_of("1201 1202", 2) == ["1201", "1202"]
    assert numbers_of("12 345", 1) == ["12 345"]
    assert numbers_of("12 345", 0) == ["12 345"]


def test_a_number_that_became_a_fraction_is_a_number_again() -> None:
    assert list(inventory_numbers("12345.0, 0017")) == ["12345", "0017"]


def test_two_books_under_one_card_number_are_both_there_and_it_is_told() -> None:
    rows = [["Код", *HEADINGS], ["22", "Пушкин", "Сказки", 2, None], ["22", "Гоголь", "Нос", 1, None]]
    rows.append(["22", "Пушкин", "Сказки", 1, "17"])
    found = bibs(xlsx(rows), "a.xlsx")
    assert [(bib.title, bib.holdings.copies) for bib in found] == [("Сказки", 3), ("Нос", 1)]
    assert found[0].key.local_id == "22"
    told = preview("a.xlsx", xlsx(rows), TableSettings(), Dialect.RUSMARC).warnings
    assert told == ("номер карточки уже стоит у другой книги: строк 1 (3)",)


def test_a_sheet_that_claims_to_be_one_cell_is_read_whole() -> None:
    data = xlsx([HEADINGS, *[["Пушкин", f"Сказка {n}", 1, None] for n in range(20)]])
    claimed = patched(data, lambda sheet: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1"', sheet))
    assert claimed != data
    assert len(read_sheet("a.xlsx", claimed).rows) == 21


@pytest.mark.parametrize("change", [lambda sheet: sheet[: len(sheet) // 2], lambda _: b"", lambda _: b"\xff" * 99])
def test_a_damaged_sheet_is_named(change: Callable[[bytes], bytes]) -> None:
    data = patched(xlsx([HEADINGS, ["Пушкин", "Сказки", 1, None]]), change)
    with pytest.raises(SourceUnavailable, match=r"^a\.xlsx: файл Excel не читается"):
        read_sheet("a.xlsx", data)


def test_packed_bytes_that_were_damaged_on_the_way_are_named() -> None:
    data = bytearray(xlsx([HEADINGS, *[["Пушкин", f"Сказка {n}", n, None] for n in range(99)]]))
    place = zipfile.ZipFile(io.BytesIO(bytes(data))).getinfo(SHEET).header_offset + 30 + len(SHEET) + 60
    data[place : place + 8] = bytes(8)
    with pytest.raises(SourceUnavailable, match=r"^a\.xlsx: файл Excel не читается"):
        read_sheet("a.xlsx", bytes(data))


BOMBS = {
    "xl/styles.xml": b"<styleSheet><cellXfs>%s</cellXfs></styleSheet>" % (b"<xf/>" * 2_200_000),
    "xl/sharedStrings.xml": b"<sst>%s</sst>" % (b"<si><t>a</t></si>" * 300_000),
    SHEET: b"<worksheet><sheetData>%s</sheetData></worksheet>" % (b"<row><c><v>1</v></c></row>" * 200_000),
}


def with_part(name: str, content: bytes) -> bytes:
    """A workbook of which one part is another."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx([HEADINGS]))) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            if entry.filename != name:
                new.writestr(entry, old.read(entry))
        new.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize("part", BOMBS)
def test_a_small_book_with_a_huge_part_is_refused_unopened_wherever_it_is_brought(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = with_part(part, BOMBS[part])
    assert len(data) < 100_000
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *_a, **_k: pytest.fail("it was opened"))
    monkeypatch.setattr(tabular, "load_workbook", lambda *_a, **_k: pytest.fail("it was opened"))
    with pytest.raises(SourceUnavailable, match=f"список.xlsx: внутри таблицы {part} на"):
        read_sheet("список.xlsx", data)
    with pytest.raises(Refused, match=f"внутри таблицы {part} на"):
        tabular.cells(data)


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml", SHEET])
def test_a_book_with_a_part_that_is_no_xml_is_named(part: str) -> None:
    with pytest.raises(SourceUnavailable, match="файл Excel не читается"):
        read_sheet("a.xlsx", with_part(part, b"<a><b></a>"))


@pytest.mark.parametrize("line", [b"\n", b";\n"])
def test_of_a_file_of_millions_of_empty_lines_no_more_are_kept_than_any_list_has(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_reading, "MAX_ROWS", 1_500)
    text = "a;b;c\n" + line.decode() * 100_000
    assert len(table_reading.csv_rows(text, ";")) == 1_501
    assert read_sheet("a.csv", text.encode()).rows == (("a", "b", "c"),)


def test_a_formula_that_failed_says_nothing() -> None:
    book = openpyxl.Workbook()
    page: Any = book.active
    page.append(HEADINGS)
    page.append(["Пушкин", "Сказки", 1, "#N/A"])
    page["D2"].data_type = "e"
    out = io.BytesIO()
    book.save(out)
    assert read_sheet("a.xlsx", out.getvalue()).rows[1] == ("Пушкин", "Сказки", "1")


def test_a_quote_nobody_closed_costs_no_other_row() -> None:
    rows = ['Пушкин;"Сказки;1', "Гоголь;Нос;2", "Чехов;Ваня;3", 'Толстой;"Война и мир";4']
    found = bibs("\r\n".join(["Автор;Название;Кол-во", *rows, ""]).encode(), "a.csv")
    assert [bib.title for bib in found][1:] == ["Нос", "Ваня", "Война и мир"]
    assert [bib.holdings.copies for bib in found][1:] == [2, 3, 4]


def test_a_quoted_cell_of_several_lines_is_one_cell() -> None:
    data = 'Автор;Название;Кол-во;Примечание\r\nПушкин;"Сказки";1;"дар;\r\nветхая; без обложки"\r\nГоголь;Нос;1;\r\n'
    assert [bib.title for bib in bibs(data.encode(), "a.csv")] == ["Сказки", "Нос"]


def test_a_list_longer_than_any_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_reading, "MAX_ROWS", 10)
    data = "\r\n".join(["Автор;Название;Кол-во", *(f"Пушкин;Сказка {n};1" for n in range(9))]).encode()
    assert len(read_sheet("a.csv", data).rows) == 10
    with pytest.raises(SourceUnavailable, match="строк больше 10"):
        read_sheet("a.csv", data + "\r\nПушкин;Сказка;1".encode())


@pytest.mark.parametrize("name", ["Список.txt", "Список.csv"])
def test_unicode_text_of_excel_is_taken_by_hand(name: str) -> None:
    data = "Автор\tНазвание\tКол-во\r\nОстровский Н. П.\tОбрыв\t2\r\n".encode("utf-16")
    [file] = by_hand.opened(name, data, Source("s", "s"), complete=True)
    assert "Обрыв".encode() in file.data


@pytest.mark.parametrize("typed", ['="00123"', "'00123", '"=""00123"""'])
def test_what_guards_the_zeros_of_a_number_is_no_part_of_it(typed: str) -> None:
    [bib] = bibs(f"Автор;Название;Инв. №\r\nПушкин;Сказки;{typed}\r\n".encode(), "a.csv")
    assert [item.inventory_number for item in bib.holdings.items] == ["00123"]


@pytest.mark.parametrize("title", ["'Тень'", '="', "= мир"])
def test_a_title_in_quotes_keeps_them(title: str) -> None:
    [bib] = bibs(f"Автор;Название;Инв. №\r\nПушкин;{title};1\r\n".encode(), "a.csv")
    assert bib.title


def test_an_empty_value_that_is_guarded_is_empty() -> None:
    data = 'Автор;Название;Инв. №\r\nПушкин;Сказки;=""\r\n'.encode()
    assert read_sheet("a.csv", data).rows[1] == ("Пушкин", "Сказки")


def test_the_zeros_of_a_number_in_a_book_of_excel_97_stay() -> None:
    books = [["Пушкин", "Сказки", 123.0], ["Гоголь", "Нос", 7.0]]
    data = xls([["Автор", "Название", "Инв. №"], *books], {(1, 2): "00000"})
    rows = list(table_reading.xls_rows("a.xls", data, ""))
    assert rows[1:] == [("Пушкин", "Сказки", "00123"), ("Гоголь", "Нос", "7")]


def test_a_book_of_excel_97_is_read_though_its_page_breaks_are_broken() -> None:
    data = xls([["Автор", "Название"], ["Пушкин", "Сказки"]])
    end = len(data) - len(b"\x0a\0\0\0")
    breaks = b"\x1b\0\x03\0\x05\0\0"  # five of them are told, none follows
    rows = list(table_reading.xls_rows("a.xls", data[:end] + breaks + data[end:], ""))
    assert rows[1] == ("Пушкин", "Сказки")


def test_a_number_of_thousands_of_digits_is_one_number() -> None:
    assert numbers(f"{'1' * 5000}-5", 0) == [f"{'1' * 5000}-5"]


@pytest.mark.parametrize(("cell", "day"), [("43709", "2019-09-01"), ("1" * 5000, "1" * 5000), ("4370²", "4370²")])
def test_only_a_number_of_excel_is_a_day(cell: str, day: str) -> None:
    assert table_reading.day_of_number(cell) == day


def test_a_number_with_a_year_is_one_copy_where_the_list_does_not_count_and_the_school_is_told() -> None:
    headings = ["Автор", "Название", "Инв. №"]
    rows = [["Пушкин", "Сказки", "2020-2345"], ["Гоголь", "Нос", "1021-2020"], ["Чехов", "Степь", "1201-1215"]]
    found = bibs(xlsx([headings, *rows]), "a.xlsx")
    assert [len(bib.holdings.items) for bib in found] == [1, 1, 15]
    assert [bib.holdings.items[0].inventory_number for bib in found] == ["2020-2345", "1021-2020", "1201"]
    told = preview("a.xlsx", xlsx([headings, *rows]), TableSettings(), Dialect.RUSMARC).warnings
    assert [text for text in told if "номер с годом" in text and "строк 2 (2, 3)" in text]


def test_a_number_with_a_year_is_a_range_where_the_list_counts_so_many() -> None:
    assert len(numbers("2020-2345", 326)) == 326
    assert numbers("2020-2345", 5) == [""] * 5


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("a.xlsx", b"PK\x03\x04 torn", "файл оборван или повреждён"),
        ("a.xls", table_reading.XLS_MAGIC + b"\0" * 600, "файл"),
        ("a.csv", b'a;b\n"' + b"x" * 2_000_000, "значение длиннее мегабайта"),
    ],
)
def test_a_broken_list_is_refused_in_the_words_of_the_school(name: str, data: bytes, why: str) -> None:
    with pytest.raises(SourceUnavailable, match=why) as refused:
        read_sheet(name, data)
    assert not re.search("[A-Za-z]{4,}", str(refused.value).replace(name, "").replace("Excel", "").replace("xlsx", ""))
