from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from catalog_sync.errors import Refused, SourceUnavailable, StopEverything
from catalog_sync.marc.reading import read_export, to_bib
from catalog_sync.model import BibRecord, Dialect, Source, SourceRecord
from harvesters.table import TableSettings, mapping_fields, marcxml, preview
from harvesters.table_mapping import as_saved, field_of
from harvesters.table_reading import read_sheet
from harvesters.table_records import inventory_numbers, isbn_text
from harvesters.xml_pages import collection
from tests.harvesters.conformance import HarvesterConformance, World, built, last_bookmark
from tests.harvesters.samples import local_ids
from tests.opendocument import ods
from tests.opendocument import row as sheet_row
from tests.opendocument import table as sheet

HEADINGS = [
    "№ п/п", "Автор", "Название", "Класс", "Издательство", "Год издания", "ISBN", "Кол-во", "Цена", "Инв. №", "Дата",
]  # fmt: skip
ROWS: list[list[Any]] = [
    [1, "Макарычев Ю. Н.", "Алгебра", 7, "Просвещение", 2019, 9785090713672, 25, 450.5, None, datetime(2019, 9, 1)],
    [2, "Атанасян Л. С.", "Геометрия", "7-9", "Просвещение", "2020 г.", "978-5-09-071728-1", 3, 500, "1201-1203",
     "01.09.2020"],
    [3, "Пушкин А. С.", "Капитанская дочка", None, "Дрофа", 2015, None, 1, None, "15", None],
]  # fmt: skip


def xlsx(rows: list[list[Any]], formats: dict[str, str] | None = None) -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    for row in rows:
        page.append(row)
    for place, number_format in (formats or {}).items():
        page[place].number_format = number_format
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csv_of(rows: list[list[Any]], delimiter: str = ";") -> str:
    return "\r\n".join(delimiter.join("" if c is None else str(c) for c in row) for row in rows) + "\r\n"


def bibs(data: bytes, name: str = "a", dialect: Dialect = Dialect.RUSMARC, **settings: str) -> list[BibRecord]:
    shown = preview(name, data, TableSettings(**settings), dialect)  # type: ignore[arg-type]
    file = collection([marcxml(r).encode() for r in shown.records])
    found = read_export(file, Source("s", "l", dialect=dialect), format="marcxml")
    return [to_bib(r) for r in found if isinstance(r, SourceRecord)]


class TestTable(HarvesterConformance):
    @pytest.fixture
    def world(self, tmp_path: Path) -> World:
        folder = tmp_path / "drop"
        folder.mkdir()
        (folder / "список.xlsx").write_bytes(xlsx([["№ карточки", "Название"], ["A1", "Алгебра"], ["A2", "Физика"]]))
        (folder / "учебники.csv").write_bytes("№ карточки;Название\nB1;Химия\n".encode("cp1251"))
        office = ods(sheet(sheet_row("№ карточки", "Название"), sheet_row("C1", "Вий")))
        (folder / "художественные.ods").write_bytes(office)
        source = Source("school-07", "s7", harvester="table", settings={"folder": str(folder)})
        return World(
            source, ["A1", "A2", "B1", "C1"], {"folder": str(tmp_path / "gone")},
            lambda: sorted(p.read_bytes() for p in folder.iterdir() if p.is_file()),
        )  # fmt: skip


@pytest.mark.parametrize("dialect", [Dialect.RUSMARC, Dialect.MARC21, Dialect.MARCSQL])
def test_a_list_in_excel_becomes_records_with_copies(dialect: Dialect) -> None:
    algebra, geometry, novel = bibs(xlsx([HEADINGS, *ROWS]), dialect=dialect)
    assert (algebra.title, algebra.subtitle, algebra.publishers) == ("Алгебра", "7 класс", ("Просвещение",))
    assert [i.normal for i in algebra.isbns] == ["9785090713672"]
    assert (algebra.holdings.copies, algebra.holdings.items[0].registered) == (25, date(2019, 9, 1))
    assert not algebra.holdings.items[0].individual
    assert [i.inventory_number for i in geometry.holdings.items] == ["1201", "1202", "1203"]
    assert (geometry.year_text, geometry.holdings.items[0].registered) == ("2020", date(2020, 9, 1))
    assert novel.agents[0].name.startswith("Пушкин")


