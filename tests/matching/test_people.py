"""Who wrote a book, as different hands name the same people: names, teams, and houses."""

from __future__ import annotations

import pytest

from catalog_sync.clusterer import Clusterer
from catalog_sync.matching.compare import compare, judge
from catalog_sync.matching.contradictions import houses_meet
from catalog_sync.matching.keys import keys
from catalog_sync.matching.kinds import served
from catalog_sync.matching.names import heading, in_full, people, same_name
from catalog_sync.matching.publishers import houses
from catalog_sync.matching.titles import likeness, title_key
from catalog_sync.matching.verdict import ATTACH, KINDS
from catalog_sync.model import RecordKey
from tests.matching.cards import features


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("горький", "м"), ("горький", "ам"), True),  # a pen name
        (("андерсен", "хк"), ("андерсен", "гх"), True),  # Ханс Кристиан, Ганс Христиан
        (("андерсен", "х"), ("андерсен", "гх"), True),
        (("горький", "м"), ("горький", "а"), False),
        (("сетон-томпсон", "э"), ("томпсон", "эс"), True),
        (("конан-дойль", "а"), ("дойл", "ак"), True),
        (("сент-экзюпери", "а"), ("экзюпери", "адс"), True),
        (("сетон-томпсон", "э"), ("томпсон", "э"), False),  # of the other half nothing is said
        (("сетон-томпсон", "э"), ("томпсон", "дс"), False),
        (("римский-корсаков", "на"), ("корсаков", "ис"), False),
    ],
)
def test_one_person_under_two_names(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert same_name(one, other) is same
    assert same_name(other, one) is same


@pytest.mark.parametrize(
    ("heading_typed", "statement"),
    [
        ("Лондон Дж.", "Джек Лондон"),
        ("Лондон, Джек", "Дж. Лондон"),
        ("Иванов Вс.", "Всеволод Иванов"),
        ("Сент-Экзюпери А. де", "Антуан де Сент-Экзюпери"),
        ("Де Сент-Экзюпери А.", "А. де Сент-Экзюпери"),
        ("Экзюпери А.", "А. де Сент-Экзюпери"),
        ("Костер, Шарль де", "Ш. де Костер"),
        ("Дюма-отец А.", "А. Дюма"),
        ("Дюма, Александр (отец)", "Александр Дюма"),
        ("О'Генри", "О. Генри"),
        ("Шекспир В.", "Уильям Шекспир"),
        ("Тургенев И.С.", "Тургенев Иван Сергеевич"),
        ("Тургенев И.С.", "ТУРГЕНЕВ И С"),
        ("Гёте И. В.", "Иоганн Вольфганг Гёте"),
        ("Атанасян Л.С.", "Атанасян"),
        ("Толстой А.Н.", "акад. А. Н. Толстой"),
    ],
)
def test_an_author_is_the_same_in_the_heading_and_in_the_statement(heading_typed: str, statement: str) -> None:
    name = heading(heading_typed)
    authors, *_ = people((), statement)
    assert name is not None
    assert len(authors) == 1
    assert same_name(name, authors[0])


def test_who_wrote_a_book_and_edited_it_too_is_its_author() -> None:
    authors, _, compilers, _ = people((), "В. В. Пасечник, С. В. Суматохин ; под ред. В. В. Пасечника")
    assert [surname for surname, _ in authors] == ["пасечник", "суматохин"]
    assert compilers == (("пасечника", "вв"),)


def test_who_retold_a_book_is_no_author_and_tells_it_from_a_translation() -> None:
    retold, translated = "Д. Дефо ; [для детей пересказал Корней Чуковский]", "Д. Дефо ; пер. М. Шишмаревой"
    assert people((), retold)[:2] == ((("дефо", "д"),), (("чуковский", "к"),))
    cards = "=%s rusmarc\n200 1 $aРобинзон Крузо$f%s\n210   $aМосква$cДетская литература$d1985\n"
    found = features(cards % ("a", retold) + cards % ("b", translated))
    assert [KINDS[code].feature for code, _ in judge(found["a"], found["b"]).findings] == ["translator"]


@pytest.mark.parametrize(("number", "part"), [("Узел 2", 2), ("1-нче кисәк", 1), ("5 класс", 0)])
def test_a_part_has_its_number_whatever_the_word_beside_it(number: str, part: int) -> None:
    card = features(f"=a rusmarc\n200 1 $aКрасное колесо$h{number}\n210   $aМосква$d1993")["a"]
    assert card.parts == ((("", part, part),) if part else ())


@pytest.mark.parametrize(
    "statement",
    [
        "Российская академия наук",
        "Рос. акад. наук",
        "М-во путей сообщ. Рос. Федерации. Департамент электрификации",
        "Моск. гос. ун-т им. М. В. Ломоносова",
        "Сусанинская центральная библиотека",
        "Коллектив",
        "Учитель",
    ],
)
def test_a_body_is_nobody(statement: str) -> None:
    assert people((), statement)[0] == ()


@pytest.mark.parametrize(
    ("title", "authors"),
    [
        ("Контрольные работы : 6 класс : к учебнику Н. Я. Виленкина и др.", ("виленкина",)),
        ("Поурочные разработки по геометрии 7 кл. К УМК Атанасяна", ("атанасяна",)),
        ("Тесты. К учебнику М.И. Моро и др. \"Математика. 1 класс. В 2 ч.\"", ("моро",)),
        ("Рабочая тетрадь к учебнику «Алгебра» Ю.Н. Макарычева, Н.Г. Миндюк", ("макарычева", "миндюк")),
        ("Рабочая тетрадь к УМК «Школа России»", ()),
        ("Рабочая тетрадь к УМК Школа России", ()),
        ("Тесты к учебнику под ред. С. А. Теляковского", ()),
        ("Тетрадь к учебнику математики для 5 класса", ()),
    ],
)
def test_the_authors_of_the_textbook_a_companion_serves_are_read(title: str, authors: tuple[str, ...]) -> None:
    assert served(title) == authors


def test_forenames_in_full_are_read_to_the_last_of_the_team() -> None:
    both = (("ладыженская", "т"), ("баранов", "м"))
    for words in ("Таиса Ладыженская, Михаил Баранов и др.", "Таиса Ладыженская, Михаил Баранов [и др.]"):
        assert in_full(words) == both


HEADINGS = "700  1$aЛадыженская$bТ. А.\n701  1$a{}"


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("$fТ. А. Ладыженская, М. Т. Баранов [и др.]", f"\n{HEADINGS.format('Тростенцова$bЛ. А.')}", False),
        ("$fТ. А. Ладыженская, М. Т. Баранов [и др.]", "$fТ. А. Ладыженская, Л. А. Тростенцова [и др.]", False),
        ("$fТ. А. Ладыженская, М. Т. Баранов", "$fТ. А. Ладыженская, Л. А. Тростенцова [и др.]", True),
        ("$fТ. А. Ладыженская, М. Т. Баранов", f"\n{HEADINGS.format('Тростенцова$bЛ. А.')}", True),
        ("$fТ. А. Ладыженская, М. Т. Баранов", "$fТ. А. Ладыженская, Л. А. Тростенцова", True),
    ],
)
def test_a_team_is_another_where_one_description_names_all_of_it(one: str, other: str, apart: bool) -> None:
    rest = "210   $aМосква$cПросвещение$d2015\n215   $a335 с."
    cards = "\n".join(
        f"={name} rusmarc\n200 1 $aРусский язык$e5 класс : учебник{who.partition(chr(10))[0]}\n{rest}\n"
        f"{who.partition(chr(10))[2]}"
        for name, who in (("a", one), ("b", other))
    )
    found = features(cards)
    vetoed = any(KINDS[code].veto for code, _ in judge(found["a"], found["b"]).findings)
    assert vetoed is apart


