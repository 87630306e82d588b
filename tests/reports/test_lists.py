"""Lists people bring in Excel and CSV: numbers, dates and columns as they mean them, or a word about the line."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook

from catalog_sync.errors import Refused
from catalog_sync.store import provision, tabular
from catalog_sync.store.ledger_tables import ais_row
from tests.ledger.district import District, new_engine

NOW = datetime(2026, 10, 10, 9, tzinfo=UTC)


@pytest.fixture
def connection():
    with new_engine().begin() as connection:
        District(connection.engine).add_library(connection, "a")
        yield connection


@pytest.mark.parametrize(
    ("typed", "number"), [("25", 25), ("1 250", 1250), ("25 экз.", 25), ("25,00", 25), ("5А", 5), (" 7 ", 7)]
)
def test_a_whole_number_is_read_as_people_type_it(typed, number):
    assert tabular.whole(typed, "класс", 1) == number


@pytest.mark.parametrize("typed", ["10–11", "10 - 11 кл.", "25,5", "1,250", "", "нет"])
def test_two_numbers_or_a_part_of_one_are_not_taken_for_the_first_figures(typed):
    with pytest.raises(Refused, match="строка 4: класс — ожидалось целое число"):
        tabular.whole(typed, "класс", 4)


def test_a_term_with_a_year_of_two_figures_is_a_term():
    assert tabular.day("до 31.08.27") == date(2027, 8, 31)
    assert tabular.day("31.08.2027") == date(2027, 8, 31)
    assert tabular.day("31.08.20271") is None


def test_an_old_isbn_with_a_wrong_last_figure_is_none():
    assert (provision.isbn13("5-09-006575-6"), provision.isbn13("5-09-006575-9")) == ("9785090065757", "")
    assert provision.isbn13("5-8459-0045-X") == "9785845900456"


def test_columns_saved_for_another_list_are_not_used(connection):
    table = "Предмет;Обучающихся;Наименование\nИстория;25;История\n".encode()
    of_another = tabular.ColumnMapping({"title": "Наименование"}, 1)
    with pytest.raises(Refused, match="для другого списка: в нём не сказано, где класс, предмет, обучающихся"):
        tabular.read("needs", table, of_another)


def test_a_list_that_says_nothing_leaves_the_one_that_was_there(connection):
    rows = [{"title": "Алгебра", "copies": "9"}]
    assert tabular.import_ais(connection, "a", rows, NOW) == 1
    with pytest.raises(Refused, match="прежний список оставлен"):
        tabular.import_ais(connection, "a", [{"title": "Алгебра", "copies": ""}], NOW)
    assert [row.copies for row in connection.execute(ais_row.select())] == [9]


def test_a_file_of_an_old_system_is_a_table_and_one_that_is_none_is_refused_in_russian():
    assert tabular.cells("Класс;Предмет\r5;История\r".encode()) == [["Класс", "Предмет"], ["5", "История"]]
    whole = io.BytesIO()
    Workbook().save(whole)
    damaged = io.BytesIO()
    with zipfile.ZipFile(whole) as there, zipfile.ZipFile(damaged, "w") as made:
        for name in there.namelist():
            made.writestr(name, there.read(name)[:200] if "sheet1" in name else there.read(name))
    for data in (b'"' + b"x" * 2_000_000, damaged.getvalue(), damaged.getvalue()[:300]):
        with pytest.raises(Refused) as refused:
            tabular.cells(data)
        assert re.search(r"[a-z]{4,}", str(refused.value).replace(".xlsx", "").replace("Excel", "")) is None