@pytest.mark.parametrize("encoding", ["cp1251", "utf-8", "utf-8-sig", "utf-16", "cp866", "koi8-r"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_csv_in_any_encoding_and_delimiter_reads_the_same(encoding: str, delimiter: str) -> None:
    rows = [["Автор", "Название учебника", "Количество"], ["Пёрышкин А В", "Физика для основной школы", 7]] * 3
    data = csv_of(rows, delimiter).encode(encoding)
    [record] = bibs(data)
    assert (record.title, record.agents[0].name) == ("Физика для основной школы", "Пёрышкин А В")


def test_the_headings_are_found_below_a_title_and_a_stamp() -> None:
    rows = [["Список учебников школы № 7"], [], ["Утверждаю", None, "директор"], ["Автор", "Название", "Кол-во"]]
    rows.append(["А", "Физика", 2])
    [record] = bibs(xlsx(rows))
    assert (record.title, record.holdings.copies) == ("Физика", 2)


def test_rows_of_one_edition_become_one_record_with_all_its_copies() -> None:
    rows = [["Инв. №", "Автор", "Название", "Год"], *[[n, "Пушкин А. С.", "Сказки", 2010] for n in (1, 2, 5)]]
    [record] = bibs(xlsx(rows))
    assert [i.inventory_number for i in record.holdings.items] == ["1", "2", "5"]


def test_a_total_row_is_no_book_and_a_row_without_a_title_is_told() -> None:
    rows = [["Автор", "Название", "Кол-во"], ["А", "Физика", 2], ["Б", None, 1], [None, "", None], ["Итого", None, 3]]
    shown = preview("a", xlsx(rows), TableSettings(), Dialect.RUSMARC)
    assert shown.total == 1
    assert shown.warnings == ("нет заглавия: строк 1 (3)",)


def test_what_excel_did_to_values_is_undone_or_told() -> None:
    rows = [
        ["Название", "Год", "ISBN", "Инв. №"], ["Физика", date(1905, 7, 11), 582110123, 123],
        ["Химия", "давно", "9,78509E+12", "7"],
    ]  # fmt: skip
    data = xlsx(rows, {"D2": "00000"})
    physics, chemistry = bibs(data)
    assert physics.year_text == "2019"
    assert physics.holdings.items[0].inventory_number == "00123"
    assert chemistry.isbns == ()
    warnings = preview("a", data, TableSettings(), Dialect.RUSMARC).warnings
    assert any("ISBN испорчен" in w for w in warnings)
    assert any("год не понят" in w for w in warnings)


def test_an_isbn_that_lost_its_zero_gets_it_back_only_where_the_check_digit_agrees() -> None:
    assert isbn_text("306406152") == "0306406152"
    assert isbn_text("306406153") == "306406153"


def test_the_preview_shows_columns_and_a_mapping_that_can_be_saved() -> None:
    data = xlsx([["Ф.И.О. автора", "Книга", "Штук", "Пометки"], ["Пушкин", "Сказки", 3, "x"]])
    shown = preview("a", data, TableSettings(), Dialect.RUSMARC)
    assert [(c.heading, c.field) for c in shown.columns][1] == ("Книга", "title")
    saved = shown.mapping + "; Ф.И.О. автора=author; C=copies"
    [record] = bibs(data, columns=saved)
    assert (record.agents[0].name, record.holdings.copies) == ("Пушкин", 3)


@pytest.mark.parametrize("columns", ["Автор", "Автор=writer", "=title"])
def test_a_wrong_mapping_is_explained(columns: str) -> None:
    with pytest.raises(StopEverything, match="columns"):
        preview("a", xlsx([HEADINGS, *ROWS]), TableSettings(columns=columns), Dialect.RUSMARC)


def test_a_mapping_that_fits_no_column_names_those_there_are() -> None:
    with pytest.raises(StopEverything, match=r"есть: .*Автор"):
        preview("a", xlsx([HEADINGS, *ROWS]), TableSettings(columns="Нет такого=title"), Dialect.RUSMARC)


def test_an_edited_number_of_copies_keeps_the_records_identity(tmp_path: Path, home: Path) -> None:
    source = Source("s", "l", harvester="table", settings={"folder": str(tmp_path / "drop"), "archive": "no"})
    (tmp_path / "drop").mkdir()
    path = tmp_path / "drop" / "a.xlsx"
    path.write_bytes(xlsx([HEADINGS, *ROWS]))
    first = list(built(source, home).fetch(""))
    path.write_bytes(xlsx([HEADINGS, [*ROWS[0][:7], 30, *ROWS[0][8:]], *ROWS[1:]]))
    second = list(built(source, home).fetch(last_bookmark(first)))
    assert local_ids(first) == local_ids(second)
    assert first[0].data != second[0].data


@pytest.mark.parametrize(
    ("data", "word"),
    [(b"PK\x03\x04 not really", "Excel не читается"), (b"\xd0\xcf\x11\xe0 not really", "97–2003 не читается"),
     (b"\x00\x01\x02" * 50, "двоичные данные")],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(data: bytes, word: str) -> None:
    with pytest.raises(SourceUnavailable, match=word):
        read_sheet("a.xlsx", data)


def test_an_empty_list_empties_no_catalogue(tmp_path: Path, home: Path) -> None:
    (tmp_path / "books.csv").write_bytes(b"\r\n")
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    source = Source("school-07", "s7", harvester="table", settings={"folder": str(tmp_path)})
    with pytest.raises(SourceUnavailable, match=r"books\.csv: файл пуст"):
        list(built(source, home).fetch(""))
    (tmp_path / "books.csv").write_text(csv_of([HEADINGS, *ROWS]))
    [file] = built(source, home).fetch("")
    assert "photo.jpg" in file.warnings[0]


def test_an_unknown_sheet_names_those_there_are() -> None:
    with pytest.raises(SourceUnavailable, match="есть: Sheet"):
        read_sheet("a.xlsx", xlsx(ROWS), sheet="Учебники")


def test_the_settings_of_the_list_are_told_from_those_of_the_folder() -> None:
    assert set(mapping_fields()) == {"columns", "sheet", "text_encoding", "delimiter"}


@pytest.mark.parametrize(
    ("heading", "field"),
    [("Автор(ы)", "author"), ("НАЗВАНИЕ УЧЕБНИКА", "title"), ("Кол-во экз.", "copies"), ("инв.№", "inventory"),
     ("Год изд.", "year"), ("ISBN", "isbn"), ("Цена, руб.", "price"), ("Класс", "grade"), ("Подпись", "")],
)  # fmt: skip
def test_headings_are_understood_as_schools_type_them(heading: str, field: str) -> None:
    assert field_of(heading) == field


@given(st.lists(st.integers(1, 99_999), min_size=1, max_size=9, unique=True))
def test_a_typed_list_of_inventory_numbers_is_read_back(numbers: list[int]) -> None:
    assert list(inventory_numbers(", ".join(map(str, numbers)))) == [str(n) for n in numbers]


@given(st.lists(st.lists(st.text(max_size=12), max_size=6), max_size=12))
@example([["", "00", '"', "\x1e0", "0\x1e", "0"], ["", "1", ""]])
def test_no_cells_whatever_break_the_reading(rows: list[list[str]]) -> None:
    text = "\n".join(";".join(c.replace("\x00", "") for c in row) for row in [["Автор", "Название"], *rows])
    shown = preview("a.csv", text.encode(errors="replace"), TableSettings(), Dialect.RUSMARC)
    assert shown.total <= text.count("\n") + text.count("\r") + 1


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Фамилия автора", "author"), ("Наименование (книга)", "title"), ("Название издательства", "publisher"),
        ("Инвентарные №№", "inventory"), ("Цена за 1 экз.", "price"), ("Кл.", "grade"), ("Дата поступл.", "registered"),
        ("Индекс (ББК)", "bbk"), ("Код ББК", "bbk"), ("Кол. экз. на 01.09", "copies"), ("Номер класса", "grade"),
        ("Дата списания", ""), ("Количество учащихся", ""), ("Кол-во выдано", ""), ("ФИО читателя", ""), ("№ п/п", ""),
        ("Потребность на класс", ""), ("Место хранения (шкаф)", "sigla"),
        ("Книги для внеклассного чтения, купленные на деньги родителей", ""),
    ],
)  # fmt: skip
def test_an_unknown_heading_is_guessed_by_its_words(heading: str, field: str) -> None:
    assert field_of(heading) == field


def test_columns_that_only_a_format_made_are_not_shown() -> None:
    book = openpyxl.Workbook()
    page = book.active
    for row in [["Фамилия автора", "Книга", None, "Год"], ["Пушкин А. С.", "Сказки", None, 2010, "подарок"]]:
        page.append(row)
    page.cell(row=400, column=98).number_format = "@"
    out = io.BytesIO()
    book.save(out)
    shown = preview("a", out.getvalue(), TableSettings(), Dialect.RUSMARC)
    assert [(c.letter, c.heading, c.field) for c in shown.columns] == [
        ("A", "Фамилия автора", "author"), ("B", "Книга", "title"), ("D", "Год", "year"), ("E", "", ""),
    ]  # fmt: skip


def test_the_row_that_numbers_the_columns_of_a_form_is_no_book() -> None:
    rows = [["Автор", "Название", "Кол-во"], [1, 2, 3], ["А", "Физика", 2], [None, "1984", None]]
    assert [b.title for b in bibs(xlsx(rows))] == ["Физика", "1984"]


def test_a_column_of_several_things_is_the_title_where_no_other_is() -> None:
    shown = preview("a", xlsx([["Название, часть, класс", "Кол-во"], ["Физика", 2]]), TableSettings(), Dialect.RUSMARC)
    assert [c.field for c in shown.columns] == ["title", "copies"]


def test_a_mapping_by_letters_reads_a_list_without_headings_from_its_first_row() -> None:
    rows = [["Пушкин А. С.", "Сказки"], ["Сборник", "Книга для чтения"], ["Атлас", "Издание второе"]]
    found = bibs(xlsx(rows), columns="A=author; B=title")
    assert [b.title for b in found] == ["Сказки", "Книга для чтения", "Издание второе"]


def test_headings_nobody_has_foreseen_are_no_book() -> None:
    rows: list[list[Any]] = [["Список школы"], ["Кто", "Что", "Когда"], ["Пушкин А. С.", "Сказки", 2010]]
    assert [b.title for b in bibs(xlsx(rows), columns="A=author; B=title; C=year")] == ["Сказки"]
    headless: list[list[Any]] = [["Грин А. С.", "Алые паруса", None], *rows[2:]]
    assert [b.title for b in bibs(xlsx(headless), columns="A=author; B=title; C=year")] == ["Алые паруса", "Сказки"]


def test_columns_with_one_heading_are_told_apart_by_their_letters() -> None:
    rows = [["Название", "Количество", "Количество"], ["Физика", 2, 7]]
    headings = ["Название", "Количество", "Количество"]
    saved = as_saved(headings, ["title", "", "copies"], ["A", "B", "C"])
    assert saved == "Название=title; C=copies"
    assert bibs(xlsx(rows), columns=saved)[0].holdings.copies == 7
    with pytest.raises(Refused, match="уже есть"):
        as_saved(headings, ["title", "copies", "copies"], ["A", "B", "C"])
