"""What readers narrow by: kind, class, school subject, language, year, branch of ББК."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_sync.facets import all_subjects, bbk_path, bbk_top, bbk_tree, facets, grades_in, language_name, year
from catalog_sync.model import BibRecord, Dialect, Host, PartName, RecordKey


def bib(**fields: Any) -> BibRecord:
    return BibRecord(RecordKey("s", "1"), Dialect.RUSMARC, **({"title": "Название"} | fields))


@pytest.mark.parametrize(
    ("typed", "grades"),
    [
        ("5 класс", (5,)), ("5-й класс", (5,)), ("для 5 класса", (5,)), ("5 кл.", (5,)), ("5кл", (5,)),
        ("5–6 кл.", (5, 6)), ("1-4 классы", (1, 2, 3, 4)), ("10—11 кл.", (10, 11)), ("для 5 и 6 классов", (5, 6)),
        ("5, 6 классы", (5, 6)), ("5-7-е классы", (5, 6, 7)), ("пятый класс", (5,)),
        ("для одиннадцатого класса", (11,)),
        ("Класс: 7-9", (7, 8, 9)), ("VIII класс", (8,)), ("Х класс", (10,)), ("ХI кл.", (11,)), ("III-й класс", (3,)),
        ("11 класс, 2 ч.", (11,)), ("в 3 частях. 2 класс", (2,)), ("5 КЛАСС", (5,)),
        ("", ()), ("2019", ()), ("класс точности 5", ()), ("15 класс", ()), ("5 классических пьес", ()),
        ("кл. 5", ()),
        ("12 класс", ()), ("сказки для первоклассников", ()), ("ч. 5", ()), ("1.5 кл", ()),
    ],
)  # fmt: skip
def test_classes_are_read_however_typed(typed: str, grades: tuple[int, ...]) -> None:
    assert grades_in(typed) == grades


@pytest.mark.parametrize(
    ("record", "subject"),
    [
        (bib(title="Математика", subtitle="5 класс"), "Математика"),
        (bib(title="Алгебра и начала анализа", subtitle="10 класс"), "Алгебра"),
        (bib(title="Spotlight 5", subtitle="учебник"), "Английский язык"),
        (bib(title="Всеобщая история. История Древнего мира", subtitle="5 кл."), "История"),
        (bib(title="Литературное чтение", subtitle="учебник"), "Литературное чтение"),
        (bib(title="Литература", subtitle="учебник"), "Литература"),
        (bib(udc=("373.167.1:53",)), "Физика"),
        (bib(udc=("373.167.1:811.161.1",)), "Русский язык"),
        (bib(udc=("373.167.1:514",)), "Геометрия"),
        (bib(bbk=("24я72",)), "Химия"),
        (bib(bbk=("22.151я72",)), "Геометрия"),
        (bib(bbk=("81.2Англ-9я72",)), "Английский язык"),
        (bib(title="Рабочая тетрадь", subtitle="5 класс", hosts=(Host("461", "Биология"),)), "Биология"),
    ],
)
def test_the_school_subject_is_found_in_title_and_classification(record: BibRecord, subject: str) -> None:
    assert facets(record).subjects == (subject,)


@pytest.mark.parametrize("record", [
    bib(title="Физика в играх"), bib(title="Уроки литературы", bbk=("84",)), bib(title="История одного города"),
    bib(title="Музыка", subtitle="роман", bbk=("84",)),
])  # fmt: skip
def test_other_books_have_no_school_subject(record: BibRecord) -> None:
    assert facets(record).subjects == ()


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (bib(subtitle="учебник для 5 класса"), "учебник"),
        (bib(title="Математика. Рабочая тетрадь"), "рабочая тетрадь"),
        (bib(subtitle="рабочая тетр. для 5 кл."), "рабочая тетрадь"),
        (bib(title="Контурные карты по географии"), "контурные карты"),
        (bib(title="ЕГЭ-2024"), "контрольные материалы"),
        (bib(subtitle="книга для учителя"), "методическое пособие"),
        (bib(subtitle="метод. рекомендации"), "методическое пособие"),
        (bib(title="Хрестоматия по литературе"), "хрестоматия"),
        (bib(title="Сборник задач по физике"), "сборник задач"),
        (bib(title="Атлас мира"), "атлас"),
        (bib(subtitle="словарь-справочник"), "словарь"),
        (bib(bbk=("84Р7",)), "художественная литература"),
        (bib(subtitle="повесть"), "художественная литература"),
        (bib(parts=(PartName("Ч. 1", "Практикум"),)), "практикум"),
        (bib(title="Кимоно и сакура"), "другое издание"),
        (bib(title="Тесто и выпечка"), "другое издание"),
        (bib(), "другое издание"),
    ],
)
def test_the_kind_of_document(record: BibRecord, kind: str) -> None:
    assert facets(record).kind == kind


@pytest.mark.parametrize(("typed", "coded", "expected"), [
    ("2019", "", 2019), ("[2019?]", "", 2019), ("1987–", "", 1987), ("cop. 2003", "", 2003), ("", "2011", 2011),
    ("б. г.", "19uu", None), ("21017", "", None), ("1200", "", None), ("", "", None),
    ("2О19", "", 2019), ("М., 199З", "", 1993), ("l987", "", 1987), ("IIII", "", None),
])  # fmt: skip
def test_the_year_is_plausible_or_none(typed: str, coded: str, expected: int | None) -> None:
    assert year(bib(year_text=typed, year_coded=coded)) == expected
    assert facets(bib(year_text="1987")).decade == 1980


@pytest.mark.parametrize(("code", "name"), [
    ("rus", "русский"), ("RUS", "русский"), ("eng", "английский"), ("tat", "татарский"), ("xyz", "xyz"), ("und", ""),
    ("русский язык", ""), ("", ""),
])  # fmt: skip
def test_languages_are_named(code: str, name: str) -> None:
    assert language_name(code) == name


@pytest.mark.parametrize(("index", "branch"), [
    ("22.1я721", "22.1"), ("22.14", "22.1"), ("22.3", "22.3"), ("84(2Рос=Рус)6", "84"), ("63.3(2)", "63.3"),
    ("В1", "22.1"), ("Т3(2)", "63.3"), ("Ш6(2=Р)", "84"), ("ч617", "76"), ("99", "9"), ("сбо-1", ""), ("", ""),
])  # fmt: skip
def test_the_branch_of_bbk_in_both_tables(index: str, branch: str) -> None:
    assert bbk_top(bib(bbk=(index,))) == branch


def test_the_tree_of_bbk_is_a_tree() -> None:
    known = [index for index, _, _ in bbk_tree()]
    assert len(known) == len(set(known))
    assert all(not parent or parent in known for _, parent, _ in bbk_tree())
    assert all(name for _, _, name in bbk_tree())
    assert bbk_path("22.1") == ("2", "22", "22.1")
    assert bbk_path("") == ()


def test_subjects_are_named_once() -> None:
    assert len(all_subjects()) == len(set(all_subjects()))


@given(st.text())
def test_any_text_has_classes_from_one_to_eleven(text: str) -> None:
    assert set(grades_in(text)) <= set(range(1, 12))


@pytest.mark.parametrize("damaged", ["9-" * 50_000, "9, " * 50_000, "5 кл " + "1" * 50_000])
def test_a_damaged_field_without_end_is_read_once(damaged: str) -> None:
    """Read to its end from each of its numbers it would take minutes."""
    assert set(grades_in(damaged)) <= {5}
