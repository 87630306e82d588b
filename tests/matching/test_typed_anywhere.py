"""What tells editions apart is read wherever and however it was typed: each form in each place it is seen in."""

from __future__ import annotations

import pytest

from catalog_sync.matching.features import Features, extract
from catalog_sync.matching.titles import likeness
from tests.matching.cards import read

PLACES = {
    "title": "200 1 $aМатематика. {}",
    "title after a comma": "200 1 $aМатематика, {}",
    "subtitle": "200 1 $aМатематика$e{}",
    "third subtitle": "200 1 $aМатематика$eдля школы$eучебник$e{}",
    "one subtitle of two things": "200 1 $aМатематика$eучебник. {}",
    "part name": "200 1 $aМатематика$i{}",
    "note": "200 1 $aМатематика\n300   $a{}",
    "series": "200 1 $aМатематика\n225   $a{}",
    "edition area": "200 1 $aМатематика\n205   $aИзд. 3-е\n205   $a{}",
    "behind the names": "200 1 $aМатематика$fН. Я. Виленкин. - {}",
    "behind the names and others": "200 1 $aМатематика$fН. Я. Виленкин, В. И. Жохов [и др.] ; {} ; учебник",
    "MARC 21 part": "245 10$aМатематика.$n{}",
    "MARC 21 rest of title": "245 10$aМатематика :$b{} /$cН. Я. Виленкин",
}
ANYWHERE = sorted(PLACES)
GRADES = {
    (5, 5): "5 класс|5 кл.|5кл.|5-й класс|5-го класса|пятый класс|V класс|V кл.|(5 класс)|[5 кл.]|5 КЛАСС",
    (5, 6): "5-6 классы|5–6 кл.|V-VI классы|5 и 6 классы|5, 6 кл.|5-й и 6-й классы|5/6 кл.",
    (10, 11): "10-11 классы|X-XI кл.|10 - 11 классы|10-11-е классы",
}
PARTS = {
    ("ч", 1): "Ч. 1|ч.1|Часть 1|часть I|Ч. I|[Ч.] 1|[Ч. 1]|Часть первая|1-я часть|1 часть|первая часть|ЧАСТЬ 1",
    ("ч", 2): "Ч. 2|ч.II|Часть вторая|2-я часть|II часть|Ч-2",
    ("т", 3): "Т. 3|Том 3|том III|3-й том|третий том|[Т.] 3",
    ("к", 2): "Кн. 2|Книга вторая|кн.2|2-я книга",
    ("в", 7): "Вып. 7|вып.7|Выпуск VII|7-й выпуск|Вып. № 7",
    ("н", 9): "№ 9|№9|N 9|No 9|N9",
}
FORMS = {
    "electronic": "[Электронный ресурс]|[электрон. ресурс]|[Эл. ресурс]|[CD-ROM]|[ЭФУ]|[Мультимедиа]|[DVD]",
    "audio": "[Звукозапись]|[Аудиокнига]|[MP3]",
    "large": "(для слабовидящих)|[крупный шрифт]",
    "braille": "[шрифт Брайля]",
}
CARRIER_NOTES = {"electronic": "ЭФУ|Электронный ресурс|электрон. опт. диск", "audio": "аудиокурс (CD MP3)|Звукозапись"}
EDITIONS = "3-е изд.|Изд. 3-е|3 изд.|[3-е изд.]|3-е изд., стер.|изд. третье|Третье издание|3-е, стер.|III изд."


def typed(place: str, words: str) -> Features:
    line = PLACES[place].format(words)
    rest = "260   $aМосква$bДрофа$c2015" if line.startswith("245") else "210   $aМосква$cДрофа$d2015"
    dialect = "marc21" if line.startswith("245") else "rusmarc"
    return extract(read(f"=a {dialect}\n{line}\n{rest}")["a"])


