"""Who wrote a book, as different hands name the same people: names, teams, and houses."""

from __future__ import annotations

import pytest

from catalog_sync.matching.compare import compare, judge
from catalog_sync.matching.names import in_full, same_name
from catalog_sync.matching.publishers import houses
from catalog_sync.matching.verdict import KINDS
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
