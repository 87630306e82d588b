"""Librarians' words: kept, obeyed, undone, refused when they contradict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from catalog_sync import court, explaining, upkeep
from catalog_sync.errors import Refused
from catalog_sync.model import RecordKey
from catalog_sync.store import clusters, decisions, unions
from catalog_sync.store.database import reading
from tests.exports import book, shelf
from tests.pipeline.conftest import District

A, B, C = RecordKey("s1", "A"), RecordKey("s2", "B"), RecordKey("s3", "C")


def load_three(district: District, **more: str) -> None:
    for key in (A, B, C):
        district.source(key.source)
        district.load(key.source, [*shelf(15, prefix=key.source), book(key.local_id, isbn="978-5-08-005000-5", **more)])


def load_two_apart(district: District) -> None:
    """Two books that nothing but a librarian's word would join."""
    district.source("s1")
    district.source("s2")
    district.load("s1", [*shelf(15), book("A", "Сказки", year="2001")])
    district.load("s2", [*shelf(15), book("B", "Повести", year="1999")])


def decide(district: District, a: RecordKey, b: RecordKey, same: bool) -> int:
    return upkeep.decide(district.system, a, b, same=same, who="библиотекарь", why="сверено с книгой")


def test_different_splits_what_matching_joined_and_undo_joins_it_again(district: District) -> None:
    load_three(district)
    before = district.clusters()
    assert district.together("s1:A", "s2:B", "s3:C")
    number = decide(district, A, B, same=False)
    assert not district.together("s1:A", "s2:B")
    assert upkeep.check(district.system) == []
    upkeep.undo(district.system, number, who="библиотекарь")
    assert district.clusters() == before
    assert upkeep.check(district.system) == []


def test_same_joins_what_matching_kept_apart_and_survives_harvest_change_and_rebuild(district: District) -> None:
    load_two_apart(district)
    assert not district.together("s1:A", "s2:B")
    decide(district, A, B, same=True)
    assert district.together("s1:A", "s2:B")
    district.load("s2", [*shelf(15), book("B", "Повести Белкина", year="1998")])
    assert district.together("s1:A", "s2:B")
    digest = district.digest()
    assert upkeep.rebuild(district.system) == digest
    assert district.together("s1:A", "s2:B")


def test_a_record_that_went_and_came_back_still_obeys(district: District) -> None:
    load_three(district)
    decide(district, A, B, same=False)
    district.load("s2", shelf(15, prefix="s2"))
    district.load("s2", [*shelf(15, prefix="s2"), book("B", isbn="978-5-08-005000-5")])
    assert not district.together("s1:A", "s2:B")


def test_a_contradiction_is_refused_with_its_chain(district: District) -> None:
    load_three(district)
    decide(district, A, B, same=True)
    decide(district, B, C, same=True)
    with pytest.raises(Refused, match=r"№ 1.*№ 2"):
        decide(district, A, C, same=False)
    upkeep.undo(district.system, 2, who="библиотекарь")
    decide(district, A, C, same=False)
    with pytest.raises(Refused, match=r"№ 1.*№ 3|№ 3.*№ 1"):
        decide(district, B, C, same=True)


def test_an_undone_decision_cannot_be_undone_twice(district: District) -> None:
    load_three(district)
    number = decide(district, A, B, same=False)
    upkeep.undo(district.system, number, who="м")
    with pytest.raises(Refused, match="уже отменено"):
        upkeep.undo(district.system, number, who="м")


def test_old_links_redirect_after_a_merge_and_the_history_says_why(district: District) -> None:
    load_two_apart(district)
    old = district.clusters()
    decide(district, A, B, same=True)
    new = district.clusters()["s1:A"]
    lost = ({old["s1:A"], old["s2:B"]} - {new}).pop()
    with reading(district.system.engine) as connection:
        assert unions.redirect(connection, lost) == new
        events = [event.sentence() for event in clusters.history(connection, lost)]
    assert events[-1] == f"присоединён к {new}, решение № 1"


def test_an_undone_merge_gives_every_old_link_back(district: District) -> None:
    load_two_apart(district)
    before = district.clusters()
    number = decide(district, A, B, same=True)
    lost = ({before["s1:A"], before["s2:B"]} - {district.clusters()["s1:A"]}).pop()
    district.load("s2", [*shelf(15), book("B", "Повести Белкина", year="1999")])
    upkeep.undo(district.system, number, who="м")
    assert district.clusters() == before
    with reading(district.system.engine) as connection:
        assert unions.redirect(connection, lost) == lost
        told = [event.sentence() for event in clusters.history(connection, lost)]
    assert told[-2] == "восстановлен, отмена решения № 1"