@pytest.mark.parametrize("place", ANYWHERE)
@pytest.mark.parametrize("grade", GRADES)
def test_the_class_is_read(grade: tuple[int, int], place: str) -> None:
    for words in GRADES[grade].split("|"):
        found = typed(place, words)
        assert (found.grade, found.title) == (grade, ("математика",)), words


@pytest.mark.parametrize("place", ANYWHERE)
@pytest.mark.parametrize("part", PARTS)
def test_the_part_is_read(part: tuple[str, int], place: str) -> None:
    label, number = part
    for words in PARTS[part].split("|"):
        found = typed(place, words)
        assert (found.parts, found.title) == (((label, number, number),), ("математика",)), words


@pytest.mark.parametrize("form", FORMS)
def test_the_carrier_is_read(form: str) -> None:
    for words in FORMS[form].split("|"):
        for line in ("200 1 $aМатематика$b{}", "200 1 $aМатематика {}", "200 1 $aМатематика$e5 класс {}"):
            found = extract(read(f"=a rusmarc\n{line.format(words)}\n210   $d2015")["a"])
            assert (found.form, found.title) == (form, ("математика",)), (words, line)


def test_a_part_in_roman_numbers_behind_the_names_is_nobody() -> None:
    found = extract(read("=a rusmarc\n200 1 $aМатематика$fТ. Е. Демидова [и др.]. - Ч. II\n210   $d2015")["a"])
    assert (found.authors, found.parts) == ((("демидова", "те"),), (("ч", 2, 2),))


def test_a_note_names_the_carrier_of_what_has_no_pages() -> None:
    for form, notes in CARRIER_NOTES.items():
        for note in notes.split("|"):
            lines = f"=a rusmarc\n200 1 $aМатематика\n210   $d2015\n300   $a{note}"
            assert extract(read(lines)["a"]).form == form, note
            assert extract(read(lines + "\n215   $a96 с.")["a"]).form == "", note


def test_an_appendix_to_a_textbook_is_an_edition_of_its_own() -> None:
    for words in ("Мультимедийное приложение к учебнику. Электрон. опт. диск", "Приложение к учебнику. CD-ROM"):
        assert typed("title", words).form == "electronic"


def test_the_class_behind_the_word_edition_is_no_number_of_it() -> None:
    found = typed("title", "учебное издание, 4 класс, в 2 ч.")
    assert (found.grade, found.edition, found.title) == ((4, 4), 0, ("математика",))


def test_the_number_of_the_edition_is_read() -> None:
    for words in EDITIONS.split("|"):
        found = extract(read(f"=a rusmarc\n200 1 $aМатематика\n205   $a{words}\n210   $d2015")["a"])
        assert found.edition == 3, words


def test_what_only_looks_like_one_is_not_read() -> None:
    for title in (
        "Приключения Тома Сойера", "Книга джунглей", "Первый учитель", "Двенадцать стульев", "Часть речи",
        "Тетрадь смерти", "Том и Джерри", "Николай II", "Электронный дневник", "Школа рисования", "Уровень опасности",
    ):  # fmt: skip
        found = extract(read(f"=a rusmarc\n200 1 $a{title}\n210   $d2015")["a"])
        assert (found.grade, found.parts, found.kind, found.form, found.level) == (None, (), "", "", ""), title
        assert len(found.title) == len(title.split()) - title.count(" и "), title