def test_of_a_team_that_may_be_larger_people_are_told_so() -> None:
    found = features(
        f"=a rusmarc\n200 1 $aРусский язык$e5 класс\n{HEADINGS.format('Баранов$bМ. Т.')}\n"
        f"=b rusmarc\n200 1 $aРусский язык$e5 класс\n{HEADINGS.format('Тростенцова$bЛ. А.')}"
    )
    reasons = compare(RecordKey("t", "a"), found["a"], RecordKey("t", "b"), found["b"]).reasons
    assert any("(возможно, и другие)" in reason.left for reason in reasons if reason.feature == "author")


def test_a_house_with_a_hyphen_or_under_its_former_name_is_the_same() -> None:
    assert houses("Рипол-Классик") == houses("РИПОЛ классик")
    assert houses("БИНОМ. Лаборатория базовых знаний") == houses("Бином. Лаборатория знаний")


def test_an_unlisted_house_may_be_typed_with_a_hyphen() -> None:
    imprint = "=%s rusmarc\n200 1 $aТихий берег$fП. Н. Ильин\n210   $aМосква$c%s$d2015\n700  1$aИльин$bП. Н.\n"
    found = features(imprint % ("a", "Алый-парус") + imprint % ("b", "Алый парус") + imprint % ("c", "Белый парус"))
    assert not any(KINDS[code].veto for code, _ in judge(found["a"], found["b"]).findings)
    assert any(KINDS[code].veto for code, _ in judge(found["a"], found["c"]).findings)


LYRICS = "\n200 1 $aЛирика$eстихи{}\n210   $aМосква{}$d2008\n215   $a112 с."
SCHOOLS = 4