def test_unsure_pairs_wait_for_a_librarian_most_copies_first(district: District) -> None:
    district.source("s1")
    district.source("s2")
    works = [("Рассказы о животных", 1), ("Повести о войне", 9), ("Пьесы в стихах", 4)]
    for code, years in (("s1", ("2010", "2012")), ("s2", ("",))):  # without a year it may be either printing
        records = [book(f"{n}-{year}", title, year=year, copies=copies, pages="")
                   for n, (title, copies) in enumerate(works) for year in years]  # fmt: skip
        district.load(code, [*shelf(15, prefix=code), *records])
    with reading(district.system.engine) as connection:
        cases = court.queue(connection)
        assert court.queue_length(connection) == len(cases)
    copies = [case.copies for case in cases]
    assert copies == [18, 18, 8, 8, 2, 2]
    for case in cases:
        assert case.comparison.reasons, "a case without evidence helps nobody"
    first = cases[0].comparison
    decide(district, first.left, first.right, same=False)
    with reading(district.system.engine) as connection:
        assert court.queue_length(connection) == len(cases) - 1


def test_a_case_on_the_terminal_has_both_sides_beside_each_other_with_points_and_reasons(district: District) -> None:
    load_two_apart(district)
    with reading(district.system.engine) as connection:
        case = court.case(connection, A, B)
    assert case is not None
    told = court.as_text(case).splitlines()
    assert [line.split(":")[0].strip() for line in told if line.startswith("  с")] == ["слева", "справа"]
    [line] = [line for line in told if "разные годы издания" in line]
    assert line.split() == ["2001", "1999", "запрет", "разные", "годы", "издания"]


def test_the_same_word_twice_is_refused_for_undoing_one_would_leave_the_other(district: District) -> None:
    load_two_apart(district)
    before = district.clusters()
    decide(district, A, B, same=True)
    for again in (decide, whole):
        with pytest.raises(Refused, match="это уже сказано: решение № 1"):
            again(district, B, A, same=True)
    upkeep.undo(district.system, 1, who="библиотекарь")
    assert district.clusters() == before
    decide(district, A, B, same=True)
    assert district.together("s1:A", "s2:B")


def test_a_refusal_names_the_day_of_the_district_not_of_greenwich(district: District) -> None:
    load_two_apart(district)
    late = replace(district.system, now=lambda: datetime(2026, 9, 30, 22, tzinfo=UTC))
    upkeep.decide(late, A, B, same=True, who="м", why="сверено")
    with pytest.raises(Refused, match=r"\(м, 01\.10\.2026\)"):
        decide(district, A, B, same=False)


def whole(district: District, a: RecordKey, b: RecordKey, same: bool) -> int:
    return upkeep.decide(district.system, a, b, same=same, who="библиотекарь", why="сверено с книгой", whole=True)


def test_a_record_taken_out_of_an_edition_leaves_the_others_together(district: District) -> None:
    load_three(district)
    before = district.clusters()
    number = whole(district, A, B, same=False)
    assert district.together("s1:A", "s3:C")
    assert not district.together("s1:A", "s2:B")
    assert upkeep.check(district.system) == []
    upkeep.undo(district.system, number, who="библиотекарь")
    assert district.clusters() == before


def test_two_editions_said_to_be_one_are_joined_with_all_their_records_and_one_undo_parts_them(
    district: District,
) -> None:
    load_three(district, year="2015")
    for source, local_id in (("s4", "D"), ("s5", "E")):
        district.source(source)
        district.load(source, [*shelf(15, prefix=source), book(local_id, isbn="978-5-08-005001-2", year="2020")])
    assert district.together("s4:D", "s5:E")
    assert not district.together("s1:A", "s4:D")
    before = district.clusters()
    number = whole(district, A, RecordKey("s4", "D"), same=True)
    assert district.together("s1:A", "s2:B", "s3:C", "s4:D", "s5:E")
    assert upkeep.check(district.system) == []
    with reading(district.system.engine) as connection:
        assert [d.number for d in decisions.history(connection)] == [number]
        follower = next(d for d in decisions.standing(connection) if d.part_of == number)
    with pytest.raises(Refused, match=f"следует из решения № {number}"):
        upkeep.undo(district.system, follower.number, who="библиотекарь")
    upkeep.undo(district.system, number, who="библиотекарь")
    assert district.clusters() == before
    with reading(district.system.engine) as connection:
        assert decisions.standing(connection) == []


def test_a_word_about_whole_editions_that_contradicts_an_earlier_one_changes_nothing(district: District) -> None:
    load_three(district)
    decide(district, B, C, same=True)
    before = district.clusters()
    with pytest.raises(Refused, match="противоречит"):
        whole(district, A, B, same=False)
    assert district.clusters() == before
    with reading(district.system.engine) as connection:
        assert len(decisions.standing(connection)) == 1