@pytest.mark.parametrize(
    ("line", "part", "total"),
    [
        ("200 1 $aМатематика$e2 ч.\n225   $a1 часть", ("ч", 1, 1), 2),
        ("200 1 $aМатематика\n225   $aЧ. 2", ("ч", 2, 2), 0),
        ("200 1 $aМатематика$e2 ч.\n225   $aШкола 2100", ("ч", 2, 2), 0),
        ("200 1 $aМатематика. Ч. 2\n225   $a1 часть", ("ч", 2, 2), 0),
        ("200 1 $aМатематика$eB 2 ч.$hЧ. 1", ("ч", 1, 1), 2),
        ("200 1 $aМатематика$e2 ч.\n300   $aч. 1", ("ч", 1, 1), 2),
        ("200 1 $aМатематика$e2 ч.$fТ. Е. Демидова ; 1-я часть", ("ч", 1, 1), 2),
        ("200 1 $aМатематика\n205   $aИзд. 3, ч. 2", ("ч", 2, 2), 0),
        ("200 1 $aСобрание сочинений. T. 2", ("т", 2, 2), 0),
        ("200 1 $aMatematika$iPart 2$euchebnik dlya 5 klassa", ("ч", 2, 2), 0),
        ("200 1 $aMatematika. Ch. II$euchebnik dlya 5 klassa", ("ч", 2, 2), 0),
    ],
)
def test_a_part_and_their_number_are_told_from_each_other(line: str, part: tuple[str, int, int], total: int) -> None:
    found = extract(read(f"=a rusmarc\n{line}\n210   $aМосква$cДрофа$d2015\n215   $a96 с.")["a"])
    assert (found.parts, found.parts_total) == ((part,), total)


def test_a_class_in_roman_figures_is_read_in_latin_letters() -> None:
    found = extract(read("=a rusmarc\n200 1 $aMatematika$euchebnik dlya VII klassa\n210   $aMoskva$cDrofa$d2015")["a"])
    assert (found.grade, found.title) == ((7, 7), ("математика",))


def test_a_class_in_the_place_of_the_series_is_no_series() -> None:
    lines = "200 1 $aАлгебра$fИ. И. Юнусов\n210   $aМосква$cДрофа$d2015\n225   $a{}\n225   $aВертикаль"
    for words in ("кл. 9", "9 кл.", "IX класс"):
        found = extract(read("=a rusmarc\n" + lines.format(words))["a"])
        assert (found.grade, found.series) == ((9, 9), ("вертикаль",)), words
    found = extract(read("=a rusmarc\n" + lines.format("Школьная библиотека: 5-9 классы"))["a"])
    assert (found.grade, len(found.series)) == (None, 2)


def test_a_heading_in_the_singular_names_the_kind() -> None:
    for heading, kind in {
        "Учебник": "textbook",
        "учеб. для общеобразоват. учреждений": "textbook",
        "Учебники": "",
    }.items():
        lines = f"200 1 $aАлгебра$fИ. И. Юнусов\n210   $aМосква$cДрофа$d2015\n610 0 $a{heading}"
        assert extract(read("=a rusmarc\n" + lines)["a"]).kind == kind, heading


def test_two_letters_stand_for_a_workbook_where_they_stand_alone() -> None:
    for line, kind in {
        "$aАлгебра$eРТ для 9 кл.": "workbook",
        "$aАлгебра. Р. т.": "workbook",
        "$aАлгебра (РТ)": "workbook",
        "$aКрасная книга РТ": "",
    }.items():
        assert extract(read(f"=a rusmarc\n200 1 {line}\n210   $d2015")["a"]).kind == kind, line


def test_a_house_in_the_place_of_the_city_is_the_house() -> None:
    for place, houses in {"Дрофа, cop. 2014": ("drofa",), "Смоленск, 2014": (), "Ротапринт": ()}.items():
        found = extract(read(f"=a rusmarc\n200 1 $aАлгебра\n210   $a{place}")["a"])
        assert found.houses == houses, place


def test_russian_in_latin_letters_is_told_by_the_house_and_read_with_its_names() -> None:
    lines = "200 1 $aFizika$fYuliya Shchukina, Ol'ga Zav'yalova\n210   $aM.$c{}$d2015\n700  1$aShchukina$bYu. A."
    found = extract(read("=a rusmarc\n" + lines.format('Izd-vo "Prosveshhenie"'))["a"])
    assert (found.title, found.houses) == (("физика",), ("prosveshchenie",))
    assert found.authors == (("щукина", "юа"), ("завьялова", "о"))


