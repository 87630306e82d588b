"""The one search box, «возможно, вы имели в виду» and suggestions while typing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.model import PartName
from catalog_sync.query import Access, And, Everything, Not, Or, Query, Relation, Term, Truncation
from catalog_sync.search.parse import alternatives_meant, field_query, search_box
from catalog_sync.search.reader import Reader
from catalog_sync.search.suggest import Suggestion
from tests.search.shelf import book, found, refusal, shelf

GRADE5 = Term("5", Access.GRADE)


def index(text: str) -> Query:
    """What looks like an index of ББК or УДК may begin one, and may be plain numbers."""
    return Or(Or(Term(text), of_bbk(text)), Term(text, Access.UDC, truncation=Truncation.RIGHT))


def of_bbk(text: str) -> Query:
    """An old index of Russian literature is the new one, too."""
    typed = Term(text, Access.BBK, truncation=Truncation.RIGHT)
    now = text.replace("2Рос=Рус", "2=411.2")
    return typed if now == text else Or(typed, Term(now, Access.BBK, truncation=Truncation.RIGHT))


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("", Everything()),
        ("   ", Everything()),
        ("математика", Term("математика")),
        ("математика 5 класс", And(Term("математика"), GRADE5)),
        ("5 кл. математика", And(Term("математика"), GRADE5)),
        ("математика 5кл", And(Term("математика"), GRADE5)),
        ("математика пятый класс", And(Term("математика"), GRADE5)),
        ("5-6 класс", Or(GRADE5, Term("6", Access.GRADE))),
        ("«война и мир» толстой", And(Term("толстой"), Term("война и мир", relation=Relation.ADJACENT))),
        ('"война и мир"', Term("война и мир", relation=Relation.ADJACENT)),
        ("978-5-09-071884-4", Term("9785090718844", Access.ISBN)),
        ("ISBN 978 5 09 071884 4", Term("9785090718844", Access.ISBN)),
        ("5-17-015240-X", Term("517015240X", Access.ISBN)),
        ("5170152407", Term("5170152407")),
        ("517015240X", Term("517015240X", Access.ISBN)),
        ("0131-6397", Or(Term("01316397", Access.ISSN), Term("0131-6397"))),
        ("ISSN 0131-6397 наука", And(Term("наука"), Or(Term("01316397", Access.ISSN), Term("0131-6397")))),
        ("2019-2020", Or(Term("2019-2020"), Term("2019-2020", Access.YEAR))),
        ("с 2019 по 2020 год", Term("2019-2020", Access.YEAR)),
        ("2020-2019", Term("2020-2019")),
        ("1-2", Or(Or(Term("1-2"), Term("1", Access.GRADE)), Term("2", Access.GRADE))),
        ("5 и 6 класс", Or(GRADE5, Term("6", Access.GRADE))),
        ("класс:пятый", GRADE5),
        ("предмет:алгебра", Term("алгебра", Access.SUBJECT)),
        ("ББК 22.1", Term("22.1", Access.BBK, truncation=Truncation.RIGHT)),
        ("22.1я71 К", Or(Term("22.1я71 К"), Term("22.1я71 К", Access.CALL_NUMBER, truncation=Truncation.RIGHT))),
        ("автор Пушкин", Or(Term("автор Пушкин"), Term("Пушкин", Access.AUTHOR))),
        ("изд-во Дрофа алгебра", And(Term("алгебра"), Or(Term("изд-во Дрофа"), Term("Дрофа", Access.PUBLISHER)))),
        ("мхк", Or(Term("мхк"), Term("мировая художественная культура"))),
        ("рус. яз.", Or(Term("рус яз"), Term("русский язык"))),
        ("22.1я72", index("22.1я72")),
        ("пушкин 84(2Рос=Рус)6", And(Term("пушкин"), index("84(2Рос=Рус)6"))),
        ("60я721", index("60я721")),
        ("821.161.1", index("821.161.1")),
        ("51(075.3)", index("51(075.3)")),
        ("1984", Term("1984")),
        ("5.5 1000.5", Term("5.5 1000.5")),
        ("22.1*", Term("22.1*", truncation=Truncation.MASK)),
        ("матем*", Term("матем", truncation=Truncation.RIGHT)),
        ("м?ма", Term("м?ма", truncation=Truncation.MASK)),
        ("кто это?", Term("кто это?")),
        ("сказки -пушкин", Not(Term("сказки"), Term("пушкин"))),
        ("сказки -пушк*", Not(Term("сказки"), Term("пушк", truncation=Truncation.RIGHT))),
        ("математика НЕ 5 класс", Not(Term("математика"), GRADE5)),
        ("математика -пятый класс", Not(Term("математика"), GRADE5)),
        ("математика -5-6 кл. -раскраска",
         Not(Not(Term("математика"), Or(GRADE5, Term("6", Access.GRADE))), Term("раскраска"))),
        ("алгебра НЕ ч. 2 учебник", Not(Term("алгебра учебник"), search_box("ч. 2"))),
        ("пушкин -84(2Рос=Рус)6", Not(Term("пушкин"), index("84(2Рос=Рус)6"))),
        ("атлас -978-5-09-071884-4", Not(Term("атлас"), Term("9785090718844", Access.ISBN))),
        ("атлас -2019-2020", Not(Term("атлас"), search_box("2019-2020"))),
        ("алгебра - 5 класс", And(Term("алгебра -"), GRADE5)),
        ("сказки NOT пушкин", Not(Term("сказки"), Term("пушкин"))),
        ("сказки AND NOT пушкин", Not(Term("сказки"), Term("пушкин"))),
        ("сказки И пушкин", Term("сказки пушкин")),
        ("пушкин ИЛИ лермонтов", Or(Term("пушкин"), Term("лермонтов"))),
        ("Пушкин OR vfntvfnbrf", Or(Term("Пушкин"), Or(Term("vfntvfnbrf"), Term("математика")))),
        ("(алгебра ИЛИ геометрия) 7 класс", And(Or(Term("алгебра"), Term("геометрия")), Term("7", Access.GRADE))),
        ("сказки НЕ (пушкин OR (ершов ИЛИ бажов))",
         Not(Term("сказки"), Or(Term("пушкин"), Or(Term("ершов"), Term("бажов"))))),
        ("(пушкин ИЛИ лермонтов) ИЛИ тютчев", Or(Or(Term("пушкин"), Term("лермонтов")), Term("тютчев"))),
        ("Сказки (сборник)", Term("Сказки (сборник)")),
        ("(пушкин ИЛИ лермонтов", Or(Term("(пушкин"), Term("лермонтов"))),
        ("\U00010428 сказки", Term("сказки")),
        ("ВОЙНА И МИР", Term("ВОЙНА И МИР")),
        ("БЫТЬ ИЛИ НЕ БЫТЬ", Term("БЫТЬ ИЛИ НЕ БЫТЬ")),
        ("быть или не быть", Term("быть или не быть")),
        ("«Быть ИЛИ не быть»", Term("Быть ИЛИ не быть", relation=Relation.ADJACENT)),
        ("сказки OR", Term("сказки OR")),
        ("научно-популярный", Term("научно-популярный")),
        ("vfntvfnbrf", Or(Term("vfntvfnbrf"), Term("математика"))),
        ("vfntvfnbrf 5 rkfcc", Or(
            Or(Term("vfntvfnbrf 5 rkfcc"), And(Term("vfntvfnbrf rkfcc"), GRADE5)), And(Term("математика"), GRADE5))),
        ("harry potter", Term("harry potter")),
        ("!!!", Term("!!!")),
        ("автор:пушкин сказки", And(Term("сказки"), Term("пушкин", Access.AUTHOR))),
        ("Автор:«Пушкин А. С.»", Term("Пушкин А. С.", Access.AUTHOR)),
        ('заглавие:"война и мир"', Term("война и мир", Access.TITLE, Relation.ADJACENT)),
        ("сказки -author:pushkin", Not(Term("сказки"), Term("pushkin", Access.AUTHOR))),
        ("год:2015-2020 класс:5", And(Term("2015-2020", Access.YEAR), Term("5", Access.GRADE))),
        ("ббк:84(2Рос=Рус)6", of_bbk("84(2Рос=Рус)6")),
        ("title:матем* ИЛИ шифр:22.1", Or(Term("матем", Access.TITLE, truncation=Truncation.RIGHT),
                                          Term("22.1", Access.CALL_NUMBER, truncation=Truncation.RIGHT))),
        ('название:"Что? Где? Когда?"', Term("Что? Где? Когда?", Access.TITLE, Relation.ADJACENT)),
        ("название:что?", Term("что?", Access.TITLE)),
        ("год:весны", Term("год:весны")),
        ("Автор: жизнь и труды", Or(Term("Автор: жизнь и труды"),
                                    And(Term("и труды"), Term("жизнь", Access.AUTHOR)))),
        ("89161234567", Term("89161234567")),
    ],
)
def test_the_box_understands(typed: str, query: Query) -> None:
    assert search_box(typed) == query


def test_a_question_in_a_field_asks_nothing_of_a_letter() -> None:
    assert field_query(Access.TITLE, "Что? Где? Когда?") == Term("Что? Где? Когда?", Access.TITLE)
    masked = Term("Что Где ког*а", Access.TITLE, truncation=Truncation.MASK)
    assert field_query(Access.TITLE, "Что? Где? ког*а") == masked


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("алгебра часть 1", {"1", "3"}),
        ("алгебра ч. 1", {"1", "3"}),
        ("алгебра 1 часть", {"1", "3"}),
        ("алгебра 1-я часть", {"1", "3"}),
        ("алгебра часть первая", {"1", "3"}),
        ("алгебра ч. 2", {"2"}),
        ("алгебра часть вторая", {"2"}),
        ("том 2", {"4"}),
        ("т. II", {"4"}),
        ("книга 5 класс", set()),
    ],
)
def test_a_part_is_found_however_it_was_typed_and_the_other_part_is_not(
    tmp_path: Path, typed: str, numbers: set[str]
) -> None:
    reader = shelf(tmp_path / "parts", [
        book("1", "Алгебра", subtitle="учебник в 2 ч.", parts=(PartName("Ч. 1", ""),)),
        book("2", "Алгебра", subtitle="учебник в 2-х ч.", parts=(PartName("часть 2", ""),)),
        book("3", "Алгебра. Часть I", subtitle="учебник"),
        book("4", "Война и мир", parts=(PartName("Т. 2", ""),)),
    ])  # fmt: skip
    assert found(reader, search_box(typed)) == numbers


def test_the_textbook_of_a_class_comes_before_what_goes_with_it(tmp_path: Path) -> None:
    reader = shelf(tmp_path / "class", [
        book("1", "Математика", subtitle="5 класс : рабочая тетрадь"),
        book("2", "Математика", subtitle="5 класс : контрольные работы"),
        book("3", "Математика", subtitle="учебник для 5 класса общеобразовательных организаций"),
    ])  # fmt: skip
    assert reader.search(search_box("математика 5 класс"), limit=1).clusters == ("c3",)


def test_a_city_is_found_under_its_name_and_as_it_was_typed(tmp_path: Path) -> None:
    reader = shelf(tmp_path / "cities", [book("1", "Алгебра", places=("М.",)), book("2", "Физика", places=("Москва",))])
    assert found(reader, search_box("Москва")) == {"1", "2"}
    assert found(reader, Term("М.", Access.PLACE)) == {"1"}


def test_a_latin_letter_between_words_in_latin_is_a_conjunction_or_an_initial(reader: Reader) -> None:
    assert found(reader, search_box("vojna i mir")) == {"3"}
    assert found(reader, search_box("Pushkin A. S.")) == {"2"}


TYPED = [
    *'абв5 кл"«»-*?.xISBN978-\n\x00[]ё()ИЛ', "автор:", "год:", "класс:", "ббк:", "шифр:", "автор: ", " ббк ",
    " изд-во ", " часть 0", " 13 часть ", " ч. девятая", " т. 99 ", "1500-2099", " с 2020 по 2015 ", " 9-1 ",
    " рус. яз. ", " р/т ", "22.1 К ",
]


@given(st.lists(st.sampled_from(TYPED), max_size=60).map("".join))
def test_whatever_is_typed_is_a_query_the_index_answers_or_refuses(reader: Reader, typed: str) -> None:
    assert refusal(reader, search_box(typed)) in {"", "term"}


def test_a_document_is_found_by_what_it_is_whatever_word_was_typed_for_it(tmp_path: Path) -> None:
    reader = shelf(tmp_path / "kinds", [
        book("1", "Математика", subtitle="5-й класс : учеб. для общеобразоват. учреждений"),
        book("2", "Математика", subtitle="раб. тетр. для 5 кл."),
        book("3", "Школа", "Гайдар, Аркадий Петрович", bbk=("84(2Рос=Рус)6",)),
    ])  # fmt: skip
    assert found(reader, search_box("учебники математики 5 класс")) == {"1"}
    assert found(reader, search_box("рабочая тетрадь 5 класс")) == {"2"}
    assert found(reader, search_box("литература")) == set()


@pytest.mark.parametrize(
    ("typed", "books"),
    [
        ("математика 5 класс", "14"),
        ("виленкин математика", "1"),
        ("пушкин онегин", "2"),
        ("9785346000013", "1"),
        ("978-5346-0000-1-3", "1"),
        ("geirby", "2"),
        ("djqyf b vbh", "3"),
        ("garri potter", ""),
        ("harry poter", "6"),
        ("harry potter", "6"),
        ("tolstoy voyna", "3"),
        ("ёлка", "5"),
        ("роман в стихотворениях", "2"),
        ("автор:толстой", "3"),
        ("автор:война", ""),
        ("84(2Рос=Рус)1", "2"),
        ("84(2", "25"),
        ("84р1", "3"),
        ("22.1", "1"),
        ("373.167.1 математика", "1"),
        ("год:1978-1997 -автор:Pushkina", "36"),
        ("шифр:22.5", "5"),
        ("заглавие:«Ёлка у Ивановых» издательство:мнемозина", ""),
    ],
)
def test_the_box_finds(reader: Reader, typed: str, books: str) -> None:
    assert "".join(sorted(found(reader, search_box(typed)))) == books


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("матиматика", "математика"),
        ("матматика", "математика"),
        ("ематематика", "математика"),
        ("евгенйи онегин", "евгений онегин"),
        ("занимательнаяфизика", "занимательная физика"),
        ("занематильная", "занимательная"),
        ("пушкен", "пушкин"),
        ("hrary potter", "harry potter"),
        ("перельмна физика", "перельман физика"),
        ("ghtctgekjd", ""),
        ("абракадабра", ""),
        ("матиматика 5 класс", "математика 5 класс"),
        ("автор:пушкен", "автор:пушкин"),
        ("матиматика -пушкин", "математика -пушкин"),
        ("матиматика -кибернетика", "математика -кибернетика"),
        ("матиматика -1 класс", "математика -1 класс"),
        ("матиматика -1-2 класс -84Р", "математика -1-2 класс -84Р"),
        ("изо", ""),  # three letters are near to too much
        ("1998", ""),
    ],
)
def test_perhaps_you_meant(reader: Reader, typed: str, meant: str) -> None:
    assert reader.search(search_box(typed), suggest=True).suggestion == meant


def test_nothing_is_suggested_for_what_was_found(reader: Reader) -> None:
    assert reader.search(Term("физика"), suggest=True).suggestion == ""
    assert reader.did_you_mean(Term("физика")) is None


def test_one_error_is_mended_wherever_in_the_word_it_is(reader: Reader) -> None:
    word = "математика"
    slips = [word[:n] + word[n + 1 :] for n in range(len(word) - 1)]  # «математик» is a word
    slips += [word[:n] + "ф" + word[n:] for n in range(len(word) + 1)]
    slips += [word[:n] + "ф" + word[n + 1 :] for n in range(len(word))]
    slips += [word[:n] + word[n + 1] + word[n] + word[n + 2 :] for n in range(len(word) - 1)]
    assert {slip: reader.search(Term(slip), suggest=True).suggestion for slip in slips} == dict.fromkeys(slips, word)


def test_a_correction_finds_something_in_the_library_asked(reader: Reader) -> None:
    assert reader.search(Term("онегн"), suggest=True).suggestion == "онегин"
    assert reader.search(Term("онегн")).suggestion == ""  # machines do not ask
    assert reader.search(Term("онегн"), library="sch2", suggest=True).suggestion == ""


def test_a_corrected_query_keeps_its_other_parts(reader: Reader) -> None:
    correction = reader.did_you_mean(And(Term("матиматика"), Term("6", Access.GRADE)))
    assert correction is not None
    assert correction.query == And(Term("математика"), Term("6", Access.GRADE))
    assert found(reader, correction.query) == {"4"}


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("мате", Suggestion("Математика", "title")),
        ("пуш", Suggestion("Пушкин, Александр Сергеевич", "author")),
        ("онег", Suggestion("Евгений Онегин", "title")),
        ("gei", Suggestion("Пушкин, Александр Сергеевич", "author")),
        ("поэз", Suggestion("поэзия", "subject")),
        ("ЁЛК", Suggestion("Ёлка у Ивановых", "title")),
        ("филос ст", None),
        ("philosopher's st", Suggestion("Harry Potter and the Philosopher's Stone", "title")),
    ],
)
def test_suggestions_while_typing(reader: Reader, typed: str, first: Suggestion | None) -> None:
    assert next(iter(reader.suggest(typed)), None) == first


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("пушкин или лермонтов", "пушкин ИЛИ лермонтов"),
        (" алгебра либо геометрия 7 класс", "алгебра ИЛИ геометрия 7 класс"),
        ("cats or dogs", "cats ИЛИ dogs"),
        ("«сказки или были»", ""),
        ("быть или не быть", ""),
        ("или", ""),
        ("килим", ""),
        ("пушкин ИЛИ лермонтов", ""),
    ],
)
def test_a_small_or_may_be_meant(typed: str, meant: str) -> None:
    assert alternatives_meant(typed) == meant


def test_one_letter_and_junk_suggest_nothing(reader: Reader) -> None:
    assert [reader.suggest(t) for t in ("м", "", "!!", "\x00\x01")] == [[], [], [], []]


def test_the_more_frequent_heading_is_suggested_first(tmp_path: Path) -> None:
    names = ("Мартынов, А. А.", "Маршак, С. Я.", "Маршак, С. Я.")
    reader = shelf(tmp_path, [book(str(n), f"Книга {n}", name) for n, name in enumerate(names, 1)])
    assert [s.text for s in reader.suggest("мар")] == ["Маршак, С. Я.", "Мартынов, А. А."]