@pytest.mark.parametrize(("first", "second"), [("s1:A", "s2:B"), ("s2:B", "s1:A")])
def test_an_undone_merge_of_two_editions_of_one_size_gives_each_its_own_link_back(
    district: District, first: str, second: str
) -> None:
    for key, title, year in ((first, "Сказки", "2001"), (second, "Повести", "1999")):
        source, _, local_id = key.partition(":")
        district.source(source)
        district.load(source, [*shelf(15, prefix=source), book(local_id, title, year=year)])
    before = district.clusters()
    number = whole(district, A, B, same=True)
    assert district.together("s1:A", "s2:B")
    upkeep.undo(district.system, number, who="библиотекарь")
    assert district.clusters() == before


def test_editions_that_contradict_each_other_in_other_records_are_asked_about_last_and_it_is_said_why(
    district: District,
) -> None:
    """A sketch in the edition of class 6 resembles one in that of class 7; many copies, and no word would move them."""
    title, isbn = "Загадки и опыты", "9785080050008"
    ours = [
        book("6", title, subtitle="6 класс", isbn=isbn, copies=30),
        book("6s", title, isbn=isbn, year="", pages="", copies=30),
    ]
    theirs = [
        book("7", title, subtitle="7 класс", year="2020", pages="140", copies=30),
        book("7s", title, year="2020", pages="140", copies=30),
    ]
    doubt = [book(year or "none", "Повести о войне", year=year, pages="") for year in ("2010", "2012", "")]
    for source, records in (("s1", ours), ("s2", theirs), ("s3", doubt)):
        district.source(source)
        district.load(source, [*shelf(15, prefix=source), *records])
    assert district.together("s1:6", "s1:6s")
    assert district.together("s2:7", "s2:7s")
    with reading(district.system.engine) as connection:
        cases = court.queue(connection)
        assert [court.queue(connection, limit=1, offset=n)[0] for n in range(len(cases))] == cases
    assert [(case.copies, bool(case.against)) for case in cases] == [(2, False), (2, False), (120, True)]
    assert court.as_text(cases[-1]).endswith("в тех же изданиях: разные классы — s1:6 и s2:7")
    assert court.as_dict(cases[0])["against"] == ""


def test_every_question_says_why_it_is_asked_and_what_else_the_card_fits(district: District) -> None:
    cards = [
        book("one", "Басни о животных", isbn="9785170800018", pages="128"),
        book("other", "Басни о животных", isbn="9785170807772", pages="125"),
        book("torn", "Басни о животных", pages=""),
        book("thick", "Сказки о рыбаках", pages="160"),
        book("thin", "Сказки о рыбаках", pages="120"),
        book("dated", "Повести о войне", pages=""),
        book("undated", "Повести о войне", year="", pages=""),
    ]
    district.source("s1")
    district.load("s1", [*shelf(15), *cards])
    with reading(district.system.engine) as connection:
        cases = court.queue(connection)
    asked = {frozenset((c.left.key.local_id, c.right.key.local_id)): c for c in cases}
    torn = asked[frozenset(("one", "torn"))]
    assert (torn.asked, [side.key.local_id for side in torn.rivals]) == ("rivals", ["other"])
    differing = asked[frozenset(("thick", "thin"))]
    assert (differing.asked, [r.feature for r in differing.missing], differing.rivals) == ("differs", ["pages"], ())
    assert court.as_dict(differing)["asked"].endswith("говорят разное: число страниц сильно различается.")
    silent = asked[frozenset(("dated", "undated"))]
    assert (silent.asked, [r.feature for r in silent.missing]) == ("silent", ["year"])
    assert "подходит и: s1:other" in court.as_text(torn)


def test_a_card_without_pages_does_not_join_two_whose_extents_differ_and_explain_names_them(district: District) -> None:
    isbn = "9785080050008"
    cards = [
        book("thick", "Сказки о рыбаках", pages="160", isbn=isbn),
        book("thick2", "Сказки о рыбаках", pages="160", isbn=isbn),
        book("sketch", "Сказки о рыбаках", pages="", isbn=isbn),
        book("thin", "Сказки о рыбаках", pages="120"),
    ]
    district.source("s1")
    district.load("s1", [*shelf(15), *cards])
    assert district.together("s1:thick", "s1:thick2", "s1:sketch")
    assert not district.together("s1:thick", "s1:thin")
    with reading(district.system.engine) as connection:
        told = "\n".join(explaining.lines(connection, RecordKey("s1", "thin")))
    assert "объединить мешает пара s1:thick и s1:thin — число страниц сильно различается" in told


def test_a_word_about_an_edition_and_a_record_that_went_meanwhile_is_about_the_two(district: District) -> None:
    load_two_apart(district)
    district.load("s2", shelf(15))
    whole(district, A, B, same=True)
    assert "s2:B" not in district.clusters()
    district.load("s2", [*shelf(15), book("B", "Повести", year="1999")])
    assert district.together("s1:A", "s2:B")
    assert upkeep.check(district.system) == []
