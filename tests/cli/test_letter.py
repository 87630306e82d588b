"""The letter to a school: what to mend, where, in words that agree with their numbers."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from catalog_sync.model import MarcField, MarcRecord
from tests.cli.conftest import Cli, Export
from tests.exports import book, field, mrc, shelf


def letter_of(cli: Cli, export: Export, records: list[MarcRecord], *more: str) -> str:
    assert cli("import", export("l.mrc", records), "--source", "school-1", "--yes").code == 0
    ended = cli("letter", "school-1", *more)
    assert ended.code == 0, ended.err
    return ended.out


def test_a_careful_school_is_thanked(cli: Cli, export: Export) -> None:
    text = letter_of(cli, export, [book("1", isbn="978-5-00777-004-0")])
    assert "Просмотрена 1\u00a0запись" in text
    assert "Замечаний нет." in text


def test_a_school_that_never_sent_anything_is_asked_to(cli: Cli) -> None:
    cli("source", "add", "school-1", "--library", "school-1")
    assert "Выгрузок вашей библиотеки в каталоге пока нет" in cli("letter", "school-1").out


def test_a_book_entered_twice_is_named_with_both_numbers(cli: Cli, export: Export) -> None:
    text = letter_of(cli, export, [*shelf(3), book("A1", "Слово", copies=2), book("A2", "Слово", copies=1)])
    assert "Одно издание описано дважды или чаще: 1\u00a0издание" in text
    assert "A1 (экз. 2), «Слово», 2019: то же издание: A2 (экз. 1)" in text


def test_the_same_book_in_two_bases_of_one_library_is_told_apart(cli: Cli, export: Export) -> None:
    cli("import", export("a.mrc", [book("A1")]), "--source", "kn", "--yes")
    cli("source", "add", "uch", "--library", "kn")
    cli("import", export("b.mrc", [book("B1")]), "--source", "uch", "--yes")
    text = cli("letter", "uch").out
    assert "Одно издание в двух базах вашей библиотеки: 1\u00a0издание" in text
    assert "есть и в другой базе — kn: A1 (экз. 1)" in text
    assert "описано дважды" not in text


def test_the_same_book_in_another_school_is_nobody_s_fault(cli: Cli, export: Export) -> None:
    cli("import", export("a.mrc", [book("A1")]), "--source", "other", "--yes")
    assert "Замечаний нет." in letter_of(cli, export, [book("B1")])


def test_faults_are_named_with_field_and_what_was_found(cli: Cli, export: Export) -> None:
    text = letter_of(
        cli, export,
        [
            book("1", "Кaпитанская дочка"), book("2", "Метель", isbn="978-5-00777-004-1"),
            book("3", "Выстрел", year="2109"), book("4", "Алгебра. 8 класс", author=("Юдин", "С. П.")),
            book("5", "Дубровский", isbn="345.00 р."), book("6", "Химия. Ч. 2", author=("Юдин", "С. П.")),
        ],
    )  # fmt: skip
    assert "в слове «Кaпитанская» не русские буквы: a (2-я)" in text
    assert "2, «Метель», 2019: поле 010$a: «978-5-00777-004-1»" in text
    assert "3, «Выстрел», 2109: поле 210$d: «2109»" in text
    assert "4, «Алгебра. 8 класс», 2019: поле 200$a: «Алгебра. 8 класс», перенести в 200$e" in text
    assert "5, «Дубровский», 2019: поле 010$a: «345.00 р.», перенести в 010$d" in text
    assert "6, «Химия. Ч. 2», 2019: поле 200$a: «Химия. Ч. 2», перенести в 200$h" in text


def test_one_slip_in_a_year_is_told_once(cli: Cli, export: Export) -> None:
    slip = book("3", "Выстрел", year="2109")
    coded = field("100", ("a", "20200101d2019    m  y0rusy50      ca"))
    text = letter_of(cli, export, [replace(slip, fields=tuple(coded if f.tag == "100" else f for f in slip.fields))])
    assert "Такого года издания быть не может" in text
    assert "разные годы" not in text


def test_a_wrong_isbn_that_the_book_itself_bears_is_not_asked_about_again(cli: Cli, export: Export) -> None:
    known = replace(book("2"), fields=(*book("2").fields, field("010", ("z", "978-5-00777-004-1"))))
    assert "Замечаний нет." in letter_of(cli, export, [known])


def test_second_copies_and_records_of_no_book_are_not_called_unreadable(cli: Cli, tmp_path: Path) -> None:
    heading = replace(book("A9", "Пушкин"), leader="00000nx  a2200000   45  ")
    path = tmp_path / "mixed.mrc"
    path.write_bytes(mrc([*shelf(30), shelf(1)[0], heading]))
    assert cli("import", path, "--source", "school-1", "--yes").code == 0
    text = cli("letter", "school-1").out
    assert "Не удалось прочесть" not in text
    assert "1. Запись выгружена ещё раз: 1\u00a0запись" in text
    assert "– 31-я в файле: повтор: запись R0000 уже есть в файле" in text
    assert "2. Это не описание книги: 1\u00a0запись" in text
    assert "– 32-я в файле: ожидалась библиографическая запись" in text


def test_a_record_of_another_format_is_named_with_what_to_do(cli: Cli, export: Export) -> None:
    title = field("245", ("a", "Белый Бим"), indicators="10")
    copied = MarcRecord("00000nam0 2200000   450 ", (MarcField("001", data="9"), title))
    text = letter_of(cli, export, [*shelf(8), copied])
    assert "Запись в формате MARC 21, хотя источник в RUSMARC: 1\u00a0запись" in text
    assert "переведите её в формат своей программы" in text


def test_plural_forms_agree(cli: Cli, export: Export) -> None:
    wrong = [book(f"W{n}", f"Повесть {n}", isbn="978-5-00777-004-1", year=str(1990 + n)) for n in range(5)]
    text = letter_of(cli, export, [*shelf(16), *wrong])
    assert "Просмотрена 21\u00a0запись" in text
    assert "контрольная цифра ISBN: в\u00a05\u00a0записях" in text


def test_long_lists_end_with_how_many_more(cli: Cli, export: Export) -> None:
    wrong = [book(f"W{n:02}", f"Повесть {n}", isbn="978-5-00777-004-1", year=str(1990 + n)) for n in range(14)]
    text = letter_of(cli, export, wrong, "--limit", "3")
    assert "W02, «Повесть 2»" in text
    assert "W03, «Повесть 3»" not in text
    assert "… и ещё 11" in text


def test_missing_and_repeated_numbers_are_told_in_the_school_s_own_numbers(cli: Cli, export: Export) -> None:
    nameless = replace(book("x", "Без номера"), fields=book("x", "Без номера").fields[1:])
    text = letter_of(cli, export, [nameless, book("7", "Первая"), book("7", "Вторая")])
    assert "без номера, «Без номера», 2019" in text
    assert "7, «Вторая», 2019" in text
    assert "sha-" not in text


def test_what_could_not_be_read_is_told_first(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "torn.mrc"
    path.write_bytes(mrc(shelf(30)) + b"00099nam  2200037   450 rubbish\x1d")
    assert cli("import", path, "--source", "school-1", "--yes").code == 0
    text = cli("letter", "school-1").out
    assert "1. Не удалось прочесть: 1\u00a0кусок файла" in text
    assert "– 31-я в файле: нет справочника" in text


def test_a_held_export_is_mentioned(school: Cli, export: Export) -> None:
    school("import", export("small.mrc", shelf(2)), "--source", "school-1")
    assert "не опубликована: в выгрузке нет 6 из 8 записей" in school("letter", "school-1").out

