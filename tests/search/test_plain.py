"""Words without a mark: full names of authors, a class said by its number alone, a piece of an ISBN, lines of lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_sync.facets import grades_in
from catalog_sync.model import Isbn, PartName, Series
from catalog_sync.search.description import readings
from catalog_sync.search.parse import search_box
from catalog_sync.search.reader import Reader
from tests.search.shelf import book, found, shelf

BOOKS = (
    book("1", "Таинственный остров", "Верн, Ж."),
    book("2", "Анна Каренина", "Толстой, Лев Николаевич"),
    book("3", "Война и мир", "Толстой, Л. Н."),
    book("4", "Детство", "Толстой, Л."),
    book("5", "Пётр Первый", "Толстой, А. Н."),
    book("6", "Медведь", "Чехов, А. П."),
    book("7", "Василий Тёркин", "Твардовский, А. Т."),
    book("8", "Алгебра", "Мерзляк, А. Г.", subtitle="VII класс : учебник", series=(Series("Алгоритм успеха"),)),
    book("9", "Алгебра", "Мерзляк, А. Г.", subtitle="9 кл. : учебник", edition="7-е изд."),
    book("10", "Алгебра", "Никольский, С. М.", subtitle="X-XI классы : сборник задач",
         isbns=(Isbn("978-5-09-071884-4", "9785090718844"),)),
    book("11", "Семь гномов", subtitle="7 гномов"),
    book("12", "Мир и война 1812 года. Война и мир", year_text="2019", parts=(PartName("Т. 2"),),
         bbk=("84(2=411.2)1",)),
    book("13", "Сказки", "Гримм, Якоб"),
)  # fmt: skip


@pytest.fixture(scope="module")
def shelves(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return shelf(tmp_path_factory.mktemp("plain") / "index", BOOKS)


@pytest.mark.parametrize(
    ("typed", "books"),
    [
        ("жюль верн", {"1"}),
        ("Верн Жюль", {"1"}),
        ("остров жюля верна", {"1"}),
        ("лев толстой", {"2", "3", "4"}),
        ("Толстой, Лев Николаевич", {"2", "3", "4"}),
        ("льва николаевича толстого", {"2", "3", "4"}),
        ("Л. Н. Толстой", {"2", "3", "4"}),
        ("лев толстой война и мир", {"3"}),
        ("антон чехов медведь", {"6"}),
        ("маша и медведь", set()),
        ("василий теркин", {"7"}),
        ("мерзляк 7", {"8", "9"}),
        ("мерзляк VII класс", {"8"}),
        ("алгебра 11", {"10"}),
        ("7 гномов", {"11"}),
        ("умк алгоритм успеха", {"8"}),
        ("задачник алгебра", {"10"}),
        ("978509071", {"10"}),
        ("5-09-071884", {"10"}),
        ("071884", {"10"}),
        ("071885", set()),
        ("книги для 7 класса", {"8"}),
        ("для 7 класса", {"8"}),
        ("книга про гномов", {"11"}),
        ("алгебра 9а класс", {"9"}),
        ("алгебра 9-Б кл", {"9"}),
        ("алгебра 9б", {"9"}),
        ("2019 год", {"12"}),
        ("мир 2019 г.", {"12"}),
        ("1812 года", {"12"}),
        ("братья гримм", {"13"}),
        ("война и мир т. II", {"12"}),
        ("война и мир т. IIX", set()),
        ("84(2Рос=Рус)1", {"12"}),
        ("ббк:84(2=411.2)1", {"12"}),
    ],
)
def test_the_box_finds_what_is_said_without_a_mark(shelves: Reader, typed: str, books: set[str]) -> None:
    assert found(shelves, search_box(typed)) == books


def test_the_class_comes_before_the_number_of_an_edition(shelves: Reader) -> None:
    assert shelves.search(search_box("мерзляк 7")).clusters == ("c8", "c9")


def test_all_of_several_classes_in_roman_figures_are_read() -> None:
    assert [grades_in(t) for t in ("X-XI классы", "V, VI кл.", "VII-го класса", "Х—ХІ кл")] == [
        (10, 11), (5, 6), (7,), (10, 11),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("Мерзляк А.Г. Математика: 6 класс: учебник / М.: Вентана-Граф, 2019",
         ["Мерзляк А.Г. Математика: 6 класс: учебник 2019", "Мерзляк Математика 6 класс 2019",
          "Мерзляк А.Г. Математика: 6 класс: учебник", "Мерзляк Математика 6 класс"]),
        ("12. Пушкин, А. С. Сказки [Текст] / А. С. Пушкин. - Москва : Эксмо, 2010. - 304 с. - ISBN 978-5-00777-124-5.",
         ["978-5-00777-124-5", "Пушкин, А. С. Сказки 2010", "Пушкин Сказки 2010", "Пушкин, А. С. Сказки",
          "Пушкин Сказки"]),
        ("Носов Н.Н. Приключения Незнайки. М.: АСТ, 2010",
         ["Носов Н.Н. Приключения Незнайки 2010", "Носов Приключения Незнайки 2010",
          "Носов Н.Н. Приключения Незнайки", "Носов Приключения Незнайки"]),
        ("Атлас. 5 класс / А. Б. Летягин", ["Атлас. 5 класс", "Летягин Атлас. 5 класс"]),
        ("Русский язык : учебник : 3-й класс. Ч. 2 / В. П. Канакина. – М., 2013. – 159 с.",
         ["Русский язык : учебник : 3-й класс. Ч. 2 2013", "Канакина Русский язык 3 класс Ч. 2 2013",
          "Русский язык : учебник : 3-й класс. Ч. 2", "Канакина Русский язык 3 класс Ч. 2"]),
        ("математика : учебник, 2010", ["математика"]),
        (". – М. : АСТ, 2010. – 120 с.", []),
        ("война и мир", []),
        ("Гуси-лебеди", []),
        ("9-11 класс - алгебра", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_line_of_a_list_is_asked_for_by_the_book_it_describes(line: str, asked: list[str]) -> None:
    assert readings(line) == asked


def test_the_last_reading_of_a_line_finds_another_edition(tmp_path: Path) -> None:
    reader = shelf(tmp_path, BOOKS)
    line = "Толстой Л. Н. Война и мир : роман : в 4 т. / Л. Н. Толстой. – М. : АСТ, 2010. – 800 с."
    assert not found(reader, search_box(line))
    assert found(reader, search_box(readings(line)[-1])) == {"3"}