def grouped(*cards: str) -> dict[str, list[str]]:
    """Names of the cards by the first of their cluster."""
    found = features("\n".join(cards))
    clusterer = Clusterer()
    clusterer.update({RecordKey("t", name): value for name, value in found.items()})
    return {min(group).local_id: sorted(key.local_id for key in group) for group in clusterer.clusters()}


@pytest.mark.parametrize(
    ("odd", "said", "unsaid"),
    [
        (("$fФ. И. Тюев", "$cДрофа"), ("$fФ. И. Тютчев", "$cДрофа"), ("", "$cДрофа")),
        (("$fФ. И. Тютчев", "$cДрофа"), ("$fФ. И. Тютчев", "$cМахаон"), ("$fФ. И. Тютчев", "")),
    ],
)
def test_one_card_with_another_author_or_house_is_no_rival_of_many(
    odd: tuple[str, str], said: tuple[str, str], unsaid: tuple[str, str]
) -> None:
    cards = [f"=a{n} rusmarc{LYRICS.format(*said)}\n010   $a978-5-271-2{n}413-5" for n in range(1)]
    cards += [f"=b{n} rusmarc{LYRICS.format(*said)}" for n in range(SCHOOLS)]
    cards += [f"=q rusmarc{LYRICS.format(*unsaid)}", f"=z rusmarc{LYRICS.format(*odd)}"]
    together = next(group for group in grouped(*cards).values() if "b0" in group)
    assert "q" in together


def test_a_volume_meets_its_like_wherever_its_own_title_stands() -> None:
    inside, behind = features(
        "=a rusmarc\n200 1 $aЭнциклопедия для детей. Т. 2. Биология\n210   $d2008\n"
        "=b rusmarc\n200 1 $aЭнциклопедия для детей$hТ. 2$iБиология\n210   $d2008"
    ).values()
    assert keys(inside) & keys(behind)


def test_a_cut_subject_and_the_year_of_a_journal_meet_the_whole_title() -> None:
    assert title_key(("рус.", "яз.")) == title_key(("русский", "язык"))
    assert title_key(("юный", "натуралист", "г")) == title_key(("юный", "натуралист"))


def test_volumes_of_works_in_seven_and_in_eight_volumes_are_two() -> None:
    works = "=%s rusmarc\n200 1 $aСобрание сочинений$eв %d т.$hТ. 7$fН. В. Гоголь\n210   $aМосква$d1986\n"
    seven, eight = features(works % ("a", 7) + works % ("b", 8)).values()
    assert [KINDS[code].text for code, _ in judge(seven, eight).findings] == ["тома собраний с разным числом томов"]


def test_a_house_nobody_listed_may_be_mistyped() -> None:
    assert houses_meet(houses("Заозерье-Пресс"), houses("Заозрье-Пресс"))
    assert not houses_meet(houses("Каштан"), houses("Каштак"))


def test_a_name_read_back_from_latin_letters_is_the_name() -> None:
    assert same_name(("соцкий", "нн"), ("сотский", "нн"))
    assert same_name(("катц", "ее"), ("катц", "ээ"))
    assert not same_name(("катц", "ее"), ("катц", "ии"))
    assert likeness(("децкая", "литература"), ("детская", "литература")) == 0.95


def test_a_dash_that_a_code_page_lacks_is_a_dash() -> None:
    assert features("=a rusmarc\n200 1 $a7?9 классы. Геометрия\n210   $d2018")["a"].grade == (7, 9)


def test_an_isbn_that_is_neither_the_parts_nor_its_sets_is_of_another_book() -> None:
    card = "=%s rusmarc\n200 1 $aОкружающий мир$e1 класс$hЧ. 2\n210   $aМосква$cПросвещение$d2012\n%s\n"
    known = "010   $a978-5-09-794813-8$b(общ.)\n010   $a978-5-09-591631-3$b(ч. 2)"
    found = features(
        card % ("a", known) + card % ("b", "010   $a978-5-09-894038-4") + card % ("c", "010   $a978-5-09-794813-8")
    )
    assert found["a"].shared_isbns
    assert found["a"].isbns
    assert any(KINDS[code].feature == "isbn" for code, _ in judge(found["a"], found["b"]).findings if KINDS[code].veto)
    assert not any(KINDS[code].veto for code, _ in judge(found["a"], found["c"]).findings)


def test_a_textbook_that_confirms_nobody_and_nothing_of_another_is_left_to_a_librarian() -> None:
    poor = "=%s rusmarc\n200 1 $aОкружающий мир$e1 класс : учебник : в 2 ч.$hЧ. 1\n210   $a%s$d2012\n%s\n"
    found = features(
        poor % ("a", "Москва$cПросвещение", "700  1$aПлешаков$bА. А.")
        + poor % ("b", "Самара", "")
        + poor % ("c", "Самара$cПросвещение", "")
    )
    assert judge(found["a"], found["b"]).score < ATTACH <= judge(found["a"], found["c"]).score