@pytest.mark.parametrize(
    ("title", "house", "language"),
    [
        ("Spotlight", "Просвещение", "rus"),
        ("Tom's midnight garden", "Dell Publishing", ""),
        ("Elektronische Schaltungen", "Springer", ""),
        ("Problems in general physics", "Mir", ""),
        ("Fizika", "Drofa", "hrv"),
    ],
)
def test_another_language_is_not_read_as_russian(title: str, house: str, language: str) -> None:
    lines = f"101 0 $a{language}\n200 1 $a{title}\n210   $aM.$c{house}$d2015"
    assert all(word.isascii() for word in extract(read("=a rusmarc\n" + lines)["a"]).title)


@pytest.mark.parametrize(
    ("extent", "part", "pages"),
    [
        ("Ч.2. - 126 с.", ("ч", 2, 2), 126),
        ("Часть 1. – 80 с.", ("ч", 1, 1), 80),
        ("2 часть. - 191 стр.", ("ч", 2, 2), 191),
        ("Т. 3 : ил.", ("т", 3, 3), 0),
        ("Ч.2 ; 22 см", ("ч", 2, 2), 0),
    ],
)
def test_the_part_stands_before_the_extent(extent: str, part: tuple[str, int, int], pages: int) -> None:
    found = extract(read(f"=a rusmarc\n200 1 $aМатематика\n210   $d2015\n215   $a{extent}")["a"])
    assert (found.parts, found.pages, found.is_set) == ((part,), pages, False)


def test_the_size_in_the_extent_is_no_number_of_pages() -> None:
    for extent, pages in {"223 ; 26 см": 223, "160 с. ; 22": 160, "2 ч. ; 26 см": 0}.items():
        found = extract(read(f"=a rusmarc\n200 1 $aМатематика\n210   $d2015\n215   $a{extent}")["a"])
        assert (found.pages, found.is_set) == (pages, pages == 0), extent


def test_a_set_that_calls_itself_so_is_one_whatever_its_pages() -> None:
    for words in ("в 2 ч. (комплект)", "комплект в 2 частях", "Комплект из 2 ч."):
        found = extract(read(f"=a rusmarc\n200 1 $aМатематика$e{words}\n210   $d2015\n215   $a509 с.")["a"])
        assert (found.is_set, found.parts_total, found.title, found.subtitle) == (True, 2, ("математика",), ()), words


def test_two_years_on_one_card_are_both_read() -> None:
    for years in ("2009-2010", "2009; 2010", "2009, 2010", "cop. 2009, 2010 печ."):
        found = extract(read(f"=a rusmarc\n200 1 $aМатематика\n210   $aМосква$cДрофа$d{years}")["a"])
        assert found.years == (2009, 2010), years


@pytest.mark.parametrize(
    ("title", "kind", "grade"),
    [
        ("Немецкий язык-7", "", (7, 7)),
        ("Русский язык - 4", "", (4, 4)),
        ("Литературное чтение 2", "", (2, 2)),
        ("Технология. Индустриальные технологии - 6", "учебник", (6, 6)),
        ("Моя математика-2", "учебник", (2, 2)),
        ("Enjoy English 5", "учебник", None),
        ("Восток-2", "повесть", None),
    ],
)
def test_the_number_that_ends_the_title_of_a_school_book_is_the_class(
    title: str, kind: str, grade: tuple[int, int] | None
) -> None:
    found = extract(read(f"=a rusmarc\n200 1 $a{title}$e{kind}\n210   $d2015")["a"])
    assert (found.grade, bool(found.numbers)) == (grade, grade is None)


def test_kinds_are_known_by_their_abbreviations() -> None:
    kinds = {"кн. для уч-ля": "teacher", "дид. мат-лы": "didactic", "конт. карты": "contour"}
    for words, kind in kinds.items():
        assert typed("subtitle", words).kind == kind, words


@pytest.mark.parametrize(
    ("title", "grade", "words"),
    [
        ("Математика : 4 : 2ч.", (4, 4), ("математика",)),
        ("Матем. : 4 : учебник", (4, 4), ("матем.",)),
        ("Биология : 10-11 : базовый уровень", (10, 11), ("биология",)),
        ("Биология. 5-6", (5, 6), ("биология",)),
        ("Биология-7-й", (7, 7), ("биология",)),
        ("Лит-ра-5. Учебник", (5, 5), ("литература",)),
        ("Лит-ное чтение 3", (3, 3), ("литературное", "чтение")),
        ("Англ. яз. 7", (7, 7), ("англ.", "яз.")),
        ("Три мушкетёра : 20 лет спустя", None, ("три", "мушкетера")),
        ("Двенадцать месяцев : 4", None, ("двенадцать", "месяцев")),
        ("Физика : 10 вариантов", None, ("физика",)),
        ("Химия. 2021", None, ("химия",)),
    ],
)
def test_a_number_by_itself_beside_a_school_subject_is_the_class(
    title: str, grade: tuple[int, int] | None, words: tuple[str, ...]
) -> None:
    found = extract(read(f"=a rusmarc\n200 1 $a{title}\n210   $d2015")["a"])
    assert (found.grade, found.title) == (grade, words)


@pytest.mark.parametrize(
    ("lines", "title", "grade", "part", "form"),
    [
        ("200 1 $achast' 2\n461  1$tAlgebra : uchebnik, 9 klass", ("алгебра",), (9, 9), (("ч", 2, 2),), ""),
        ("200 1 $aAlgebra$euchebnik dlya 9 kl. : EFU", ("алгебра",), (9, 9), (), "electronic"),
        ("200 1 $aAlgebra$e9 klass : 1 CD", ("алгебра",), (9, 9), (), "electronic"),
        ("200 1 $aIstoriya Rossii. XX vek$e9 klass", ("история", "россий", "xx", "век"), (9, 9), (), ""),
    ],
)
def test_latin_letters_are_read_back_but_for_what_is_latin_in_russian(
    lines: str, title: tuple[str, ...], grade: tuple[int, int], part: tuple[tuple[str, int, int], ...], form: str
) -> None:
    found = extract(read(f"=a rusmarc\n{lines}\n210   $aM.$cIzd-vo «Prosveshhenie»$d2015")["a"])
    assert (found.title, found.grade, found.parts, found.form) == (title, grade, part, form)
    assert found.houses == ("prosveshchenie",)


def test_large_print_and_a_school_textbook_by_other_words() -> None:
    assert typed("subtitle", "Крупнопечатное изд.").form == "large"
    found = typed("note", "школьный учебник")
    assert (found.kind, found.subtitle) == ("textbook", ())


@pytest.mark.parametrize(
    ("typed_title", "title", "grade"),
    [
        ("Лит-ное чтение", ("литературное", "чтение"), None),
        ("ИЗО-6", ("изобразительное", "искусство"), (6, 6)),
        ("Лит-ра-5", ("литература",), (5, 5)),
        ("Юнусов Рус. язык 7 кл.", ("русский", "язык"), (7, 7)),
        ("Юнусов Окруж. мир", ("окружающий", "мир"), None),
        ("Юнусов в Сибири", ("юнусов", "сибири"), None),
    ],
)
def test_a_title_is_the_title_however_shortened(
    typed_title: str, title: tuple[str, ...], grade: tuple[int, int] | None
) -> None:
    found = extract(read(f"=a rusmarc\n200 1 $a{typed_title}\n210   $d2015\n700  1$aЮнусов$bИ. И.")["a"])
    assert (likeness(found.title, title) >= 0.95, found.grade) == (True, grade)


def test_a_hyphen_between_two_words_shortens_nothing() -> None:
    found = extract(read("=a rusmarc\n200 1 $aЖар-птица и Кот-ворюга\n210   $d2015")["a"])
    assert found.title == ("жар", "птица", "кот", "ворюга")
